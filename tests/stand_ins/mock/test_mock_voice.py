"""What the mock says, and when."""

import wave
from base64 import b64decode
from importlib import resources

import pytest

from relay.engine.audio import loudness, milliseconds
from relay.stand_ins.mock import voice
from relay.stand_ins.mock.voice import clips
from tests.stand_ins.mock.talk import Talk, audio_of, silence, text_of, tone

CLIPS = resources.files("relay.stand_ins.mock") / "clips"
TRANSCRIPT = "response.output_audio_transcript.delta"


@pytest.mark.parametrize("name", sorted(voice.clips()))
def test_clips_are_what_the_api_sends(name: str) -> None:
    """Each clip is 24 kHz mono PCM16, loud enough to be heard, and has its words."""
    with (CLIPS / f"{name}.wav").open("rb") as file, wave.open(file) as clip:
        assert (clip.getframerate(), clip.getnchannels(), clip.getsampwidth()) == (24000, 1, 2)
    assert loudness(clips()[name].pcm) > 1000
    assert clips()[name].words


def test_clips_are_small() -> None:
    """All clips together stay below 1.5 MB, and one is long enough to be interrupted."""
    assert sum(len(clip.pcm) for clip in clips().values()) < 1_500_000
    assert milliseconds(clips()["story"].pcm) > 12_000


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Hello there!", "greeting"),
        ("Tell me a story.", "story"),
        ("I want a long answer", "story"),
        ("Goodbye.", "goodbye"),
        ("What time is it?", "answer-1"),
        ("Do I belong here?", "answer-1"),
    ],
)
def test_written_cues_choose_the_clip(words: str, name: str) -> None:
    """Whole words of a written message choose what is said; anything else gets the next answer in turn."""
    assert audio_of(Talk().ask(words)) == clips()[name].pcm


def test_answers_take_turns() -> None:
    """Without a cue the answers rotate."""
    talk = Talk()
    said = [text_of(talk.ask("And?"), TRANSCRIPT) for _ in range(4)]
    assert said == [clips()[name].words for name in ("answer-1", "answer-2", "answer-3", "answer-1")]


def test_the_model_may_begin() -> None:
    """Asked for a response before anybody has said anything, it greets."""
    talk = Talk()
    talk.send("response.create")
    assert audio_of(talk.finish()) == clips()["greeting"].pcm


def test_a_short_utterance_is_noticed() -> None:
    """Less than a second, padding and silence included, is answered as such."""
    talk = Talk()
    talk.speak(tone(300) + silence(300))
    assert audio_of(talk.finish()) == clips()["moment"].pcm


def test_instructions_may_ask_for_long_answers() -> None:
    """A session that was told to give long answers tells the story at every turn; "long" alone says nothing."""
    talk = Talk()
    talk.update(instructions="Always give long answers.")
    assert audio_of(talk.ask("And?")) == clips()["story"].pcm
    talk.update(instructions="Answers must not be long. Say hello first.")
    assert audio_of(talk.ask("And?")) == clips()["answer-1"].pcm


def test_repeat_after_me_plays_the_speaker_back() -> None:
    """What the user said comes back sample by sample: the turn as it was detected."""
    talk = Talk()
    patient = {"type": "server_vad", "silence_duration_ms": 500}
    talk.update(instructions="Repeat after me, please.", audio={"input": {"turn_detection": patient}})
    spoken = clips()["answer-3"].pcm
    talk.speak(silence(500) + spoken + silence(600))
    talk.finish()
    (heard, _) = talk.session.conversation
    retrieved = talk.send("conversation.item.retrieve", item_id=heard.id)[0]["item"]
    echo = audio_of(talk.events)
    assert echo == b64decode(retrieved["content"][0]["audio"])
    assert echo in silence(500) + spoken + silence(600)
    assert spoken[48 * 300 : -48 * 300] in echo
    assert text_of(talk.events, TRANSCRIPT) == f"[your {len(echo) / 48000:.1f} s of speech]"


def test_a_written_repeat_after_me_plays_what_was_said_before() -> None:
    """A message that asks for it, after speech, gets the speech; without any it is answered like any other."""
    talk = Talk()
    assert audio_of(talk.ask("Repeat after me: one, two.")) == clips()["answer-1"].pcm
    talk.update(audio={"input": {"turn_detection": None}})
    talk.speak(tone(700))
    talk.send("input_audio_buffer.commit")
    assert audio_of(talk.ask("Now repeat after me!")) == tone(700)


def test_written_words_are_repeated_in_writing() -> None:
    """Where the answer is text, the words behind the phrase come back."""
    came = Talk().ask("Repeat after me: one, two.", output_modalities=["text"])
    assert text_of(came, "response.output_text.delta") == "one, two."
