"""Sound to be heard: PCM16, 24 kHz, mono."""

import math
from array import array

RATE = 24_000


def tone(ms: int, hertz: float = 220, loudness: int = 8000, rate: int = RATE) -> bytes:
    count = ms * rate // 1000
    return array("h", (round(loudness * math.sin(2 * math.pi * hertz * n / rate)) for n in range(count))).tobytes()


def silence(ms: int) -> bytes:
    return bytes(2 * ms * RATE // 1000)
