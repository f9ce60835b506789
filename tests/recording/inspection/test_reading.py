"""Recordings read for who said what, when, and at what price."""

import base64
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.core.prices import Price, Prices
from relay.recording import read_recording
from relay.recording.inspection import Summary, Wait, inspect_recording
from relay.recording.inspection.summary import Spread, Trouble, spread
from tests.fakes.recordings import Scripted

PRICES = Prices({"gpt-realtime-2.1": Price(audio_output=Decimal(1_000_000), minute=Decimal(60))})
TRANSCRIPTS = Path(__file__).parents[2] / "transcripts"


@pytest.fixture
def inspected(tmp_path: Path):
    def inspected(script: Scripted) -> Summary:
        return inspect_recording(script.write(tmp_path / "one.jsonl"), PRICES)

    return inspected


def audio(seconds: float) -> str:
    return base64.b64encode(bytes(round(seconds * 48_000))).decode()


def spoken(script: Scripted, at: float, seconds: float, item: str = "i1", response: str = "r1") -> Scripted:
    fields = {"response_id": response, "item_id": item, "delta": audio(seconds)}
    return script.down({"type": "response.output_audio.delta", **fields}, at)


def begun(script: Scripted, at: float, response: str = "r1") -> Scripted:
    return script.down({"type": "response.created", "response": {"id": response}}, at)


def done(script: Scripted, at: float, response: str = "r1", **fields: Any) -> Scripted:
    return script.down({"type": "response.done", "response": {"id": response, "status": "completed", **fields}}, at)


def heard(script: Scripted, kind: str, at: float, item: str = "u1", **fields: Any) -> Scripted:
    return script.down({"type": f"input_audio_buffer.{kind}", "item_id": item, **fields}, at)


def test_the_wait_is_from_the_end_of_speech_to_the_first_audio(inspected) -> None:
    """An answer's wait is from `speech_stopped` to its first audio, as both passed the relay."""
    script = heard(heard(Scripted(), "speech_started", 1.0), "speech_stopped", 2.0)
    spoken(spoken(begun(script, 2.1), 2.5, 0.5), 2.6, 0.5)
    done(script, 2.8).closed_by_peer(5.0)
    summary = inspected(script)
    peer, upstream = summary.turns
    assert (peer.kind, peer.at, peer.until) == ("speech", 1.0, 2.0)
    assert upstream.wait == Wait(0.5, "speech_stopped")
    assert (upstream.at, upstream.until, upstream.audio_s, upstream.heard_s) == (2.5, 3.5, 1.0, None)
    assert summary.waits("speech_stopped") == Spread(1, 0.5, 0.5, 0.5)
    assert summary.waits("response.create") is None


def test_a_new_start_of_speech_begins_anew(inspected) -> None:
    """Somebody who went on speaking did not wait yet."""
    script = heard(heard(Scripted(), "speech_stopped", 1.0), "speech_started", 1.5, "u2")
    (turn,) = (
        turn for turn in inspected(spoken(script, 2.0, 0.1).closed_by_peer()).turns if turn.speaker == "upstream"
    )
    assert turn.wait is None


def test_whoever_asks_waits_from_the_request(inspected) -> None:
    """Where the peer asks for the answer, the wait is from there to its first word."""
    script = begun(Scripted().up({"type": "response.create"}, 1.0), 1.1)
    for word, at in (("Good ", 1.5), ("day", 1.6)):
        script.down({"type": "response.output_text.delta", "response_id": "r1", "item_id": "i1", "delta": word}, at)
    (turn,) = inspected(done(script, 1.7).closed_by_peer()).turns
    assert turn.wait == Wait(0.5, "response.create")
    assert (turn.text, turn.status, turn.at, turn.until) == ("Good day", "completed", 1.5, 1.7)


def test_an_answer_that_was_cut(inspected) -> None:
    """A truncated answer ends where it was cut, and what was to sound behind it was not heard."""
    script = begun(Scripted(), 1.0)
    spoken(spoken(script, 1.0, 10.0), 1.1, 5.0, "i2")
    script.up({"type": "conversation.item.truncate", "item_id": "i1", "content_index": 0, "audio_end_ms": 2000}, 3.5)
    spoken(script, 3.6, 1.0)
    done(script, 3.7, status="cancelled", status_details={"reason": "turn_detected"})
    spoken(begun(script, 4.0, "r2"), 4.0, 1.0, "i3", "r2")
    summary = inspected(script.closed_by_peer(4.1))
    first, second = summary.turns
    assert first.status == "cancelled (turn_detected)"
    assert (second.at, second.until) == (4.0, 5.0)
    assert summary.heard == {"i1": 48_000, "i2": 0}
    assert summary.duration_s == 5.0


def test_answers_that_come_early_queue(inspected) -> None:
    """A second answer is heard behind the first, although it came long before."""
    script = spoken(spoken(Scripted(), 1.0, 4.0), 1.5, 1.0, "i2", "r2")
    first, second = inspected(script.closed_by_peer(2.0)).turns
    assert (first.at, first.until, second.at, second.until) == (1.0, 5.0, 5.0, 6.0)


def test_speech_is_placed_where_its_audio_sounds(inspected) -> None:
    """Voice detection tells of speech late and by its position, which is where it is shown."""
    script = Scripted()
    for tenth in range(20):
        script.up({"type": "input_audio_buffer.append", "audio": audio(0.1)}, 5 + tenth / 10)
    heard(script, "speech_started", 6.9, audio_start_ms=500)
    heard(script, "speech_stopped", 7.5, audio_end_ms=1500)
    (turn,) = inspected(script.closed_by_peer()).turns
    assert (turn.at, turn.until, turn.audio_s) == tuple(map(pytest.approx, (5.5, 6.5, 1.0)))


def test_what_is_committed_by_hand_was_said(inspected) -> None:
    """Without voice detection a turn is what was appended since the last commit or clear; its transcript comes late."""
    script = Scripted()
    append = {"type": "input_audio_buffer.append", "audio": audio(1.0)}
    script.up(append, 1.0).up({"type": "input_audio_buffer.clear"}, 2.0).up(append, 3.0)
    heard(script, "committed", 4.5)
    words = {"item_id": "u1", "content_index": 0}
    kind = "conversation.item.input_audio_transcription"
    script.down({"type": f"{kind}.delta", **words, "delta": "How"}, 5.0)
    script.down({"type": f"{kind}.completed", **words, "transcript": "How are you?"}, 6.0)
    (turn,) = inspected(script.closed_by_peer()).turns
    assert (turn.kind, turn.text, turn.at, turn.until) == ("speech", "How are you?", 3.0, 4.0)


def test_what_the_peer_writes(inspected) -> None:
    """Messages, pictures, roles and what functions returned are turns of the peer."""
    script = Scripted()
    picture = {"type": "input_image", "image_url": "data:"}
    for item in (
        {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Be brief."}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "What is this?"}, picture]},
        {"type": "function_call_output", "output": "{}"},
    ):
        script.up({"type": "conversation.item.create", "item": item}, 1.0)
    turns = inspected(script.closed_by_peer()).turns
    assert [(turn.kind, turn.role, turn.text) for turn in turns] == [
        ("text", "system", "Be brief."),
        ("text", "user", "What is this? [image]"),
        ("function_output", "tool", "{}"),
    ]


def test_costs_are_the_meters(inspected) -> None:
    """Responses and transcripts cost what the relay's own meter says; what is never told of is counted as such."""
    script = done(begun(Scripted(), 1.0), 2.0, usage={"output_tokens": 3})
    script.down(
        {
            "type": "conversation.item.input_audio_transcription.completed",
            "item_id": "u1",
            "usage": {"type": "duration", "seconds": 0.5},
        }
    )
    summary = inspected(begun(script, 3.0, "r2").closed_by_peer())
    assert summary.usd == Decimal("3.5")
    assert [turn.usd for turn in summary.turns] == [3, Decimal("0.5"), 0]
    assert summary.costs.unbilled == 1


def test_errors_have_a_line(inspected) -> None:
    """Errors, failed responses and failed transcripts are listed with the line of the file."""
    script = Scripted().down({"type": "error", "error": {"code": "bad", "message": "It is bad."}}, 1.0)
    done(script, 2.0, status="failed", status_details={"error": {"type": "server_error"}})
    script.down({"type": "conversation.item.input_audio_transcription.failed", "error": {"message": "Silence."}}, 3.0)
    summary = inspected(script.closed_by_peer())
    assert summary.troubles == [
        Trouble(1.0, 2, "bad", "It is bad."),
        Trouble(2.0, 3, "server_error", ""),
        Trouble(3.0, 4, "conversation.item.input_audio_transcription.failed", "Silence."),
    ]


def test_a_file_that_breaks_off(inspected) -> None:
    """What was recorded before the writer died is told; speech and answers that last have no end."""
    script = begun(heard(Scripted(), "speech_started", 1.0), 2.0)
    summary = inspected(script)
    assert [(turn.until, turn.status) for turn in summary.turns] == [(None, None)] * 2
    assert summary.body()["end"] == {"at": 2.0, "broken_off_at_line": 4}


@pytest.mark.parametrize(
    ("seconds", "found"),
    [
        ([], None),
        ([3.0], Spread(1, 3.0, 3.0, 3.0)),
        ([1.0, 4.0, 2.0, 3.0], Spread(4, 2.5, 4.0, 4.0)),
        ([float(number) for number in range(1, 101)], Spread(100, 50.5, 95.0, 100.0)),
    ],
)
def test_spreads(seconds, found) -> None:
    """Median, 95th percentile and maximum."""
    assert spread(seconds) == found


TYPES = [
    "session.created", "session.updated", "input_audio_buffer.append", "input_audio_buffer.clear", "response.create",
    "conversation.item.create", "conversation.item.truncate", "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped", "input_audio_buffer.committed", "response.created", "response.done",
    "response.output_audio.delta", "response.output_audio_transcript.delta", "response.output_text.done", "error",
    "response.output_item.done", "conversation.item.input_audio_transcription.delta",
    "conversation.item.input_audio_transcription.completed", "conversation.item.input_audio_transcription.failed",
]  # fmt: skip
KEYS = [
    "session", "audio", "input", "output", "format", "type", "rate", "item", "item_id", "content", "content_index",
    "audio_end_ms", "audio_start_ms", "response", "response_id", "id", "status", "status_details", "usage", "error",
    "code", "message", "delta", "transcript", "arguments", "name", "role", "reason", "model", "text",
]  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=8)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
)
EVENTS = st.tuples(
    st.booleans(), st.sampled_from(TYPES), st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6),
    st.floats(-10, 1e6),
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EVENTS, max_size=12))
def test_events_of_any_shape_are_read(inspected, events) -> None:
    """Whatever an upstream or a peer sent, the recording of it can be inspected."""
    script = Scripted()
    for is_up, kind, fields, at in events:
        (script.up if is_up else script.down)({**fields, "type": kind}, at)
    body = inspected(script.closed_by_peer()).body()
    assert body["up"]["messages"] + body["down"]["messages"] == len(events)


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_every_transcript_can_be_inspected(path) -> None:
    """Each of the recorded talks has turns and its own end."""
    summary = inspect_recording(read_recording(path), PRICES)
    assert summary.turns or path.stem == "error"
    assert "cause" in summary.body()["end"]
