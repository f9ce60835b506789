"""Sound that services take and give: WAV files, rates, and samples that a read has cut in two."""

import struct
from array import array
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np

RATE = 24_000
"""What the relay speaks: PCM16, mono, so many samples a second."""

HEAD_LIMIT_BYTES = 4096
"""Before its samples a WAV file says no more than this."""

_INTEGERS = 1
_EXTENSIBLE = 0xFFFE
_OTHERS = {b"ID3": "MP3", b"OggS": "Ogg", b"fLaC": "FLAC", b"<": "a page", b"{": "JSON"}


class NotSound(ValueError):  # noqa: N818 - the fact, not the fault
    """What came is no PCM16; the words say what it is instead."""


def wav(pcm: bytes, rate: int = RATE) -> bytes:
    """A WAV file of PCM16, mono."""
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(pcm), b"WAVE", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16,
        b"data", len(pcm),
    )  # fmt: skip
    return head + pcm


class SoundReader:
    """Makes PCM16 at 24 kHz of what a service sends, piece by piece.

    Args:
        rate: of what is not WAV, which says its own.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._channels = 1
        self._head: bytearray | None = bytearray()
        self._rest = b""
        self._resampler: _Resampler | None = None

    def read(self, data: bytes) -> bytes:
        """What can be heard of it already; may be empty.

        Raises:
            NotSound: it is something else.
        """
        if self._head is not None:
            self._head += data
            begun = self._begin(bytes(self._head))
            if begun is None:
                return b""
            self._head, data = None, begun
        return self._convert(data)

    def finish(self) -> bytes:
        """What is left when all has come.

        Raises:
            NotSound: it was too short to be anything.
        """
        pcm = b""
        if self._head is not None:
            if self._head.startswith(b"RIFF"):
                raise NotSound("a WAV file without samples")
            pcm, self._head = self._convert(bytes(self._head)), None
        return pcm + (self._resampler.resample(b"", is_last=True) if self._resampler else b"")

    def _begin(self, head: bytes) -> bytes | None:
        """The samples behind the head of the file, if there is one; None where that is not known yet."""
        if len(head) < 12:
            return None
        if head.startswith(b"RIFF"):
            found = read_wav_head(head)
            if found is None:
                if len(head) > HEAD_LIMIT_BYTES:
                    raise NotSound("a WAV file whose samples cannot be found")
                return None
            self._rate, self._channels, start = found
            head = head[start:]
        else:
            for beginning, what in _OTHERS.items():
                if head.startswith(beginning) and (len(beginning) > 1 or head[:12].isascii()):
                    raise NotSound(f"{what} where PCM was asked for")
        if self._rate != RATE:
            self._resampler = open_resampler(self._rate, RATE)
        return head

    def _convert(self, data: bytes) -> bytes:
        size = 2 * self._channels
        data = self._rest + data
        whole = len(data) - len(data) % size
        data, self._rest = data[:whole], data[whole:]
        if self._channels == 2:
            data = _mixed_down(data)
        return self._resampler.resample(data) if self._resampler and data else data


def read_wav_head(head: bytes) -> tuple[int, int, int] | None:
    """Rate, channels, and where the samples begin; None where the head is not complete.

    Raises:
        NotSound: its samples are no PCM16 in one or two channels.
    """
    at, form = 12, None
    while at + 8 <= len(head):
        name, size = struct.unpack_from("<4sI", head, at)
        at += 8
        if name == b"data":
            if form is None:
                raise NotSound("a WAV file that does not say what its samples are")
            return form[0], form[1], at
        if name == b"fmt " and at + 16 <= len(head):
            kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", head, at)
            if kind not in {_INTEGERS, _EXTENSIBLE} or bits != 16 or channels not in {1, 2} or not rate:
                raise NotSound(f"WAV of {bits} bits in {channels} channels; PCM16 was asked for")
            form = rate, channels
        at += size + size % 2
    return None


class _Resampler(Protocol):
    def resample(self, pcm: bytes, *, is_last: bool = False) -> bytes:
        """What can be heard of it at the other rate."""


def open_resampler(from_rate: int, to_rate: int) -> _Resampler:
    """A change of rate, in pieces.

    Raises:
        ImportError: the extra `cascade` is not installed.
    """
    return _Soxr(from_rate, to_rate)


class _Soxr:
    """libsoxr in its fast quality, which delays by a few milliseconds and is clear enough for a voice."""

    def __init__(self, from_rate: int, to_rate: int) -> None:
        import numpy as np  # noqa: PLC0415 - 20 MB, for who has a cascade
        import soxr  # noqa: PLC0415 - 1 MB, likewise

        self._from_bytes = np.frombuffer
        self._stream = soxr.ResampleStream(from_rate, to_rate, 1, dtype="int16", quality="LQ")

    def resample(self, pcm: bytes, *, is_last: bool = False) -> bytes:
        samples: np.ndarray = self._from_bytes(pcm, dtype="<i2")
        return bytes(self._stream.resample_chunk(samples, last=is_last).tobytes())


def _mixed_down(pcm: bytes) -> bytes:
    """One channel of two."""
    samples = array("h", pcm)
    return array("h", ((a + b) // 2 for a, b in zip(samples[::2], samples[1::2], strict=True))).tobytes()
