"""relay.cascade.services.sound"""

import struct
import wave
from io import BytesIO

import pytest

from relay.cascade.services.sound import NotSound, SoundReader, read_wav_head, wav
from tests.fakes.sounds import tone


def test_a_turn_is_a_wav_file() -> None:
    """A turn's WAV file is read by others as it was meant."""
    with wave.open(BytesIO(wav(tone(100)))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        assert file.readframes(9999) == tone(100)


def head(kind: int = 1, channels: int = 1, bits: int = 16, rate: int = 24_000, before: bytes = b"") -> bytes:
    form = struct.pack("<HHIIHH", kind, channels, rate, 0, 0, bits)
    chunks = before + b"fmt " + struct.pack("<I", len(form)) + form + b"data\xff\xff\xff\xff"
    return b"RIFF\xff\xff\xff\xffWAVE" + chunks


def test_a_stream_of_wav_does_not_know_its_length() -> None:
    """A WAV file that is made as it is sent, and one with other chunks before its samples, are read."""
    reader = SoundReader(16_000)
    assert reader.read(head(before=b"LIST\x05\x00\x00\x00abcde\x00") + tone(20)) == tone(20)
    assert reader.finish() == b""


def test_two_channels_become_one() -> None:
    """Sound in two channels is mixed into one, however it is cut."""
    reader = SoundReader(24_000)
    data = head(channels=2) + struct.pack("<4h", 100, 200, -100, -300)
    assert reader.read(data[:-5]) + reader.read(data[-5:]) == struct.pack("<2h", 150, -200)


@pytest.mark.parametrize("wrong", [head(kind=3, bits=32), head(bits=8), head(channels=6)])
def test_other_samples_are_refused(wrong) -> None:
    """Samples of another size or in more channels are told as what they are."""
    with pytest.raises(NotSound, match="PCM16 was asked for"):
        SoundReader(24_000).read(wrong)


def test_a_file_has_to_say_what_its_samples_are() -> None:
    """Samples before the chunk that says what they are cannot be read."""
    with pytest.raises(NotSound, match="does not say what its samples are"):
        read_wav_head(b"RIFF\xff\xff\xff\xffWAVEdata\xff\xff\xff\xff")


def test_a_few_samples_are_sound() -> None:
    """Sound that is shorter than any head is sound."""
    reader = SoundReader(24_000)
    assert reader.read(b"\x01\x00\x02") == b""
    assert reader.finish() == b"\x01\x00"


def test_a_wav_file_without_samples_is_none() -> None:
    """A WAV file that ends in its head is told as that."""
    reader = SoundReader(24_000)
    reader.read(head()[:20])
    with pytest.raises(NotSound, match="without samples"):
        reader.finish()


def test_quiet_sound_that_begins_like_text_is_sound() -> None:
    """Samples whose first byte is that of a page or of JSON are sound all the same."""
    assert SoundReader(24_000).read(b"<\x00\x05\xff" * 8) == b"<\x00\x05\xff" * 8
