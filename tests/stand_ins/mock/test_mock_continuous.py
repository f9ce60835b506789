"""Translation and Live sessions of the mock: every event is checked against the published types."""

from base64 import b64encode
from typing import Any

import pytest

from relay.config.kinds import LIVE, TRANSLATION
from relay.stand_ins.mock import Pace
from relay.stand_ins.mock.live import LiveSession
from relay.stand_ins.mock.voice import clips
from tests.stand_ins.mock.streams import MODEL, Stream, kinds, live, sound, started, translation, words
from tests.stand_ins.mock.talk import BYTES_PER_MS, UNIX_NOW, silence, tone

APPEND = TRANSLATION.append


def test_a_translation_keeps_pace_with_the_speaker() -> None:
    """While somebody speaks, words and sound come, 200 ms at a time; nothing comes in silence."""
    stream = translation()
    assert kinds(stream.read()) == ["session.created"]
    assert stream.speak(silence(1000), APPEND) == []
    came = stream.speak(tone(2000), APPEND)
    assert set(kinds(came)) == {"session.output_transcript.delta", "session.output_audio.delta"}
    assert 1600 <= len(sound(came)) / BYTES_PER_MS <= 2000
    assert clips()["answer-1"].pcm.startswith(sound(came))
    assert clips()["answer-1"].words.startswith(words(came).strip())
    stream.speak(silence(1000), APPEND)
    assert stream.speak(silence(1000), APPEND) == []


def test_a_translation_goes_on_for_as_long_as_somebody_speaks() -> None:
    """One clip follows another."""
    stream = translation()
    came = stream.speak(tone(20_000), APPEND)
    assert sound(came).startswith(clips()["answer-1"].pcm + clips()["answer-2"].pcm)
    assert words(came).startswith(f"{clips()['answer-1'].words} {clips()['answer-2'].words} ")


def test_a_translation_is_updated() -> None:
    """Language and transcription of the source can be changed; the source is written down only if that is wanted."""
    stream = translation()
    stream.read()
    wanted = {"output": {"language": "de"}, "input": {"transcription": {"model": "gpt-realtime-whisper"}}}
    (updated,) = stream.send("session.update", session={"audio": wanted})
    assert updated["session"]["audio"]["output"] == {"language": "de"}
    came = stream.speak(tone(1000) + silence(1000), APPEND)
    assert words(came, "input").endswith("s of speech] ")


def test_a_translation_is_closed() -> None:
    """`session.close` is answered by `session.closed`, and then the connection is closed."""
    stream = translation()
    stream.read()
    assert kinds(stream.send("session.close")) == ["session.closed"]
    assert stream.session.closing is not None
    assert stream.session.closing.close_code == 1000


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"kind": "response.create"}, "invalid_value"),
        ({"kind": "session.update", "session": {"type": "realtime"}}, "unknown_parameter"),
        ({"kind": "session.input_audio_buffer.append"}, "missing_required_parameter"),
        ({"kind": "session.input_audio_buffer.append", "audio": "?"}, "invalid_value"),
    ],
)
def test_what_a_translation_refuses(event: dict[str, Any], code: str) -> None:
    """What is of another kind of session is an `error`, after which the session goes on."""
    stream = translation()
    stream.read()
    (error,) = stream.send(**{"event_id": "mine", **event})
    assert (error["error"]["code"], error["error"]["event_id"]) == (code, "mine")
    assert stream.session.closing is None


def test_nothing_comes_before_the_start() -> None:
    """A Live session says nothing by itself, and refuses whatever is sent before `session.start`."""
    stream = live()
    assert stream.read() == []
    (error,) = stream.send("session.input_audio.append", audio="AAAA", event_id="e1")
    assert error["error"]["code"] == "session_not_started"
    assert error["error"]["client_event_id"] == "e1"
    (started,) = stream.send("session.start", session={**MODEL, "instructions": "Be kind."}, event_id="e2")
    assert (started["type"], started["client_event_id"]) == ("session.started", "e2")
    assert started["session"]["instructions"] == "Be kind."
    assert started["session"]["audio"]["output"] == {"voice": "marin"}
    (error,) = stream.send("session.start", session=MODEL)
    assert error["error"]["code"] == "session_already_started"


def test_a_live_session_listens_and_speaks() -> None:
    """After each turn that it hears it says a clip, with its words; its timeline goes forward only."""
    stream = started()
    came = stream.speak(tone(1500) + silence(500), LIVE.append)
    assert words(came, "input").endswith("s of speech] ")
    assert words(came).strip() == clips()["answer-1"].words
    assert sound(came) == clips()["answer-1"].pcm
    spans = [(event["start_ms"], event["end_ms"]) for event in came if event["type"].endswith("t_transcript.delta")]
    assert spans == sorted(spans)


def test_a_live_session_bills_by_the_second() -> None:
    """Each second of audio is told as a sum, and the whole at the end."""
    stream = started()
    came = stream.speak(silence(2600), LIVE.append)
    usage = [event["usage"]["seconds"] for event in came if event["type"] == "session.usage.updated"]
    assert usage == [1.0, 2.0]
    (closed,) = stream.send("session.close")
    assert (closed["reason"], closed["usage"]) == ("close_requested", {"seconds": 2.6})
    assert stream.session.closing is not None


def test_a_live_session_can_be_spoken_over() -> None:
    """What it still had to say is not said."""
    stream = Stream("live", LiveSession(pace=Pace(latency_s=0.0, speedup=1.0), now=0.0, unix_now=UNIX_NOW))
    stream.send("session.start", session=MODEL)
    stream.speak(tone(1500) + silence(500), LIVE.append)
    stream.speak(tone(500) + silence(100), LIVE.append)
    stream.now += 60
    assert sound(stream.read()) == b""


def test_a_live_session_can_be_muted() -> None:
    """Muted, it hears nothing; the time is billed all the same."""
    stream = started()
    assert kinds(stream.send("session.input_audio.mute")) == ["session.input_audio.muted"]
    assert set(kinds(stream.speak(tone(2000) + silence(500), LIVE.append))) == {"session.usage.updated"}
    assert kinds(stream.send("session.input_audio.unmute")) == ["session.input_audio.unmuted"]


def test_a_live_session_takes_notes_and_fixtures() -> None:
    """What is appended is acknowledged, commentary is said, and a fixture is played."""
    stream = started()
    for note in ("instructions", "thinking"):
        assert kinds(stream.send(f"session.{note}.append", content="Say hello.", delegation_id=None)) == [
            f"session.{note}.appended"
        ]
    came = stream.send("session.commentary.append", content="It is 21 degrees.", delegation_id=None)
    assert kinds(came)[0] == "session.commentary.appended"
    assert words(came) == f"{clips()['tool'].words} [It is 21 degrees.]"
    audio = b64encode(tone(100)).decode()
    came = stream.send("session.output_audio.fixture.play", audio=audio)
    fixture = "session.output_audio.fixture"
    assert kinds(came) == [f"{fixture}.playing", "session.output_audio.delta", f"{fixture}.played"]
    assert sound(came) == tone(100)


def test_a_live_session_speaks_telephone() -> None:
    """Audio goes both ways in the format that the session was started with."""
    stream = started(audio={"format": {"type": "audio/pcmu", "rate": 8000}})
    came = stream.send("session.output_audio.fixture.play", audio=b64encode(bytes([0xFF]) * 800).decode())
    assert sound(came) == bytes([0xFF]) * 800


def test_a_live_session_ends_after_its_time() -> None:
    """It says so itself, with what it used."""
    stream = started()
    stream.now = 3600.0
    (closed,) = stream.read()
    assert (closed["type"], closed["reason"]) == ("session.closed", "expired")
    assert stream.session.closing is not None
