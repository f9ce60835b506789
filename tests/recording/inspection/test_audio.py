"""Samples out of messages."""

import base64
import struct
from array import array

import pytest

from relay.recording.inspection.audio import AudioFormat, read_format
from relay.recording.redaction import hashed

PCM = struct.pack("<4h", 0, 1, -2, 32767)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_pcm() -> None:
    """16-bit samples are read as they are, and counted without being read."""
    audio = encoded(PCM)
    assert AudioFormat().read(audio) == array("h", [0, 1, -2, 32767])
    assert AudioFormat().samples_of(audio) == 4


@pytest.mark.parametrize("size", range(9))
def test_any_size_is_counted_as_it_is_read(size) -> None:
    """Half a sample at the end counts for nothing, and base64's padding does not count."""
    audio = encoded(bytes(size))
    samples = AudioFormat().read(audio)
    assert samples is not None
    assert len(samples) == AudioFormat().samples_of(audio) == size // 2


def test_another_rate() -> None:
    """Audio of another rate is as long at ours."""
    slow = AudioFormat("audio/pcm", 8000)
    assert slow.read(encoded(struct.pack("<2h", 5, -5))) == array("h", [5, 5, 5, -5, -5, -5])
    assert slow.samples_of(encoded(bytes(4))) == 6


# From the tables of ITU-T G.711, as 16-bit values: the smallest and largest of both signs.
@pytest.mark.parametrize(
    ("kind", "byte", "value"),
    [
        ("audio/pcmu", 0xFF, 0),
        ("audio/pcmu", 0x80, 32124),
        ("audio/pcmu", 0x00, -32124),
        ("audio/pcmu", 0xFE, 8),
        ("audio/pcma", 0xD5, 8),
        ("audio/pcma", 0x55, -8),
        ("audio/pcma", 0xAA, 32256),
        ("audio/pcma", 0x2A, -32256),
    ],
)
def test_telephone_audio(kind, byte, value) -> None:
    """G.711 is widened to 16 bits at three times its rate."""
    samples = AudioFormat(kind, 8000).read(encoded(bytes([byte])))
    assert samples == array("h", [value] * 3)


def test_a_digest_has_a_length_and_no_sound() -> None:
    """Where the recording keeps a digest, the length is known and nothing can be heard."""
    digest = hashed(PCM)
    assert AudioFormat().samples_of(digest) == 4
    assert AudioFormat().read(digest) is None


@pytest.mark.parametrize("audio", [None, 7, {}, "a"])
def test_what_is_no_audio(audio) -> None:
    """What is not audio cannot be heard and has no length."""
    assert AudioFormat().read(audio) is None
    assert AudioFormat().samples_of(audio) == 0


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ({"type": "audio/pcm", "rate": 24000}, AudioFormat()),
        ({"type": "audio/pcm", "rate": 16000}, AudioFormat("audio/pcm", 16000)),
        ({"type": "audio/pcm", "rate": 0}, AudioFormat()),
        ({"type": "audio/pcmu"}, AudioFormat("audio/pcmu", 8000)),
        ({"type": ["audio/pcmu"]}, None),
        ("audio/opus", None),
        (None, None),
    ],
)
def test_formats(named, found) -> None:
    """A session says in which format each side's audio is; what is not known changes nothing."""
    assert read_format({"audio": {"input": {"format": named}}}, "input") == found
