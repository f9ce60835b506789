"""Both voices in time, as a WAV file."""

import base64
import stat
import struct
import wave
from itertools import groupby
from pathlib import Path

import pytest

from relay.core.prices import Prices
from relay.recording import RecordingError
from relay.recording.inspection import inspect_recording
from relay.recording.inspection.playout import RATE
from relay.recording.inspection.wav import write_wav
from relay.recording.redaction import hashed
from tests.fakes.recordings import Scripted

Stretch = tuple[float, int]
"""So many seconds of one value."""


@pytest.fixture
def voices(tmp_path: Path):
    """Write the WAV of a script; its left and right channel as stretches of equal samples."""

    def voices(script: Scripted) -> tuple[list[Stretch], list[Stretch]]:
        recording = script.write(tmp_path / "one.jsonl")
        path = tmp_path / "one.wav"
        write_wav(recording, inspect_recording(recording, Prices({})), path)
        with wave.open(str(path)) as file:
            assert file.getparams()[:4] == (2, 2, RATE, file.getnframes())
            raw = file.readframes(file.getnframes())
        samples = struct.unpack(f"<{len(raw) // 2}h", raw)
        return stretches(samples[0::2]), stretches(samples[1::2])

    return voices


def stretches(samples: tuple[int, ...]) -> list[Stretch]:
    return [(len(list(group)) / RATE, value) for value, group in groupby(samples)]


def audio(seconds: float, value: int) -> str:
    return base64.b64encode(struct.pack("<h", value) * round(seconds * RATE)).decode()


def append(seconds: float, value: int) -> dict[str, str]:
    return {"type": "input_audio_buffer.append", "audio": audio(seconds, value)}


def delta(seconds: float, value: int, item: str = "i1") -> dict[str, str]:
    return {"type": "response.output_audio.delta", "item_id": item, "delta": audio(seconds, value)}


def truncate(item: str, ms: int) -> dict[str, str | int]:
    return {"type": "conversation.item.truncate", "item_id": item, "content_index": 0, "audio_end_ms": ms}


def test_the_peer_is_left_and_the_upstream_right(voices) -> None:
    """Each voice has its channel, and sounds when it came; the file is as long as the session."""
    script = Scripted().up(append(0.5, 100), 1.0).down(delta(0.25, -200), 2.0).closed_by_peer(3.0)
    assert voices(script) == ([(1.0, 0), (0.5, 100), (1.5, 0)], [(2.0, 0), (0.25, -200), (0.75, 0)])


def test_an_answer_plays_from_its_first_delta_on(voices) -> None:
    """An answer that comes faster than it is spoken is heard at its own pace, to its end behind the session's."""
    script = Scripted()
    for tenth in range(4):
        script.down(delta(1.5, tenth + 1), 1 + tenth / 10)
    assert voices(script.closed_by_peer(2.0))[1] == [(1.0, 0), (1.5, 1), (1.5, 2), (1.5, 3), (1.5, 4)]


def test_a_cut_answer_ends_where_it_was_cut(voices) -> None:
    """What a peer truncated is silent from there on, and so is what had queued behind; the next answer is in time."""
    script = Scripted().down(delta(5.0, 1), 1.0).down(delta(5.0, 2), 1.1).down(delta(5.0, 3, "i2"), 1.2)
    script.up(truncate("i1", 6000), 7.5).down(delta(1.0, 4), 7.6).down(delta(0.5, 5, "i3"), 9.0)
    right = voices(script.closed_by_peer(10.0))[1]
    assert right == [(1.0, 0), (5.0, 1), (1.0, 2), (2.0, 0), (0.5, 5), (0.5, 0)]


def test_a_cut_hushes_what_sounds(voices) -> None:
    """Where the peer truncates an item that was already over, the one that sounds ends at that moment."""
    script = Scripted().down(delta(1.0, 1), 0.0).down(delta(4.0, 2, "i2"), 0.1)
    script.up(truncate("i1", 1000), 2.0).down(delta(1.0, 3, "i3"), 2.5).closed_by_peer(4.0)
    assert voices(script)[1] == [(1.0, 1), (1.0, 2), (0.5, 0), (1.0, 3), (0.5, 0)]


def test_a_microphones_jitter_is_no_gap(voices) -> None:
    """Messages of a microphone that come a little late follow one another; a real pause stays."""
    script = Scripted().up(append(0.1, 1), 1.0).up(append(0.1, 2), 1.15).up(append(0.1, 3), 2.0).closed_by_peer(2.5)
    assert voices(script)[0] == [(1.0, 0), (0.1, 1), (0.1, 2), (0.8, 0), (0.1, 3), (0.4, 0)]


def test_telephone_audio_is_widened(voices) -> None:
    """A session in G.711 sounds as long and as high as it was."""
    script = Scripted().down({"type": "session.created", "session": {"audio": {
        "input": {"format": {"type": "audio/pcmu"}}, "output": {"format": {"type": "audio/pcma"}}}}}, 0.0)  # fmt: skip
    script.up({"type": "input_audio_buffer.append", "audio": base64.b64encode(b"\x80" * 8000).decode()}, 0.0)
    script.down({"type": "response.output_audio.delta", "delta": base64.b64encode(b"\xaa" * 4000).decode()}, 0.0)
    assert voices(script.closed_by_peer(1.0)) == ([(1.0, 32124)], [(0.5, 32256), (0.5, 0)])


def test_a_digest_is_silent(voices) -> None:
    """Where the recording keeps digests the voice is silent, and what follows is in its place."""
    script = Scripted().down({**delta(1.0, 1), "delta": hashed(bytes(48_000))}, 0.5).down(delta(0.5, 7), 0.6)
    assert voices(script.closed_by_peer(2.0))[1] == [(1.5, 0), (0.5, 7)]


def test_it_is_the_users_alone(tmp_path) -> None:
    """Nobody else can read the file."""
    recording = Scripted().closed_by_peer(1.0).write(tmp_path / "one.jsonl")
    write_wav(recording, inspect_recording(recording, Prices({})), tmp_path / "one.wav")
    assert stat.S_IMODE((tmp_path / "one.wav").stat().st_mode) == 0o600


def test_a_damaged_time_makes_no_endless_file(tmp_path) -> None:
    """A recording that claims to last for days is refused before anything is written."""
    recording = Scripted().closed_by_peer(1e12).write(tmp_path / "one.jsonl")
    with pytest.raises(RecordingError, match="lasts longer than 12 hours"):
        write_wav(recording, inspect_recording(recording, Prices({})), tmp_path / "one.wav")
    assert not (tmp_path / "one.wav").exists()
