"""Conversation items: made by clients, asked for, cut, taken away."""

from base64 import b64decode, b64encode
from typing import Any

import pytest

from relay.engine.items import MAX_BYTES, MAX_ITEMS, Conversation, Item
from relay.stand_ins.mock.voice import clips
from tests.stand_ins.mock.talk import Talk, audio_of, silence, tone, trace

ADDED = ["conversation.item.added", "conversation.item.done"]
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def message(*parts: dict[str, Any], role: str = "user", **fields: Any) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": list(parts), **fields}


def order(talk: Talk) -> list[str]:
    """The ids of the conversation, in its order."""
    return [item.id for item in talk.session.conversation]


def say_all(talk: Talk) -> str:
    """Have the story told to its end; the id of its item."""
    talk.ask("Tell me a story.")
    return order(talk)[-1]


@pytest.mark.parametrize(
    "item",
    [
        message({"type": "input_text", "text": "Hello"}),
        message({"type": "input_text", "text": "Look:"}, {"type": "input_image", "image_url": PIXEL, "detail": "low"}),
        message({"type": "input_text", "text": "Be kind."}, role="system"),
        message({"type": "output_text", "text": "I am."}, role="assistant"),
        {"type": "function_call", "name": "look_up", "arguments": "{}", "call_id": "call_1"},
    ],
    ids=["text", "image", "system", "assistant", "call"],
)
def test_items_are_taken_and_told(item: dict[str, Any]) -> None:
    """A client's item is added and done at once, completed, with an id and all that it was given."""
    came = Talk().send("conversation.item.create", item=item)
    assert trace(came) == ADDED
    for event in came:
        assert event["item"].items() >= item.items()
        assert event["item"]["status"] == "completed"
        assert event["item"]["id"].startswith("item_")


def test_audio_is_kept_and_not_repeated() -> None:
    """An item's audio is left out of added and done; retrieve returns it, in the session's format."""
    talk = Talk()
    pcm = tone(300)
    part = {"type": "input_audio", "audio": b64encode(pcm).decode()}
    added, done = talk.send("conversation.item.create", item=message(part, id="item_mine"))
    assert added["item"]["content"] == done["item"]["content"] == [{"type": "input_audio", "transcript": None}]
    (retrieved,) = talk.send("conversation.item.retrieve", item_id="item_mine")
    assert b64decode(retrieved["item"]["content"][0]["audio"]) == pcm


def test_what_was_heard_and_what_was_said_can_be_retrieved() -> None:
    """Both sides of a spoken turn come back whole: what the detector took, and the answer."""
    talk = Talk()
    pcm = silence(500) + tone(1500) + silence(400)
    talk.speak(pcm)
    came = talk.finish()
    heard, said = (talk.send("conversation.item.retrieve", item_id=item_id)[0]["item"] for item_id in order(talk))
    assert b64decode(heard["content"][0]["audio"]) == pcm[200 * 48 : 2200 * 48]
    assert b64decode(said["content"][0]["audio"]) == audio_of(came) == clips()["answer-1"].pcm


def test_items_go_where_they_are_put() -> None:
    """previous_item_id says behind which item; root is the beginning, nothing the end."""
    talk = Talk()
    for item_id, previous_id in (("b", None), ("d", "b"), ("a", "root"), ("c", "b")):
        text = {"type": "input_text", "text": item_id}
        added, _ = talk.send("conversation.item.create", item=message(text, id=item_id), previous_item_id=previous_id)
        assert added["previous_item_id"] == {"a": None, "b": None}.get(item_id, "b")
    assert order(talk) == ["a", "b", "c", "d"]


def test_a_deleted_item_is_gone() -> None:
    """delete is confirmed; the item can be neither deleted nor retrieved again."""
    talk = Talk()
    talk.write("Hello", id="item_mine")
    assert trace(talk.send("conversation.item.delete", item_id="item_mine")) == ["conversation.item.deleted"]
    assert order(talk) == []
    assert talk.refusal("conversation.item.delete", item_id="item_mine")["code"] == "item_delete_invalid_item_id"
    assert talk.refusal("conversation.item.retrieve", item_id="item_mine")["code"] == "item_retrieve_invalid_item_id"


def test_truncating_leaves_what_was_heard() -> None:
    """truncate cuts the audio to the millisecond, and takes the transcript away."""
    talk = Talk()
    item_id = say_all(talk)
    place = {"item_id": item_id, "content_index": 0, "audio_end_ms": 1234}
    (truncated,) = talk.send("conversation.item.truncate", **place)
    assert truncated.items() >= place.items()
    (retrieved,) = talk.send("conversation.item.retrieve", item_id=item_id)
    (content,) = retrieved["item"]["content"]
    assert b64decode(content["audio"]) == clips()["story"].pcm[: 1234 * 48]
    assert content["transcript"] is None


def test_only_what_was_said_can_be_truncated() -> None:
    """Beyond the end, a user's message, or an answer without a sound yet: each is refused in the API's words."""
    talk = Talk()
    talk.write("Tell me a story.", id="item_mine")
    talk.send("response.create")
    (opened, *_) = talk.wait(0.3)
    spoken_ms = len(audio_of(talk.events)) // 48
    place = {"item_id": opened["item"]["id"], "content_index": 0, "audio_end_ms": spoken_ms + 1}
    error = talk.refusal("conversation.item.truncate", **place)
    assert error["code"] == "invalid_value"
    assert error["message"] == f"Audio content of {spoken_ms}ms is already shorter than {spoken_ms + 1}ms"
    for wrong in ({"item_id": "item_mine"}, {"content_index": 1}):
        error = talk.refusal("conversation.item.truncate", **{**place, **wrong})
        assert error["code"] == "unsupported_content_type"
    missing = {**place, "item_id": "item_missing"}
    assert talk.refusal("conversation.item.truncate", **missing)["code"] == "item_truncate_invalid_item_id"


def test_an_answer_may_be_truncated_while_it_is_spoken() -> None:
    """What is said after the cut is kept behind it, and the transcript is that of the rest."""
    talk = Talk()
    talk.write("Tell me a story.")
    talk.send("response.create")
    (opened, *_) = talk.wait(0.5)
    item_id = opened["item"]["id"]
    talk.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=0)
    assert "response.done" in trace(talk.finish())
    (item,) = (item for item in talk.session.conversation if item.id == item_id)
    assert 0 < len(item.pcm[0]) < len(clips()["story"].pcm)
    assert clips()["story"].words.endswith(item.words)


def test_ids_are_taken_once() -> None:
    """A second item with the same id is refused, and so is one behind an item that does not exist."""
    talk = Talk()
    talk.write("Hello", id="item_mine")
    item = message({"type": "input_text", "text": "Again"}, id="item_mine")
    assert talk.refusal("conversation.item.create", item=item)["param"] == "item.id"
    del item["id"]
    error = talk.refusal("conversation.item.create", item=item, previous_item_id="item_missing")
    assert error["param"] == "previous_item_id"


def test_an_output_needs_its_call() -> None:
    """A function_call_output for a call that nobody made is refused."""
    item = {"type": "function_call_output", "call_id": "call_missing", "output": "42"}
    assert Talk().refusal("conversation.item.create", item=item)["code"] == "invalid_tool_call_id"


def test_a_conversation_forgets_its_oldest_items() -> None:
    """Beyond 1000 items, or 64 MiB, a conversation lets the oldest go, and keeps the newest however large."""
    conversation = Conversation()
    for number in range(MAX_ITEMS + 2):
        conversation.append(Item.make("message", item_id=str(number), role="user", content=[]))
    assert [item.id for item in conversation] == [str(number) for number in range(2, MAX_ITEMS + 2)]
    large = Item.make("message", item_id="large", role="user", content=[{"type": "input_audio", "transcript": None}])
    large.pcm[0] = bytearray(MAX_BYTES + 1)
    conversation.append(large)
    assert [item.id for item in conversation] == ["large"]


def test_what_was_heard_of_an_answer() -> None:
    """What is left of a truncated answer's words are those of the chunks that were heard, and a part of the one cut."""
    item = Item.make("message", role="assistant", content=[{"type": "output_audio", "transcript": ""}])
    assert item.heard_words == ""
    item.add_speech("One two. ", silence(200))
    item.add_speech("Three four ", silence(100))
    item.add_speech("", silence(100))
    assert item.heard_words == "One two. Three four "
    item.truncate(0, 300)
    assert item.heard_words == "One two. Three "
    item.truncate(0, 200)
    assert item.heard_words == "One two. "
    item.truncate(0, 0)
    assert item.heard_words == ""
