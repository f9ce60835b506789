"""What is played of answers, line by line: what goes in on the left, what is told and asked on the right."""

import base64
import struct
from typing import Any

import pytest

from relay.core.events import write_event
from relay.core.playout import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, MOST_RESPONSES, OWN, Playout

SPEECH = {"type": "input_audio_buffer.speech_started", "audio_start_ms": 0, "item_id": "user"}


class Table:
    """A playout, with what it told the peer and asked of the upstream, in order and without ids of its own."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.refused: list[str] = []
        self.playout = Playout(self._told, self._asked, self.refused.append)

    def down(self, body: dict[str, Any]) -> bool:
        """Returns whether the peer sees it."""
        event = write_event(body)
        self.playout.on_down(event)
        return not self.playout.hides(event)

    def sound(self, response: str, item: str, ms: int, *, value: int = 1, index: int = 0) -> None:
        pcm = base64.b64encode(bytes([value]) * (ms * BYTES_PER_MS)).decode()
        where = {"response_id": response, "item_id": item, "output_index": 0, "content_index": index}
        assert not self.down({"type": "response.output_audio.delta", **where, "delta": pcm})

    def done(self, response: str) -> None:
        assert self.down({"type": "response.done", "response": {"id": response}})

    def heard(self, ms: int) -> list[int | None]:
        """What each frame of this time begins with; None where there is silence."""
        frames = [self.playout.frame() for _ in range(ms // FRAME_MS)]
        assert all(frame is None or len(frame) == FRAME_BYTES for frame in frames)
        return [frame[0] if frame else None for frame in frames]

    def news(self) -> list[str]:
        said, self.said = self.said, []
        return said

    def _told(self, body: Any) -> None:
        assert body["event_id"].startswith(OWN)
        self.said.append(f"{body['type'].removeprefix('output_audio_buffer.')} {body['response_id']}")

    def _asked(self, body: Any) -> None:
        assert body["event_id"].startswith(OWN)
        assert body["type"] == "conversation.item.truncate"
        self.said.append(f"truncate {body['item_id']}/{body['content_index']} at {body['audio_end_ms']}")


def test_an_answer_is_played_by_the_clock() -> None:
    """It is told when it begins to be heard and when it ends, which is long after it came."""
    table = Table()
    table.sound("r", "i", 50)
    table.done("r")
    assert (table.news(), table.playout.waiting_bytes) == ([], 50 * BYTES_PER_MS)
    assert (table.heard(20), table.news()) == ([1], ["started r"])
    assert (table.heard(40), table.news()) == ([1, 1], [])
    assert (table.heard(20), table.news()) == ([None], ["stopped r"])
    assert (table.playout.waiting_bytes, table.playout.played_ms) == (0, 50)
    assert (table.heard(60), table.news()) == ([None] * 3, [])


def test_an_answer_that_comes_late_is_the_same_answer() -> None:
    """A gap in what comes is silence, and no end: that is told when the response is done."""
    table = Table()
    table.sound("r", "i", 20)
    assert table.heard(60) == [1, None, None]
    table.sound("r", "i", 20)
    assert (table.heard(20), table.news()) == ([1], ["started r"])
    table.done("r")
    assert (table.heard(20), table.news()) == ([None], ["stopped r"])


def test_answers_do_not_mix() -> None:
    """Two that come at once are heard one after the other, each item whole."""
    table = Table()
    table.sound("r", "a", 20, value=1)
    table.sound("s", "b", 20, value=2)
    table.sound("r", "a", 20, value=1)
    table.done("r")
    table.done("s")
    assert table.heard(80) == [1, 1, 2, None]
    assert table.news() == ["started r", "stopped r", "started s", "stopped s"]


def test_parts_of_one_answer_follow_each_other() -> None:
    """Items and content parts of a response are one time of being heard."""
    table = Table()
    for item, index in [("a", 0), ("a", 1), ("b", 0)]:
        table.sound("r", item, 20, index=index)
    table.done("r")
    assert table.heard(80) == [1, 1, 1, None]
    assert table.news() == ["started r", "stopped r"]


def test_speech_cuts_what_is_heard() -> None:
    """Silence at once, and the conversation is cut at what was played, with what comes later of that answer dropped."""
    table = Table()
    table.sound("r", "i", 1000)
    table.heard(100)
    assert table.news() == ["started r"]
    assert table.down(SPEECH)
    assert table.news() == ["cleared r", "truncate i/0 at 100"]
    table.sound("r", "i", 1000)
    assert (table.heard(20), table.playout.waiting_bytes) == ([None], 0)
    table.done("r")
    table.sound("s", "j", 20, value=3)
    assert table.heard(20) == [3]
    assert table.news() == ["started s"]


def late(table: Table, **told: Any) -> None:
    table.playout.learn_lateness({"type": "relay.playout", **told})


def test_a_peer_that_falls_silent_by_itself_says_what_it_has_not_heard() -> None:
    """What waits in its buffer is not counted, and at its own clear nor is what is on its way; gaps were time, too."""
    for told, by, heard_ms in [
        ({}, "speech", 100),
        ({"buffer_ms": 40}, "speech", 50),  # and half a frame, on the average
        ({"buffer_ms": 40, "round_trip_ms": 30}, "speech", 50),
        ({"buffer_ms": 30, "round_trip_ms": 30}, "clear", 30),
        ({"buffer_ms": 500}, "speech", 0),
    ]:
        table = Table()
        late(table, **told)
        table.sound("r", "i", 1000)
        table.heard(100)
        if by == "speech":
            table.down(SPEECH)
        else:
            table.playout.clear()
            table.done("r")
        assert table.news()[-1] == f"truncate i/0 at {heard_ms}"
    table = Table()
    late(table, buffer_ms=50)
    table.sound("r", "i", 100)
    table.heard(140)
    table.down(SPEECH)
    assert table.news()[-1] == "truncate i/0 at 80"


def test_what_is_no_lateness_changes_nothing() -> None:
    """A peer's nonsense leaves what it said before."""
    table = Table()
    late(table, buffer_ms=30)
    for told in (
        {},
        {"buffer_ms": -1},
        {"buffer_ms": "9"},
        {"buffer_ms": 9e9},
        {"buffer_ms": 1, "round_trip_ms": None},
    ):
        late(table, **told)
    table.sound("r", "i", 1000)
    table.heard(100)
    table.down(SPEECH)
    assert table.news()[-1] == "truncate i/0 at 60"


def test_the_rest_of_an_answer_that_was_cut_is_not_heard() -> None:
    """Nor are its next items, until it ends; the answer after it is."""
    table = Table()
    table.sound("r", "a", 100)
    table.heard(20)
    table.down(SPEECH)
    table.sound("r", "b", 100)
    assert table.heard(20) == [None]
    assert table.news() == ["started r", "cleared r", "truncate a/0 at 20"]


def test_an_answer_that_goes_on_is_truncated_when_it_is_done() -> None:
    """A peer that clears and does not cancel hears no more of it; what is still being made cannot be cut yet."""
    table = Table()
    table.sound("r", "a", 40)
    table.sound("r", "b", 100)
    table.sound("s", "c", 100)
    table.done("s")
    table.heard(60)
    table.news()
    table.playout.clear()
    assert table.news() == ["cleared r", "cleared s", "truncate c/0 at 0"]
    table.sound("r", "b", 100)
    table.playout.clear()
    assert (table.heard(20), table.news()) == ([None], [])
    table.done("r")
    assert table.news() == ["truncate b/0 at 20"]


@pytest.mark.parametrize(("kind", "code"), [("audio/pcmu", b"\x80"), ("audio/pcma", b"\xaa")])
def test_a_telephones_sound_is_played_as_sound(kind: str, code: bytes) -> None:
    """An upstream may keep to G.711, as a recording of a telephone's does: its times are milliseconds all the same."""
    table = Table()
    table.down({"type": "session.updated", "session": {"audio": {"output": {"format": {"type": kind}}}}})
    delta = {"response_id": "r", "item_id": "i", "delta": base64.b64encode(code * 8 * 30).decode()}
    table.down({"type": "response.output_audio.delta", **delta})
    assert table.playout.waiting_bytes == 30 * BYTES_PER_MS
    frame = table.playout.frame()
    assert frame is not None
    assert min(struct.unpack(f"<{FRAME_BYTES // 2}h", frame)) > 32_000
    table.down(SPEECH)
    assert table.news() == ["started r", "cleared r", "truncate i/0 at 20"]


def test_samples_stay_whole() -> None:
    """A delta that ends in the middle of a sample does not shift what comes after a pause."""
    table = Table()
    whole = bytes([1, 0]) * 3
    for piece in (whole[:3], whole[3:]):
        delta = {"response_id": "r", "item_id": "i", "delta": base64.b64encode(piece).decode()}
        table.down({"type": "response.output_audio.delta", **delta})
        frame = table.playout.frame()
        assert frame is not None
        assert frame.rstrip(b"\0") in (b"\1", b"\1\0\1")


def test_a_part_that_goes_on_later_is_one_part() -> None:
    """It is cut at all that was played of it, also where another part was heard in between."""
    table = Table()
    table.sound("r", "a", 20)
    table.sound("r", "b", 20)
    table.heard(40)
    table.sound("r", "a", 40)
    table.heard(20)
    table.news()
    table.down(SPEECH)
    assert table.news() == ["cleared r", "truncate a/0 at 40"]


def test_what_waits_behind_is_cut_at_its_start() -> None:
    """Of an item that nobody heard nothing is left, of one that was heard whole everything."""
    table = Table()
    table.sound("r", "a", 20)
    table.sound("r", "b", 40)
    table.sound("s", "c", 40)
    table.heard(40)
    table.news()
    table.down(SPEECH)
    assert table.news() == ["cleared r", "cleared s", "truncate b/0 at 20", "truncate c/0 at 0"]


def test_nothing_is_cut_after_the_end() -> None:
    """Speech after the last frame, or before the first, is about nothing that is played."""
    table = Table()
    table.down(SPEECH)
    table.sound("r", "i", 20)
    table.done("r")
    table.heard(20)
    table.news()
    table.down(SPEECH)
    assert table.news() == ["stopped r"]


def test_nothing_is_said_of_what_is_dropped() -> None:
    """A session that has ended is not told of what it does not hear."""
    table = Table()
    table.sound("r", "i", 100)
    table.heard(20)
    table.news()
    table.playout.drop()
    assert (table.heard(40), table.news(), table.playout.waiting_bytes) == ([None, None], [], 0)


def detection(value: Any) -> dict[str, Any]:
    return {"type": "session.updated", "session": {"audio": {"input": {"turn_detection": value}}}}


@pytest.mark.parametrize(
    ("value", "cut"),
    [
        ({"type": "server_vad", "interrupt_response": False}, False),
        ({"type": "semantic_vad", "interrupt_response": True}, True),
        ({"type": "server_vad"}, True),
        (None, True),
        ("odd", True),
    ],
)
def test_a_session_may_say_that_speech_does_not_cut(value: Any, cut: bool) -> None:
    """`interrupt_response: false` lets an answer go on; `output_audio_buffer.clear` cuts it all the same."""
    table = Table()
    table.down(detection(value))
    table.sound("r", "i", 100)
    table.heard(20)
    table.down(SPEECH)
    assert ("cleared r" in table.news()) is cut
    table.playout.clear()
    assert ("cleared r" in table.news()) is not cut


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"delta": "%%%%a"},
        {"delta": None},
        {"delta": 7},
        {"delta": ""},
        {"delta": "AAAA", "item_id": 5},
        {"delta": "é"},
    ],
)
def test_sound_that_is_none(body: dict[str, Any]) -> None:
    """What is no base64, and what belongs to no item, is neither played nor shown."""
    table = Table()
    assert not table.down({"type": "response.output_audio.delta", "response_id": "r", "item_id": "i", **body})
    assert table.heard(20) == [None]


def test_what_is_asked_here_is_answered_to_nobody() -> None:
    """An upstream's refusal of a truncation is hidden from a peer that asked for none, and told to the operator."""
    table = Table()
    refusal = {"event_id": f"{OWN}_7", "message": "too long", "code": "invalid_value"}
    assert not table.down({"type": "error", "error": refusal})
    assert table.refused == ["invalid_value"]
    assert table.down({"type": "error", "error": {"event_id": "mine", "message": "too long"}})
    assert table.down({"type": "error", "error": None})
    assert len(table.refused) == 1


def test_nothing_is_kept_of_answers_that_have_ended() -> None:
    """A hundred answers, cut and played, leave as much as none."""
    table = Table()
    for number in range(100):
        table.sound(f"r{number}", "i", 40)
        table.heard(20)
        if number % 2:
            table.down(SPEECH)
        table.done(f"r{number}")
        table.heard(60)
    kept = vars(table.playout)
    assert [len(kept[name]) for name in ("_sounds", "_responses")] == [0, 0]


def test_what_comes_after_the_end_is_not_kept_either() -> None:
    """An upstream that goes on after `response.done` is heard, and leaves no more than a few answers behind."""
    table = Table()
    for number in range(1000):
        table.done(f"r{number}")
        table.sound(f"r{number}", "i", 20)
        table.heard(20)
    assert len(vars(table.playout)["_responses"]) == MOST_RESPONSES
