"""G.711 for telephone audio: µ-law and A-law bytes at 8 kHz to and from PCM16 at 24 kHz.

Going up, each sample is held for three; going down, three are averaged. What went up therefore comes down
unchanged, which is what an echo needs. It is not how a resampler for music would do it.
"""

import struct
from functools import cache
from itertools import pairwise
from typing import Literal

Law = Literal["ulaw", "alaw"]

UPSAMPLING = 3
PCM_VALUES = 1 << 16


def _ulaw_level(code: int) -> int:
    """The 16-bit sample of one µ-law byte (ITU-T G.711, table 2)."""
    inverted = ~code & 0xFF
    magnitude = (((inverted & 0x0F) << 3) + 0x84 << (inverted >> 4 & 7)) - 0x84
    return -magnitude if inverted & 0x80 else magnitude


def _alaw_level(code: int) -> int:
    """The 16-bit sample of one A-law byte (ITU-T G.711, table 1)."""
    toggled = code ^ 0x55
    exponent = toggled >> 4 & 7
    magnitude = ((toggled & 0x0F) << 4) + (0x108 if exponent else 8) << max(exponent - 1, 0)
    return magnitude if toggled & 0x80 else -magnitude


@cache
def _levels(law: Law) -> tuple[int, ...]:
    """The sample of each of the 256 codes."""
    return tuple(map(_ulaw_level if law == "ulaw" else _alaw_level, range(256)))


@cache
def _decoding(law: Law) -> tuple[bytes, ...]:
    """For each code, the bytes of the 24 kHz samples that it becomes."""
    return tuple(struct.pack("<h", level) * UPSAMPLING for level in _levels(law))


@cache
def _encoding(law: Law) -> bytes:
    """The code whose level is nearest to each sample, the higher of two; a negative sample indexes from the end."""
    codes = sorted(range(256), key=lambda code: (_levels(law)[code], code))
    nearest = bytearray()
    for code, following in pairwise(codes):
        midpoint = (_levels(law)[code] + _levels(law)[following]) // 2
        nearest.extend(bytes([code]) * (midpoint + PCM_VALUES // 2 - len(nearest)))
    nearest.extend(bytes([codes[-1]]) * (PCM_VALUES - len(nearest)))
    half = PCM_VALUES // 2
    return bytes(nearest[half:] + nearest[:half])


def decode(law: Law, data: bytes) -> bytes:
    """24 kHz PCM16, little endian, of these codes."""
    return b"".join(map(_decoding(law).__getitem__, data))


def encode(law: Law, pcm: bytes) -> bytes:
    """Codes of this 24 kHz PCM16; up to two samples that do not fill a third of a code are dropped."""
    samples = memoryview(pcm).cast("h")
    table = _encoding(law)
    return bytes(
        table[sum(three) // UPSAMPLING] for three in zip(samples[0::3], samples[1::3], samples[2::3], strict=False)
    )
