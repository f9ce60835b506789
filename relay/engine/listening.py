"""The input audio buffer, and the turns that are found in it.

Positions are milliseconds of audio appended since the session began, as in `audio_start_ms`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from relay.engine.audio import BYTES_PER_MS
from relay.engine.input_buffer import InputBuffer
from relay.engine.vad import FRAME_BYTES, ONSET_FRAMES, Change, EnergyVad, VadSettings


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Somebody speaks; `start_ms` lies before the onset by the prefix padding."""

    start_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The turn is over; `pcm` is all of it, padding and silence included, and has left the buffer."""

    end_ms: int
    pcm: bytes


class TurnListener(Protocol):
    """The input audio buffer of a session, and what finds turns in it."""

    @property
    def end_ms(self) -> int:
        """Where the audio that has been appended so far ends."""

    @property
    def is_speaking(self) -> bool:
        """A turn has started and is not over."""

    def detect_turns(self, turn_detection: Mapping[str, Any] | None) -> None:
        """Find turns like this from here on, or not at all. Asking for what is done already changes nothing."""

    def append(self, pcm: bytes) -> Iterator[SpeechStarted | SpeechStopped]:
        """Buffer this, and tell what is found. Iterate to the end: finding is done on the way."""

    def commit(self) -> bytes:
        """Take everything out of the buffer, as the turn that somebody decided to end.

        Raises:
            Refused: there is too little.
        """

    def take_since(self, start_ms: int) -> bytes:
        """Take out what was appended since then, and forget what lay before it."""

    def clear(self) -> None:
        """Empty the buffer; a turn that had started is forgotten."""

    def end(self) -> None:
        """Let go of what it holds: no more will come."""


class Listener:
    """Buffers what is appended, and finds turns in it by their loudness, when told how.

    Its detector sees each frame of 20 ms once, whatever sizes they are appended in.
    """

    def __init__(self) -> None:
        self._buffer = InputBuffer()
        self._heard = 0
        self._turn_start: int | None = None
        self._vad: EnergyVad | None = None

    @property
    def end_ms(self) -> int:
        """Where the audio that has been appended so far ends."""
        return self._buffer.end_ms

    @property
    def is_speaking(self) -> bool:
        """A turn has started and is not over."""
        return self._turn_start is not None

    def detect_turns(self, turn_detection: Mapping[str, Any] | None) -> None:
        """Find turns like this from here on, or not at all. Asking for what is done already changes nothing."""
        settings = VadSettings.read(turn_detection) if turn_detection else None
        if settings == (self._vad.settings if self._vad else None):
            return
        self._vad = EnergyVad(settings) if settings else None
        self._turn_start = None
        self._heard = self._buffer.end

    def append(self, pcm: bytes) -> Iterator[SpeechStarted | SpeechStopped]:
        """Buffer this, and tell what is found. Iterate to the end: finding is done on the way."""
        self._buffer.append(pcm)
        while self._vad and self._buffer.end - self._heard >= FRAME_BYTES:
            change = self._vad.hear(self._buffer.slice(self._heard, self._heard + FRAME_BYTES))
            self._heard += FRAME_BYTES
            if change is Change.STARTED:
                yield self._start_turn(self._vad.settings.prefix_ms)
            elif change is Change.STOPPED:
                yield SpeechStopped(self._heard // BYTES_PER_MS, self._take(self._turn_start or 0, self._heard))
        self._buffer.forget(is_quiet=self._vad is not None and not self._vad.is_speaking)
        self._heard = max(self._heard, self._buffer.first)

    def commit(self) -> bytes:
        """Take everything out of the buffer, as the turn that somebody decided to end.

        Raises:
            Refused: there is less than 100 ms.
        """
        self._buffer.require_commit()
        return self._take_rest(self._buffer.first)

    def take_since(self, start_ms: int) -> bytes:
        """Take out what was appended since then, and forget what lay before it."""
        return self._take_rest(start_ms * BYTES_PER_MS)

    def clear(self) -> None:
        """Empty the buffer; a turn that had started is forgotten."""
        self._take_rest(self._buffer.end)

    def end(self) -> None:
        """Let go of what it holds."""
        self._vad = None
        self.clear()

    def _take_rest(self, start: int) -> bytes:
        """Take everything, and listen as if nothing had been said before."""
        pcm = self._take(start, self._buffer.end)
        self._heard = self._buffer.first
        if self._vad:
            self._vad = EnergyVad(self._vad.settings)
        return pcm

    def _take(self, start: int, end: int) -> bytes:
        self._turn_start = None
        return self._buffer.take(start, end)

    def _start_turn(self, prefix_ms: int) -> SpeechStarted:
        onset = self._heard - ONSET_FRAMES * FRAME_BYTES
        self._turn_start = max(self._buffer.first, onset - prefix_ms * BYTES_PER_MS)
        return SpeechStarted(self._turn_start // BYTES_PER_MS)
