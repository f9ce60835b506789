"""Responses: their order, their ends, what they cost."""

from typing import Any

import orjson
import pytest

from relay.stand_ins.mock import Pace
from relay.stand_ins.mock.voice import clips
from tests.stand_ins.mock.talk import (
    OPENED,
    SPOKEN_ANSWER,
    SPOKEN_END,
    SPOKEN_TURN,
    UNIX_NOW,
    Talk,
    audio_of,
    silence,
    text_of,
    tone,
    trace,
)

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
CALL = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "…",
    "response.function_call_arguments.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
    "rate_limits.updated",
]
WRITTEN_ANSWER = [
    *OPENED, "…", "response.output_text.done", "response.content_part.done", "conversation.item.done",
    "response.output_item.done", "response.done", "rate_limits.updated",
]  # fmt: skip


def response_of(came: list[dict[str, Any]]) -> dict[str, Any]:
    """The response object of the one `response.done` among these events."""
    (done,) = (event for event in came if event["type"] == "response.done")
    response: dict[str, Any] = done["response"]
    return response


def test_a_session_is_told_first_and_with_the_defaults_of_the_api() -> None:
    """session.created comes before anything is asked, and expires in an hour."""
    (created,) = Talk().events
    session = created["session"]
    assert session["expires_at"] == UNIX_NOW + 3600
    assert session["id"].startswith("sess_")
    assert session["audio"]["input"]["turn_detection"] == {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 200,
        "idle_timeout_ms": None,
        "create_response": True,
        "interrupt_response": True,
    }


def test_a_written_question_is_answered_aloud() -> None:
    """Text in, speech out: the modality of the answer is the session's."""
    assert trace(Talk().ask("What is this?")) == SPOKEN_ANSWER


def test_a_response_may_be_text() -> None:
    """output_modalities of one response makes that one written."""
    talk = Talk()
    came = talk.ask("What is this?", output_modalities=["text"])
    assert trace(came) == WRITTEN_ANSWER
    words = clips()["answer-1"].words
    assert text_of(came, "response.output_text.delta") == words
    response = response_of(came)
    assert response["output_modalities"] == ["text"]
    assert response["output"][0]["content"] == [{"type": "output_text", "text": words}]
    assert trace(talk.ask("And now?")) == SPOKEN_ANSWER


def test_every_event_has_an_id_of_its_own() -> None:
    """event_id starts with event_, and no two are alike."""
    talk = Talk()
    talk.ask("Tell me a story.")
    ids = [event["event_id"] for event in talk.events]
    assert len(set(ids)) == len(ids)
    assert all(event_id.startswith("event_") for event_id in ids)


def test_the_items_of_a_conversation_follow_each_other() -> None:
    """previous_item_id names the item before, in added and in done, for what was written and what was answered."""
    talk = Talk()
    talk.ask("First.")
    talk.ask("Second.")
    added = [event for event in talk.events if event["type"] == "conversation.item.added"]
    ids = [event["item"]["id"] for event in added]
    assert [event["previous_item_id"] for event in added] == [None, *ids[:-1]]
    done = [event for event in talk.events if event["type"] == "conversation.item.done"]
    assert [event["previous_item_id"] for event in done] == [None, *ids[:-1]]


def test_an_answer_is_complete_when_it_is_done() -> None:
    """In progress there is no output and no usage; when done there is the item, completed, and the usage."""
    came = Talk().ask("What is this?")
    created = came[0]["response"]
    assert (created["status"], created["output"], created["usage"]) == ("in_progress", [], None)
    done = response_of(came)
    assert (done["status"], done["status_details"]) == ("completed", None)
    assert done["output"][0]["status"] == "completed"
    assert done["conversation_id"].startswith("conv_")


def test_usage_counts_what_was_read_and_what_was_said() -> None:
    """User audio is a token for 100 ms, the model's for 50 ms; text about one for four characters."""
    talk = Talk()
    talk.update(instructions="Be brief.")
    talk.speak(tone(1500) + silence(400))
    usage = response_of(talk.finish())["usage"]
    answer = clips()["answer-1"]
    audio_tokens = -(-len(answer.pcm) // (50 * 48))
    text_tokens = -(-len(answer.words) // 4)
    assert usage["input_token_details"] == {
        "text_tokens": 3,
        "audio_tokens": 17,
        "image_tokens": 0,
        "cached_tokens": 0,
        "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0},
    }
    assert usage["output_token_details"] == {"text_tokens": text_tokens, "audio_tokens": audio_tokens}
    assert usage["input_tokens"] == 20
    assert usage["output_tokens"] == text_tokens + audio_tokens
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def test_what_was_read_before_is_cached() -> None:
    """The second response reads the whole conversation again, and pays the cached price for the old part of it."""
    talk = Talk()
    first = response_of(talk.ask("A question."))["usage"]
    second = response_of(talk.ask("Another question."))["usage"]
    assert second["input_token_details"]["cached_tokens"] == first["input_tokens"]
    assert second["input_tokens"] == first["input_tokens"] + first["output_tokens"] + 5


def test_rate_limits_follow_a_response() -> None:
    """rate_limits.updated comes a moment after response.done, with the tokens that are left."""
    (limits,) = Talk().ask("What is this?")[-1]["rate_limits"]
    assert limits["name"] == "tokens"
    assert limits["remaining"] < limits["limit"]


@pytest.mark.parametrize("modality", ["audio", "text"])
def test_a_response_stops_at_its_limit(modality: str) -> None:
    """With max_output_tokens an answer that needs more is incomplete, and costs no more than that."""
    came = Talk().ask("Tell me a story.", max_output_tokens=20, output_modalities=[modality])
    response = response_of(came)
    assert response["status"] == "incomplete"
    assert response["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
    assert response["output"][0]["status"] == "incomplete"
    assert 0 < response["usage"]["output_tokens"] <= 20


def test_a_client_may_cancel() -> None:
    """response.cancel closes what was opened, says who cancelled, and lets the next response begin."""
    talk = Talk()
    talk.write("Tell me a story.")
    talk.send("response.create")
    talk.wait(0.5)
    came = talk.send("response.cancel") + talk.finish()
    assert [kind for kind in trace(came) if kind != "…"] == [*SPOKEN_END, "rate_limits.updated"]
    assert response_of(came)["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
    assert trace(talk.send("response.create") + talk.finish()) == SPOKEN_ANSWER


def test_an_answer_may_be_held() -> None:
    """Where a pace says so, a long answer does not end before somebody ends it; a short one is said as ever."""
    talk = Talk(pace=Pace(holds_after_s=5.0))
    assert trace(talk.ask("Hello.")) == SPOKEN_ANSWER
    story = talk.ask("Tell me a story.")
    assert trace(story) == [*OPENED, "…"]
    assert audio_of(story) == clips()["story"].pcm[: 5000 * 48]
    assert trace(talk.send("response.cancel")) == SPOKEN_END


def test_a_call_may_be_cancelled_too() -> None:
    """A function call that was cut short is an incomplete item with the arguments so far."""
    talk = Talk(pace=Pace(token_s=1.0))
    talk.update(tools=[WEATHER])
    talk.write("How is the weather?")
    talk.send("response.create")
    talk.wait(0.5)
    came = talk.send("response.cancel")
    assert trace(came) == CALL[4:-1]
    (item,) = response_of(came)["output"]
    assert item["status"] == "incomplete"
    assert item["arguments"] == '{"city":'


@pytest.mark.parametrize("given", [{"instructions": None}, {}])
def test_instructions_of_null(given) -> None:
    """Instructions of null in response.create are taken, and those of the session hold, as without any."""
    talk = Talk()
    talk.update(instructions="Give long answers.")
    talk.write("Why?")
    came = talk.send("response.create", response={"output_modalities": ["text"], **given}) + talk.finish()
    assert text_of(came, "response.output_text.delta") == clips()["story"].words


def test_one_response_at_a_time() -> None:
    """A second response in the conversation is refused while the first is in progress."""
    talk = Talk()
    (created,) = talk.send("response.create")
    error = talk.refusal("response.create")
    assert error["code"] == "conversation_already_has_active_response"
    assert created["response"]["id"] in error["message"]


def test_a_response_may_follow_the_moment_the_last_is_done() -> None:
    """Who reads response.done may ask for the next one at once."""
    talk = Talk(pace=Pace.instant())
    talk.write("One.")
    talk.session.receive('{"type": "response.create"}', talk.now)
    while (event := talk.session.next_event(talk.now)) and event["type"] != "response.done":
        pass
    assert "response.done" in trace(talk.send("response.create"))
    assert "error" not in trace(talk.events)


def test_out_of_band_responses_run_beside_the_conversation() -> None:
    """conversation "none" adds no items, may be asked for at any time, and returns its metadata."""
    talk = Talk()
    talk.write("Tell me a story.")
    talk.send("response.create")
    text = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Which mood?"}]}
    talk.send(
        "response.create",
        response={
            "conversation": "none",
            "input": [text],
            "output_modalities": ["text"],
            "metadata": {"topic": "mood"},
        },
    )
    came = talk.finish()
    done = [event["response"] for event in came if event["type"] == "response.done"]
    assert [response["metadata"] for response in done] == [{"topic": "mood"}, None]
    assert done[0]["conversation_id"] is None
    own = [event for event in came if event.get("response_id") == done[0]["id"]]
    assert "response.output_text.delta" in {event["type"] for event in own}
    items = {event["item"]["id"] for event in talk.events if event["type"] == "conversation.item.added"}
    assert done[0]["output"][0]["id"] not in items


def test_an_out_of_band_response_can_be_cancelled_by_its_id() -> None:
    """response.cancel with an id ends that response, and leaves the conversation's own alone."""
    talk = Talk()
    talk.write("Tell me a story.")
    talk.send("response.create")
    (created,) = talk.send("response.create", response={"conversation": "none"})
    (done,) = talk.send("response.cancel", response_id=created["response"]["id"])
    assert done["response"]["status"] == "cancelled"
    assert response_of(talk.finish())["status"] == "completed"


def test_too_many_responses_are_refused() -> None:
    """Sixteen may be in progress at once."""
    talk = Talk()
    for _ in range(16):
        talk.send("response.create", response={"conversation": "none"})
    error = talk.refusal("response.create", response={"conversation": "none"})
    assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limit_exceeded")


def test_a_turn_is_not_answered_while_too_many_are() -> None:
    """A spoken turn that cannot be answered for that reason is committed, and says why."""
    talk = Talk(pace=Pace(latency_s=100))
    for _ in range(16):
        talk.send("response.create", response={"conversation": "none"})
    came = talk.speak(tone(300) + silence(300))
    assert trace(came) == [*SPOKEN_TURN, "error"]
    assert came[-1]["error"]["code"] == "rate_limit_exceeded"


def test_an_item_of_the_conversation_may_be_referred_to() -> None:
    """item_reference reuses an item; one that does not exist is refused."""
    talk = Talk()
    (added, _) = talk.write("Tell me a story.")
    reference = {"type": "item_reference", "id": added["item"]["id"]}
    came = talk.send("response.create", response={"input": [reference]}) + talk.finish()
    assert audio_of(came) == clips()["story"].pcm
    missing = {"input": [{"type": "item_reference", "id": "item_missing"}]}
    assert talk.refusal("response.create", response=missing)["code"] == "item_reference_invalid_item_id"


def test_a_function_is_called_and_its_output_reported() -> None:
    """The round of a tool: asked for by keyword, called with plausible arguments, answered, and told."""
    talk = Talk()
    talk.update(tools=[WEATHER])
    came = talk.ask("What is the weather in Lisbon?")
    assert trace(came) == CALL
    (call,) = response_of(came)["output"]
    assert call["name"] == "get_weather"
    assert orjson.loads(call["arguments"]) == {"city": "Lisbon"}
    assert text_of(came, "response.function_call_arguments.delta") == call["arguments"]
    done = next(event for event in came if event["type"] == "response.function_call_arguments.done")
    assert (done["call_id"], done["name"], done["arguments"]) == (call["call_id"], "get_weather", call["arguments"])

    output = {"type": "function_call_output", "call_id": call["call_id"], "output": '{"celsius": 21}'}
    assert trace(talk.send("conversation.item.create", item=output)) == [
        "conversation.item.added",
        "conversation.item.done",
    ]
    came = talk.send("response.create") + talk.finish()
    assert trace(came) == SPOKEN_ANSWER
    assert '{"celsius": 21}' in text_of(came, "response.output_audio_transcript.delta")
    assert audio_of(came) == clips()["tool"].pcm


def test_a_tool_choice_is_respected() -> None:
    """none never calls, required always does, and a named function is the one that is called."""
    other = {"type": "function", "name": "look_up", "parameters": {}}
    talk = Talk()
    talk.update(tools=[WEATHER, other])
    assert trace(talk.ask("How is the weather?", tool_choice="none")) == SPOKEN_ANSWER
    assert trace(talk.ask("Hello.", tool_choice="required")) == CALL
    came = talk.ask("Hello.", tool_choice={"type": "function", "name": "look_up"})
    assert response_of(came)["output"][0]["name"] == "look_up"


def test_an_answer_may_be_held_back_by_its_reader() -> None:
    """Nothing is produced before it is asked for: a reader who is slow makes no queue."""
    talk = Talk(pace=Pace.instant())
    talk.write("Tell me a story.")
    talk.session.receive('{"type": "response.create"}', talk.now)
    for _ in range(10):
        talk.session.next_event(talk.now)
        assert talk.session.backlog == 0
