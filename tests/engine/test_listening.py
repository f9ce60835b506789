"""The input audio buffer: positions, limits, and what is found whatever the sizes of the chunks."""

from typing import Any

import pytest

from relay.engine.errors import Refused
from relay.engine.listening import Listener, SpeechStarted, SpeechStopped
from tests.stand_ins.mock.talk import BYTES_PER_MS, silence, tone

DETECTION: dict[str, Any] = {
    "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 200,
}  # fmt: skip


def listening(detection: dict[str, Any] | None = DETECTION) -> Listener:
    listener = Listener()
    listener.detect_turns(detection)
    return listener


def hear(listener: Listener, pcm: bytes, chunk_bytes: int | None = None) -> list[SpeechStarted | SpeechStopped]:
    """Append all of this, in chunks of this size or at once; what is found."""
    size = chunk_bytes or len(pcm)
    chunks = (pcm[start : start + size] for start in range(0, len(pcm), size))
    return [found for chunk in chunks for found in listener.append(chunk)]


@pytest.mark.parametrize("chunk_bytes", [None, 1, 3, 959, 1920, 5000])
def test_turns_do_not_depend_on_how_they_are_cut(chunk_bytes: int | None) -> None:
    """Two turns have the same positions and the same audio in any chunks, even of half samples."""
    pcm = silence(500) + tone(300) + silence(400) + tone(200) + silence(300)
    assert hear(listening(), pcm, chunk_bytes) == [
        SpeechStarted(200),
        SpeechStopped(1000, pcm[200 * BYTES_PER_MS : 1000 * BYTES_PER_MS]),
        SpeechStarted(1000),
        SpeechStopped(1600, pcm[1000 * BYTES_PER_MS : 1600 * BYTES_PER_MS]),
    ]


def test_padding_does_not_reach_into_the_turn_before() -> None:
    """What was committed once is not committed again as the prefix of the next turn."""
    first, second = (
        found
        for found in hear(listening(), tone(300) + silence(200) + tone(300) + silence(200))
        if isinstance(found, SpeechStarted)
    )
    assert (first.start_ms, second.start_ms) == (0, 500)


def test_a_commit_takes_everything() -> None:
    """What was appended is taken once; less than 100 ms is refused."""
    listener = listening(None)
    assert hear(listener, tone(99)) == []
    with pytest.raises(Refused, match=r"only has 99\.00ms"):
        listener.commit()
    hear(listener, silence(1))
    assert listener.commit() == tone(99) + silence(1)
    with pytest.raises(Refused, match=r"only has 0\.00ms"):
        listener.commit()


def test_half_a_sample_waits_for_its_other_half() -> None:
    """A commit between two bytes of a sample leaves the first of them for the next turn."""
    listener = listening(None)
    pcm = tone(400)
    hear(listener, pcm[:9601])
    assert listener.commit() == pcm[:9600]
    hear(listener, pcm[9601:])
    assert listener.commit() == pcm[9600:]


def test_a_commit_in_the_middle_of_speech_begins_anew() -> None:
    """Somebody who goes on speaking after a commit starts another turn."""
    listener = listening()
    assert hear(listener, tone(300)) == [SpeechStarted(0)]
    assert listener.commit() == tone(300)
    assert hear(listener, tone(300)) == [SpeechStarted(300)]


def test_clearing_forgets_the_turn() -> None:
    """After clear there is nothing to commit, and time goes on."""
    listener = listening()
    hear(listener, tone(300))
    listener.clear()
    assert hear(listener, silence(400)) == []
    assert listener.end_ms == 700


def test_detection_begins_where_it_is_switched_on() -> None:
    """What was appended before is not searched for speech; asking for the same again disturbs nothing."""
    listener = listening(None)
    hear(listener, tone(300))
    listener.detect_turns(DETECTION)
    assert hear(listener, silence(400)) == []
    assert hear(listener, tone(300)) == [SpeechStarted(400)]
    listener.detect_turns(dict(DETECTION))
    assert listener.is_speaking


def test_a_quiet_buffer_is_short() -> None:
    """While nobody speaks the last 15 s are kept: an open microphone costs no more than that."""
    listener = listening()
    for _ in range(20):
        hear(listener, silence(1000))
    assert len(listener.commit()) == 15_000 * BYTES_PER_MS
    assert listener.end_ms == 20_000


def test_a_buffer_holds_six_minutes() -> None:
    """What is appended and never committed is forgotten from its beginning."""
    listener = listening(None)
    hear(listener, tone(1000))
    for _ in range(36):
        hear(listener, silence(10_000))
    assert listener.commit() == silence(360_000)
