"""The detector, frame by frame."""

import pytest

from relay.engine.vad import FRAME_BYTES, Change, EnergyVad, VadSettings
from tests.stand_ins.mock.talk import silence, tone

SETTINGS = VadSettings(threshold=0.5, prefix_ms=300, silence_ms=200)


def changes(vad: EnergyVad, pcm: bytes) -> list[tuple[int, Change]]:
    """What this brings, and the milliseconds that were heard until then."""
    frames = ((start, pcm[start : start + FRAME_BYTES]) for start in range(0, len(pcm), FRAME_BYTES))
    heard = ((start // 48 + 20, vad.hear(frame)) for start, frame in frames)
    return [(heard_ms, change) for heard_ms, change in heard if change]


def test_speech_starts_with_its_third_frame_and_stops_with_the_silence() -> None:
    """60 ms of sound are speech; it is over after all of silence_ms was quiet."""
    found = changes(EnergyVad(SETTINGS), silence(100) + tone(400) + silence(400))
    assert found == [(160, Change.STARTED), (700, Change.STOPPED)]


def test_a_click_is_no_speech() -> None:
    """Two loud frames, and again two, never start a turn."""
    assert changes(EnergyVad(SETTINGS), (silence(200) + tone(40)) * 5) == []


def test_a_breath_does_not_end_a_turn() -> None:
    """A pause that is shorter than silence_ms belongs to the speech."""
    found = changes(EnergyVad(SETTINGS), tone(300) + silence(180) + tone(300) + silence(200))
    assert [change for _, change in found] == [Change.STARTED, Change.STOPPED]


@pytest.mark.parametrize(("threshold", "quietest"), [(0.0, 50), (0.5, 500), (1.0, 5000)])
def test_the_threshold_is_a_level(threshold: float, quietest: int) -> None:
    """0, 0.5 and 1 stand for -60, -40 and -20 dBFS: each takes what is a little louder, not a third of that."""
    settings = VadSettings(threshold, 0, 200)
    assert changes(EnergyVad(settings), tone(200, quietest))
    assert not changes(EnergyVad(settings), tone(200, quietest // 3))


def test_a_constant_offset_is_silence() -> None:
    """A microphone whose zero is not zero does not speak."""
    assert changes(EnergyVad(SETTINGS), b"\x00\x20" * 24 * 500) == []


def test_a_turn_ends_in_a_noisy_room() -> None:
    """Noise that is too loud to count as silence, and too quiet to start a turn, ends one that was much louder."""
    assert not changes(EnergyVad(SETTINGS), tone(400, 400))
    found = changes(EnergyVad(SETTINGS), tone(300, 16000) + tone(400, 400))
    assert [change for _, change in found] == [Change.STARTED, Change.STOPPED]


def test_settings_are_read_from_either_kind() -> None:
    """server_vad brings its own numbers; semantic_vad a wait that follows its eagerness."""
    server = {"type": "server_vad", "threshold": 0.3, "prefix_padding_ms": 100, "silence_duration_ms": 700}
    assert VadSettings.read(server) == VadSettings(0.3, 100, 700)
    assert VadSettings.read({"type": "semantic_vad", "eagerness": "low"}) == VadSettings(0.5, 300, 1200)
