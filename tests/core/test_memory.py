"""What a conversation leaves behind, event by event."""

import json
import tracemalloc
from typing import Any

import pytest

from relay.core.causes import Cause
from relay.core.closing import ended
from relay.core.memory import MOST_BYTES, MOST_ITEM_CHARS, MOST_UPDATES, Memory, merged_session
from relay.core.remembered import Remembered
from tests.fakes.legs import Joined

SPEECH = [{"type": "input_audio", "transcript": None}]


def message(item_id: str, role: str, content: object = SPEECH) -> dict[str, object]:
    return {"id": item_id, "type": "message", "role": role, "content": content}


def written(text: str, kind: str = "input_text") -> list[dict[str, str]]:
    return [{"type": kind, "text": text}]


def spoken(transcript: str | None) -> list[dict[str, str | None]]:
    return [{"type": "output_audio", "transcript": transcript}]


class Talk:
    """A session with a memory, and short words for what passes."""

    def __init__(self, session: dict[str, object] | None = None, **given: Any) -> None:
        self.settled: list[tuple[str, str | None, int]] = []
        self.memory = Memory(
            session or {}, on_settled=lambda item, number: self.settled.append((item.id, item.text, number)), **given
        )
        self.joined = Joined(self.memory).opened()

    def up(self, kind: str, **fields: object) -> None:
        self.joined.peer_says(json.dumps({"type": kind, **fields}))

    def down(self, kind: str, **fields: object) -> None:
        self.joined.upstream_says(json.dumps({"type": kind, **fields}))

    def item(self, item: object, previous: str | None = None, *, done: bool = True) -> None:
        self.down("conversation.item.added", item=item, previous_item_id=previous)
        if done:
            self.down("conversation.item.done", item=item, previous_item_id=previous)

    def answers(self, item_id: str, transcript: str) -> None:
        """An answer as the API gives it: empty first, then with its words."""
        self.item(message(item_id, "assistant", []), done=False)
        for kind in ("conversation.item.done", "response.output_item.done"):
            self.down(kind, item=message(item_id, "assistant", spoken(transcript)))

    @property
    def words(self) -> list[tuple[str, str | None]]:
        return [(item.role or item.kind, item.text) for item in self.memory.items]


def test_a_spoken_turn_is_remembered_by_its_transcript() -> None:
    """A user's speech is what its transcript says, and an answer what it said; the transcript may come last."""
    talk = Talk({"audio": {"input": {"transcription": {"model": "gpt-realtime-whisper"}}}})
    talk.item(message("u1", "user"))
    assert talk.memory.awaits_transcript
    talk.answers("a1", "Hello there.")
    talk.down("conversation.item.input_audio_transcription.completed", item_id="u1", transcript="Good day.")
    assert talk.words == [("user", "Good day."), ("assistant", "Hello there.")]
    assert not talk.memory.awaits_transcript


@pytest.mark.parametrize("settings", [{}, {"audio": {"input": {"transcription": None}}}, {"audio": "odd"}])
def test_speech_that_nobody_writes_down(settings) -> None:
    """Where nothing is transcribed no transcript is awaited, and the item says that its words are not known."""
    talk = Talk(settings)
    talk.item(message("u1", "user"))
    assert talk.words == [("user", None)]
    assert not talk.memory.awaits_transcript


def test_a_transcript_that_failed_is_not_awaited() -> None:
    """A failed transcription leaves the item without words."""
    talk = Talk({"audio": {"input": {"transcription": {}}}})
    talk.item(message("u1", "user"))
    talk.down("conversation.item.input_audio_transcription.failed", item_id="u1", error={})
    assert not talk.memory.awaits_transcript
    assert (talk.words, talk.settled) == ([("user", None)], [("u1", None, 1)])


@pytest.mark.parametrize(
    ("cuts", "sound_ms", "words"),
    [
        ([2000], 4000, "one two three four"),
        ([2000, 1000], 4000, "one two"),
        ([4000], 4000, "one two three four five six seven eight"),
        ([0], 4000, ""),
        ([1000], None, "one two three"),
        (["odd"], 4000, "one two three four five six seven eight"),
    ],
)
def test_an_answer_is_what_was_heard_of_it(cuts, sound_ms, words) -> None:
    """After a truncation an answer has as many of its words as there is sound left, by its length or a usual pace."""
    talk = Talk(sound_ms=lambda _: sound_ms)
    talk.answers("a1", "one two three four five six seven eight")
    for end_ms in cuts:
        talk.down("conversation.item.truncated", item_id="a1", content_index=0, audio_end_ms=end_ms)
    talk.down("conversation.item.done", item=message("a1", "assistant", spoken(None)))
    assert talk.words == [("assistant", words)]


def test_a_truncation_that_comes_before_the_words() -> None:
    """An answer that is cut before its words are known has them cut when they come."""
    talk = Talk(sound_ms=lambda _: 4000)
    talk.item(message("a1", "assistant", []), done=False)
    talk.down("conversation.item.truncated", item_id="a1", content_index=0, audio_end_ms=2000)
    talk.down("response.output_item.done", item=message("a1", "assistant", spoken("one two three four")))
    assert talk.words == [("assistant", "one two")]


def test_calls_and_results() -> None:
    """A call is awaited until its result is there."""
    talk = Talk()
    call = {"id": "c1", "type": "function_call", "call_id": "call_1", "name": "time", "arguments": ""}
    talk.item(call, done=False)
    talk.down("response.output_item.done", item={**call, "arguments": '{"zone":"UTC"}'})
    awaited = talk.memory.awaits_result
    talk.item({"id": "r1", "type": "function_call_output", "call_id": "call_1", "output": "noon"})
    assert (awaited, talk.memory.awaits_result) == (True, False)
    assert [(item.kind, item.name, item.text) for item in talk.memory.items] == [
        ("function_call", "time", '{"zone":"UTC"}'),
        ("function_call_output", "", "noon"),
    ]


def test_items_stand_where_they_were_put() -> None:
    """Items are in the conversation's order: behind the one that they name, at the end, or at its beginning."""
    talk = Talk()
    for item_id, previous in (("a", None), ("b", "a"), ("c", "a"), ("d", "unheard-of")):
        talk.item(message(item_id, "user", written(item_id)), previous)
    talk.up("conversation.item.create", previous_item_id="root", item=message("e", "system", written("e")))
    talk.item(message("e", "system", written("e")))
    assert [item.id for item in talk.memory.items] == ["e", "a", "c", "b", "d"]
    talk.down("conversation.item.deleted", item_id="c")
    assert [item.id for item in talk.memory.items] == ["e", "a", "b", "d"]


@pytest.mark.parametrize(
    "item",
    [
        None, [], {}, {"id": 5, "type": "message"}, {"id": "x", "type": "message", "role": "nobody"},
        {"id": "x", "type": "mcp_call"}, {"id": "x", "type": "function_call"}, {"id": "x" * 600, "type": "message"},
        {"id": "x", "type": "function_call", "call_id": []},
    ],
)  # fmt: skip
def test_items_that_cannot_be_said_again(item) -> None:
    """What is no item, or none that a client could create, is not remembered."""
    talk = Talk()
    talk.item(item)
    assert talk.words == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (written("a") + written("b"), "a b"),
        ([{"type": "input_image", "image_url": "data:"}, {"type": "input_text", "text": "what is it?"}],
         "[an image] what is it?"),
        ([{"type": "input_audio", "transcript": "said"}], "said"),
        ([7, {"type": "input_text", "text": 5}], ""),
        ("odd", ""),
    ],
)  # fmt: skip
def test_what_a_message_says(content, words) -> None:
    """A message is its texts and transcripts; of an image it is kept that there was one."""
    talk = Talk()
    talk.item(message("u1", "user", content))
    assert talk.words == [("user", words)]


def test_an_answer_that_belongs_to_no_conversation() -> None:
    """What a response out of band says is in no conversation, so it is not remembered."""
    talk = Talk()
    talk.down("response.output_item.done", item=message("a1", "assistant", spoken("aside")))
    assert talk.words == []


def test_what_is_settled_and_when() -> None:
    """Each item is told once, when its words change no more: an answer when the user's next words are there."""
    talk = Talk({"audio": {"input": {"transcription": {}}}})
    talk.item(message("u1", "user"))
    talk.answers("a1", "one two")
    assert talk.settled == []
    talk.down("conversation.item.input_audio_transcription.completed", item_id="u1", transcript="hi")
    assert talk.settled == [("u1", "hi", 1)]
    talk.down("conversation.item.truncated", item_id="a1", content_index=0, audio_end_ms=200)
    talk.item(message("u2", "user", written("and?")))
    assert talk.settled[1:] == [("a1", "one", 2), ("u2", "and?", 3)]
    talk.answers("a2", "the end")
    talk.joined.session.end(ended(Cause.IDLE), 1.0)
    talk.joined.session.finish(1.0)
    assert talk.settled[3:] == [("a2", "the end", 4)]


def test_an_answer_under_way_is_not_settled_by_the_users_words() -> None:
    """The user's words in the middle of an answer leave it open: it is still being said."""
    talk = Talk()
    talk.item(message("a1", "assistant", []), done=False)
    talk.item(message("u1", "user", written("wait")))
    assert talk.settled == [("u1", "wait", 2)]


def test_what_was_said_before() -> None:
    """A conversation that goes on begins with what it had, which is not told again, and counts on from there."""
    talk = Talk(items=[Remembered("old", "message", "user", "yesterday")])
    talk.item(message("u1", "user", written("today")), "old")
    assert talk.words == [("user", "yesterday"), ("user", "today")]
    assert talk.settled == [("u1", "today", 2)]


def test_the_session_is_what_was_taken() -> None:
    """An update counts once the upstream has taken it, and one that it refused does not count at all."""
    talk = Talk({"type": "realtime", "instructions": "Be brief.", "audio": {"output": {"voice": "cedar"}}})
    talk.up("session.update", event_id="e1", session={"instructions": "Be long."})
    talk.up("session.update", session={"audio": {"output": {"voice": "nobody"}}})
    talk.up("session.update", session={"audio": {"output": {"speed": 1.2}, "input": {"turn_detection": None}}})
    talk.down("session.updated")  # the relay's own
    assert talk.memory.unanswered[0]["session"] == {"instructions": "Be long."}
    assert len(talk.memory.unanswered) == 3
    talk.down("error", error={"event_id": "e1", "param": "session.instructions"})
    talk.down("error", error={"event_id": None, "param": "session.audio.output.voice"})
    talk.down("session.updated")
    assert talk.memory.unanswered == ()
    assert talk.memory.session == {
        "type": "realtime",
        "output_modalities": ["audio"],
        "instructions": "Be brief.",
        "audio": {"output": {"voice": "cedar", "speed": 1.2}, "input": {"turn_detection": None}},
    }


@pytest.mark.parametrize("error", [{"event_id": "other"}, {"param": "item.id"}, None, "odd"])
def test_errors_about_something_else(error) -> None:
    """An error that is about no update leaves them waiting."""
    talk = Talk()
    talk.up("session.update", session={"instructions": "x"})
    talk.down("error", error=error)
    assert len(talk.memory.unanswered) == 1


def test_updates_that_nobody_answers_are_bounded() -> None:
    """Of updates without an answer the oldest count as taken, and none are kept without end."""
    talk = Talk()
    for number in range(MOST_UPDATES + 2):
        talk.up("session.update", session={"instructions": str(number)})
    assert len(talk.memory.unanswered) == MOST_UPDATES
    assert talk.memory.session["instructions"] == "1"


def test_a_session_too_large_to_be_said_again() -> None:
    """A session object above the bound is known as that."""
    assert Memory({"instructions": "x"}).is_whole
    assert not Memory({"instructions": "x" * MOST_BYTES}).is_whole
    talk = Talk()
    talk.up("session.update", session={"instructions": "x" * MOST_BYTES})
    assert (talk.memory.is_whole, talk.memory.unanswered) == (False, ())
    talk = Talk()
    for name in ("instructions", "prompt"):
        talk.up("session.update", session={name: "x" * (MOST_BYTES * 2 // 3)})
        talk.down("session.updated")
    assert not talk.memory.is_whole


def test_a_long_conversation_keeps_its_end() -> None:
    """Words are bounded, the newest stay, and what goes was told; a single huge text pushes out nothing."""
    talk = Talk()
    tracemalloc.start()
    try:
        for number in range(2000):
            talk.item(message(f"u{number}", "user", written(str(number).rjust(400))))
            talk.joined.peer.trace.clear()
        talk.settled.clear()
        grown = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert sum(item.size_bytes for item in talk.memory.items) <= MOST_BYTES
    assert talk.memory.items[-1].text == "1999".rjust(400)
    assert grown < 4 * MOST_BYTES
    talk.item(message("paste", "user", written("x" * 10**6)))
    assert len(talk.memory.items) > 300
    assert len(talk.memory.items[-1].text or "") == MOST_ITEM_CHARS


def test_merging_replaces_what_the_api_replaces() -> None:
    """Only the containers of audio merge: turn detection of another kind leaves nothing of the one before."""
    before = {"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 0.5}, "format": {"rate": 1}}}}
    after = merged_session(before, {"audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}, "tools": [1]})
    assert after == {
        "audio": {"input": {"turn_detection": {"type": "semantic_vad"}, "format": {"rate": 1}}},
        "tools": [1],
    }


def test_no_audio_is_hooked() -> None:
    """What is frequent stays on the fast lane: a memory wants neither audio nor pieces of words."""
    joined = Joined(Memory({})).opened()
    frequent = ("response.output_audio.delta", "response.output_audio_transcript.delta", "response.output_text.delta")
    assert not any(map(joined.session.down.wants, frequent))
    assert not joined.session.up.wants("input_audio_buffer.append")


def half_heard(talk: Talk, cause: Cause, at_s: float) -> list[tuple[str, str | None]]:
    """Two answers of four seconds each have come at once; the session ends so long after."""
    for item_id in ("a", "b"):
        talk.answers(item_id, "one two three four")
    talk.joined.now = at_s
    talk.joined.session.end(ended(cause), at_s)
    talk.joined.session.finish(at_s)
    return [(item_id, text) for item_id, text, _ in talk.settled]


@pytest.mark.parametrize(
    ("cause", "at_s", "a", "b"),
    [
        (Cause.PEER_CLOSED, 2.0, "one two", ""),
        (Cause.PEER_LOST, 6.0, "one two three four", "one two"),
        (Cause.PEER_CLOSED, 9.0, "one two three four", "one two three four"),
        (Cause.UPSTREAM_LOST, 2.0, "one two three four", "one two three four"),
    ],
)
def test_a_listener_who_leaves_in_the_middle(cause, at_s, a, b) -> None:
    """Of what came ahead of time a peer that leaves has heard what there was time for; one that stays hears all."""
    talk = Talk(sound_ms=lambda _: 4000)
    assert half_heard(talk, cause, at_s) == [("a", a), ("b", b)]


def test_a_listener_who_has_been_away() -> None:
    """Time in which the peer's connection was away was no time to hear anything in."""
    talk = Talk(sound_ms=lambda _: 4000, left_at=lambda: 2.0)
    assert half_heard(talk, Cause.PEER_LOST, 30.0) == [("a", "one two"), ("b", "")]


def test_an_answer_in_writing_is_read_at_once() -> None:
    """What has no sound is kept whole, whenever its reader leaves."""
    talk = Talk()
    assert half_heard(talk, Cause.PEER_CLOSED, 0.1) == [("a", "one two three four"), ("b", "one two three four")]
