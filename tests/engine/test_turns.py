"""Spoken turns: who speaks, who answers, who interrupts."""

from base64 import b64encode
from typing import Any

import pytest

from relay.core import g711
from relay.stand_ins.mock import Pace
from relay.stand_ins.mock.voice import clips
from tests.stand_ins.mock.talk import (
    BYTES_PER_MS,
    OPENED,
    SPOKEN_ANSWER,
    SPOKEN_END,
    SPOKEN_TURN,
    TRANSCRIPTION,
    Talk,
    audio_of,
    silence,
    text_of,
    tone,
    trace,
)

MANUAL = {"input": {"turn_detection": None}}


def vad(**settings: Any) -> dict[str, Any]:
    return {"input": {"turn_detection": {"type": "server_vad", **settings}}}


def test_a_spoken_turn_is_found_committed_and_answered() -> None:
    """Speech and the silence behind it become a turn, an item and a response, in the order of the API."""
    talk = Talk()
    came = talk.speak(silence(500) + tone(1500) + silence(400)) + talk.finish()
    assert trace(came) == [*SPOKEN_TURN, *SPOKEN_ANSWER]


def test_a_turn_has_its_times() -> None:
    """A turn starts the prefix padding before the onset, and ends with the silence that ended it."""
    talk = Talk()
    started, stopped, committed, added, *_ = talk.speak(silence(500) + tone(1500) + silence(400))
    assert started["audio_start_ms"] == 500 - 300
    assert stopped["audio_end_ms"] == 500 + 1500 + 200
    assert started["item_id"] == stopped["item_id"] == committed["item_id"] == added["item"]["id"]
    assert added["item"]["content"] == [{"type": "input_audio", "transcript": None}]
    assert added["item"]["status"] == "completed"


def test_the_answer_is_the_clip_that_its_transcript_tells() -> None:
    """What is heard, what is written in pieces, and what the done events say are the same clip."""
    talk = Talk()
    came = talk.speak(tone(1500) + silence(400)) + talk.finish()
    clip = clips()["answer-1"]
    assert audio_of(came) == clip.pcm
    assert text_of(came, "response.output_audio_transcript.delta") == clip.words
    done = {event["type"]: event for event in came}
    assert done["response.output_audio_transcript.done"]["transcript"] == clip.words
    assert done["response.content_part.done"]["part"] == {"type": "audio", "transcript": clip.words}
    assert done["response.done"]["response"]["output"][0]["content"] == [
        {"type": "output_audio", "transcript": clip.words}
    ]


def test_the_answer_comes_in_bursts_ahead_of_real_time() -> None:
    """The first chunks are short, later ones a quarter second, and all are sent faster than they are spoken."""
    talk = Talk(pace=Pace(latency_s=0, speedup=8))
    talk.write("Tell me a story.")
    came = talk.send("response.create") + talk.wait(1)
    sizes = [len(audio_of([event])) // BYTES_PER_MS for event in came if event["type"] == "response.output_audio.delta"]
    assert sizes[:4] == [100, 150, 250, 250]
    assert 8000 <= sum(sizes) <= 8000 + 250


def test_speaking_over_the_answer_ends_it() -> None:
    """Barge-in: the response is closed in full, as cancelled; what was said of it stays, as an incomplete item."""
    talk = Talk()
    talk.write("Tell me a story.")
    talk.send("response.create")
    assert trace(talk.wait(0.5)) == [*OPENED[1:], "…"]
    came = talk.speak(tone(200))
    kinds = [kind for kind in trace(came) if kind != "…"]
    assert kinds == ["input_audio_buffer.speech_started", *SPOKEN_END, "rate_limits.updated"]
    response = next(event["response"] for event in came if event["type"] == "response.done")
    assert response["status"] == "cancelled"
    assert response["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    said = response["output"][0]
    assert said["status"] == "incomplete"
    assert clips()["story"].words.startswith(said["content"][0]["transcript"])
    assert len(audio_of(talk.events)) < len(clips()["story"].pcm)


def test_speaking_before_the_first_sound_ends_it_too() -> None:
    """A response that had no output yet is done at once, and empty."""
    talk = Talk(pace=Pace(latency_s=10))
    talk.write("Tell me a story.")
    talk.send("response.create")
    came = talk.speak(tone(200))
    assert trace(came) == ["input_audio_buffer.speech_started", "response.done", "rate_limits.updated"]
    assert came[1]["response"]["output"] == []


def test_a_session_may_keep_talking_over_the_user() -> None:
    """Without interrupt_response the answer goes on, and the turn is answered behind it."""
    talk = Talk()
    talk.update(audio=vad(interrupt_response=False))
    talk.write("Tell me a story.")
    talk.send("response.create")
    came = talk.speak(tone(500) + silence(300)) + talk.finish()
    done = [event["response"]["status"] for event in came if event["type"] == "response.done"]
    assert done == ["completed", "completed"]
    kinds = trace(came)
    assert kinds.index("input_audio_buffer.committed") < kinds.index("response.done") < kinds.index("response.created")


def test_detection_alone_answers_nothing() -> None:
    """Without create_response there are turns and items, and no response."""
    talk = Talk()
    talk.update(audio=vad(create_response=False))
    assert trace(talk.speak(tone(500) + silence(300)) + talk.finish()) == SPOKEN_TURN


def test_push_to_talk_commits_and_asks() -> None:
    """Without turn detection nothing happens until commit, and nothing is answered until response.create."""
    talk = Talk()
    talk.update(audio=MANUAL)
    assert talk.speak(tone(1500) + silence(700)) == []
    assert trace(talk.send("input_audio_buffer.commit")) == SPOKEN_TURN[2:]
    assert talk.finish() == []
    assert trace(talk.send("response.create") + talk.finish()) == SPOKEN_ANSWER


def test_a_cleared_buffer_has_nothing_to_commit() -> None:
    """clear is confirmed, and leaves less than the 100 ms that a commit needs."""
    talk = Talk()
    talk.update(audio=MANUAL)
    talk.speak(tone(500))
    assert trace(talk.send("input_audio_buffer.clear")) == ["input_audio_buffer.cleared"]
    error = talk.refusal("input_audio_buffer.commit")
    assert error["code"] == "input_audio_buffer_commit_empty"
    assert "0.00ms" in error["message"]


@pytest.mark.parametrize(("eagerness", "wait_ms"), [("high", 300), ("auto", 600), ("medium", 600), ("low", 1200)])
def test_semantic_detection_waits_as_long_as_it_is_eager(eagerness: str, wait_ms: int) -> None:
    """An eager semantic_vad answers after 300 ms of silence, a patient one waits for 1200."""
    talk = Talk()
    talk.update(audio={"input": {"turn_detection": {"type": "semantic_vad", "eagerness": eagerness}}})
    came = talk.speak(tone(500) + silence(1500))
    stopped = next(event for event in came if event["type"] == "input_audio_buffer.speech_stopped")
    assert stopped["audio_end_ms"] == 500 + wait_ms


def test_a_long_silence_makes_the_model_speak_again() -> None:
    """idle_timeout_ms after the answer must have been played, the silence is committed as a turn, and answered."""
    talk = Talk()
    talk.update(audio=vad(idle_timeout_ms=6000))
    talk.write("Anything.")
    talk.send("response.create")
    spoken_s = len(clips()["answer-1"].pcm) / BYTES_PER_MS / 1000
    assert "input_audio_buffer.timeout_triggered" not in trace(talk.wait(spoken_s + 5.9))
    came = talk.speak(silence(1000))
    assert trace(came)[:5] == [
        "input_audio_buffer.timeout_triggered",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
    ]
    assert came[0]["audio_start_ms"] == 0


@pytest.mark.parametrize("speaks", [True, False])
def test_who_speaks_is_not_asked_again(speaks: bool) -> None:
    """Speech ends the wait for idle_timeout_ms, and so does switching it off."""
    talk = Talk()
    talk.update(audio=vad(idle_timeout_ms=6000, create_response=False))
    talk.write("Anything.")
    talk.send("response.create")
    talk.wait(3)
    if speaks:
        talk.speak(tone(300))
    else:
        talk.update(audio=vad())
    assert "input_audio_buffer.timeout_triggered" not in trace(talk.finish())


def test_the_transcript_tells_how_long_somebody_spoke() -> None:
    """Nothing is recognised, and the transcript says so; it arrives in pieces, and late, as the API's does."""
    talk = Talk()
    talk.update(audio={"input": {"transcription": {"model": "gpt-4o-mini-transcribe"}}})
    came = talk.speak(tone(1500) + silence(400)) + talk.finish()
    kind = "conversation.item.input_audio_transcription"
    completed = next(event for event in came if event["type"] == f"{kind}.completed")
    assert completed["transcript"] == "[1.7 s of speech]" == text_of(came, f"{kind}.delta")
    assert completed["usage"] == {
        "type": "tokens",
        "total_tokens": 17 + 5,
        "input_tokens": 17,
        "input_token_details": {"text_tokens": 0, "audio_tokens": 17},
        "output_tokens": 5,
    }
    retrieved = talk.send("conversation.item.retrieve", item_id=completed["item_id"])[0]
    assert retrieved["item"]["content"][0]["transcript"] == "[1.7 s of speech]"


def test_silence_has_an_empty_transcript() -> None:
    """Who commits silence has said nothing; whisper bills the seconds of it all the same."""
    talk = Talk()
    talk.update(audio={"input": {"turn_detection": None, "transcription": {"model": "whisper-1"}}})
    talk.speak(silence(1800))
    talk.send("input_audio_buffer.commit")
    (completed,) = talk.finish()
    assert completed["transcript"] == ""
    assert completed["usage"] == {"type": "duration", "seconds": 1.8}


def test_a_transcription_session_transcribes_and_does_nothing_else() -> None:
    """With intent=transcription there are turns, items and transcripts; a response is refused."""
    talk = Talk(TRANSCRIPTION)
    assert talk.events[0]["session"]["type"] == "transcription"
    transcription = {"input": {"transcription": {"model": "gpt-4o-transcribe"}}}
    talk.send("session.update", session={"type": "transcription", "audio": transcription})
    came = talk.speak(tone(1500) + silence(400)) + talk.finish()
    completed = "conversation.item.input_audio_transcription.completed"
    assert trace(came) == [*SPOKEN_TURN, "…", completed]
    for kind in ("response.create", "response.cancel"):
        assert talk.refusal(kind)["code"] == "invalid_event"


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_telephone_audio_is_heard_and_answered_in_its_own_format(law: g711.Law) -> None:
    """With G.711 on both sides the turn is found, and the answer is a sixth of the bytes."""
    talk = Talk()
    both = {"format": {"type": {"ulaw": "audio/pcmu", "alaw": "audio/pcma"}[law]}}
    talk.update(audio={"input": both, "output": both})
    pcm = tone(1500) + silence(400)
    talk.send("input_audio_buffer.append", audio=b64encode(g711.encode(law, pcm)).decode())
    came = talk.finish()
    assert trace(talk.events)[2:] == [*SPOKEN_TURN, *SPOKEN_ANSWER]
    assert len(audio_of(came)) == len(clips()["answer-1"].pcm) // 6
