"""The peer's sound made into events, decided without waiting.

    sound ──► appends of 40 ms ──►
    text  ──► passes, but behind a commit or a clear, which waits for the sound that was spoken before it

An upstream's times count samples, so for as long as a track is muted or the network is silent there is silence in its
place: what the upstream calls `audio_start_ms` stays the time since the call began.
"""

from collections import deque
from collections.abc import Iterator

from relay.core.binary_audio import BinaryAudio
from relay.core.events import Data, read_peer_event
from relay.legs.webrtc.media import BYTES_PER_S

APPEND_S = 0.04
"""Short enough for whoever listens for speech, and half the events of what comes in frames of 20 ms."""

LATE_S = 0.2
"""How long sound may take through the network and its jitter buffer before silence stands in its place."""

WAITING_TYPES = frozenset({"input_audio_buffer.commit", "input_audio_buffer.clear"})

_APPEND_BYTES = round(APPEND_S * BYTES_PER_S)
_MOST_SILENCE_BYTES = BYTES_PER_S


class Hearing:
    """One peer's sound and texts, in the order in which they go up.

    Attributes:
        held_bytes: how much text waits for sound.
    """

    def __init__(self) -> None:
        self.held_bytes = 0
        self._events = BinaryAudio()
        self._sound = bytearray()
        self._heard_bytes = 0
        self._began_at: float | None = None
        self._held: deque[tuple[Data, float | None]] = deque()

    def begin(self, now: float) -> None:
        """The peer can be heard from now on."""
        if self._began_at is None:
            self._began_at = now

    def heard(self, pcm: bytes) -> Iterator[Data]:
        """Some sound; what goes up for it."""
        self._heard_bytes += len(pcm)
        self._sound += pcm
        while len(self._sound) >= _APPEND_BYTES:
            yield self._append(_APPEND_BYTES)

    def said(self, data: Data, now: float) -> Iterator[Data]:
        """A message came over the channel; what goes up for it at once."""
        waits = self._began_at is not None and read_peer_event(data).type in WAITING_TYPES
        if not (waits or self._held):
            yield data
            return
        self._held.append((data, now + LATE_S if waits else None))
        self.held_bytes += len(data)

    def passed(self, now: float) -> Iterator[Data]:
        """Time has passed: silence for what should have come by now, then what has waited for long enough."""
        if self._began_at is not None:
            missing = round((now - LATE_S - self._began_at) * BYTES_PER_S) - self._heard_bytes
            if missing >= _APPEND_BYTES:
                yield from self.heard(bytes(min(missing, _MOST_SILENCE_BYTES) & ~1))
        while self._held and ((due := self._held[0][1]) is None or due <= now):
            data, _ = self._held.popleft()
            self.held_bytes -= len(data)
            if due is not None and self._sound:
                yield self._append(len(self._sound))
            yield data

    def _append(self, count: int) -> Data:
        pcm = bytes(self._sound[:count])
        del self._sound[:count]
        return self._events.up(pcm)
