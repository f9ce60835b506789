"""Samples out of messages: base64 in one of the API's formats, or the digest that a recording holds instead."""

import binascii
import sys
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from relay.recording.inspection.fields import dict_of, number_of, text_of
from relay.recording.inspection.playout import RATE
from relay.recording.redaction import HASHED_AUDIO

if TYPE_CHECKING:
    Samples = array[int]
else:
    Samples = array  # 16 bits, one channel, `RATE`; it takes no argument before Python 3.12


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How one side's audio is written.

    Attributes:
        type: `audio/pcm` (16 bits, little endian), `audio/pcmu` or `audio/pcma`.
        rate: samples a second.
    """

    type: str = "audio/pcm"
    rate: int = RATE

    def samples_of(self, audio: Any) -> int:
        """How many samples, at `RATE`, an event's audio makes; nothing is decoded."""
        return _size(audio) // self._width * RATE // self.rate

    def read(self, audio: Any) -> Samples | None:
        """The samples of an event's audio; None where the recording holds a digest of it, or nothing."""
        if not isinstance(audio, str) or HASHED_AUDIO.fullmatch(audio):
            return None
        try:
            data = binascii.a2b_base64(audio)
        except ValueError:
            return None
        samples = self._decode(data)
        if self.rate == RATE:
            return samples
        count = len(samples) * RATE // self.rate
        return array("h", [samples[number * self.rate // RATE] for number in range(count)])

    @property
    def _width(self) -> int:
        return 2 if self.type == "audio/pcm" else 1

    def _decode(self, data: bytes) -> Samples:
        if self.type != "audio/pcm":
            return array("h", map(_companded(self.type).__getitem__, data))
        samples = array("h", data[: len(data) // 2 * 2])
        if sys.byteorder == "big":
            samples.byteswap()
        return samples


def read_format(session: Any, way: Literal["input", "output"]) -> AudioFormat | None:
    """The format that a session object names; None where it names none that is known."""
    found = dict_of(session)
    for key in ("audio", way, "format"):
        found = dict_of(found.get(key))
    kind = text_of(found, "type")
    if kind == "audio/pcm":
        rate = number_of(found, "rate")
        return AudioFormat(kind, rate if 8000 <= rate <= 48_000 else RATE)
    return AudioFormat(kind, 8000) if kind in _LAWS else None


def _size(audio: Any) -> int:
    if not isinstance(audio, str):
        return 0
    if found := HASHED_AUDIO.fullmatch(audio):
        return int(found[1])
    return len(audio) * 3 // 4 - audio.count("=", -2)


@cache
def _companded(kind: str) -> Sequence[int]:
    return [_LAWS[kind](byte) for byte in range(256)]


def _from_mu_law(byte: int) -> int:
    """ITU-T G.711, table 2a."""
    byte ^= 0xFF
    size = (((byte & 0x0F) << 3) + 0x84 << ((byte & 0x70) >> 4)) - 0x84
    return -size if byte & 0x80 else size


def _from_a_law(byte: int) -> int:
    """ITU-T G.711, table 1a."""
    byte ^= 0x55
    size = (byte & 0x0F) << 4
    segment = (byte & 0x70) >> 4
    size = size + 8 if segment == 0 else size + 0x108 << segment - 1
    return size if byte & 0x80 else -size


_LAWS: dict[str, Callable[[int], int]] = {"audio/pcmu": _from_mu_law, "audio/pcma": _from_a_law}
