"""Audio inside the mock: always PCM16, 24 kHz, mono, little endian. Here it gets in and out of other formats."""

import binascii
import math
from collections.abc import Mapping
from typing import Any

from relay.core import g711
from relay.engine.errors import Fault, Refused

BYTES_PER_MS = 48
MAX_EVENT_BYTES = 15 << 20
AUDIBLE_LEVEL = 33.0
WINDOW_BYTES = 100 * BYTES_PER_MS

AudioFormat = dict[str, Any]
"""`{"type": "audio/pcm", "rate": 24000}`, `{"type": "audio/pcmu"}` or `{"type": "audio/pcma"}`."""

LAWS: Mapping[str, g711.Law] = {"audio/pcmu": "ulaw", "audio/pcma": "alaw"}


def milliseconds(pcm: bytes | bytearray) -> int:
    """How long this lasts, in whole milliseconds."""
    return len(pcm) // BYTES_PER_MS


def decode(audio_format: AudioFormat, encoded: str, param: str) -> bytes:
    """The PCM of base64 audio in this format.

    Raises:
        Refused: it is not base64, or is more than the 15 MiB that one event may carry.
    """
    try:
        data = binascii.a2b_base64(encoded, strict_mode=True) if encoded else b""
    except ValueError:
        raise Refused(Fault.INVALID_AUDIO, param=param) from None
    if len(data) > MAX_EVENT_BYTES:
        raise Refused(Fault.AUDIO_TOO_LARGE, param=param)
    law = LAWS.get(audio_format["type"])
    return g711.decode(law, data) if law else data


def encode(audio_format: AudioFormat, pcm: bytes | bytearray) -> str:
    """This PCM as base64 in the given format."""
    law = LAWS.get(audio_format["type"])
    data = g711.encode(law, bytes(pcm)) if law else pcm
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def loudness(pcm: bytes | bytearray) -> float:
    """The root mean square of every fourth sample, without what is constant in it; full scale is 32768.

    A quarter of the samples tells speech from silence as well as all of them do, in a quarter of the time.
    """
    samples = memoryview(pcm)[: len(pcm) & ~1].cast("h")[::4]
    if not samples:
        return 0.0
    mean = sum(samples) / len(samples)
    return math.sqrt(max(math.hypot(*samples) ** 2 / len(samples) - mean**2, 0.0))


def is_audible(pcm: bytes | bytearray) -> bool:
    """Whether any tenth of a second of this is louder than -60 dBFS."""
    windows = (pcm[start : start + WINDOW_BYTES] for start in range(0, len(pcm), WINDOW_BYTES))
    return any(loudness(window) >= AUDIBLE_LEVEL for window in windows)
