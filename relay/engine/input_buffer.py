"""The audio that a peer has appended and that no turn has taken yet.

Positions are bytes of audio appended since the session began. They stand still while nobody appends: the clock of this
module is the audio itself.

What it holds is bounded: the last `BUFFER_LIMIT_MS`, and while turns are detected and nobody speaks, the last
`QUIET_LIMIT_MS`. What is older is forgotten, which the API does not do.
"""

from relay.engine.audio import BYTES_PER_MS
from relay.engine.errors import Fault, Refused

BUFFER_LIMIT_MS = 360_000
QUIET_LIMIT_MS = 15_000
MIN_COMMIT_MS = 100


class InputBuffer:
    """What was appended, from the position `first` on."""

    def __init__(self) -> None:
        self.first = 0
        self._held = bytearray()

    @property
    def end(self) -> int:
        """The end of the last whole sample: half of one may have been appended, and waits for its other half."""
        return self.first + (len(self._held) & ~1)

    @property
    def end_ms(self) -> int:
        """The same, in milliseconds."""
        return self.end // BYTES_PER_MS

    def append(self, pcm: bytes) -> None:
        """Hold this as well."""
        self._held += pcm

    def slice(self, start: int, end: int) -> bytes:
        """What lies there, as far as it is held."""
        return bytes(self._held[max(0, start - self.first) : end - self.first])

    def take(self, start: int, end: int) -> bytes:
        """Remove everything before `end`, and return what of it lies at `start` or after."""
        taken = self.slice(max(start, self.first), end)
        del self._held[: end - self.first]
        self.first = end
        return taken

    def require_commit(self) -> None:
        """Raise `Refused` where there is less than may be committed."""
        length = self.end - self.first
        if length < MIN_COMMIT_MS * BYTES_PER_MS:
            raise Refused(Fault.COMMIT_EMPTY, ms=length / BYTES_PER_MS)

    def forget(self, *, is_quiet: bool, up_to: int | None = None) -> None:
        """Hold no more than the limit; where `up_to` is given, forget nothing that lies behind it."""
        surplus = self.end - self.first - (QUIET_LIMIT_MS if is_quiet else BUFFER_LIMIT_MS) * BYTES_PER_MS
        if up_to is not None:
            surplus = min(surplus, up_to - self.first)
        if surplus > 0:
            del self._held[:surplus]
            self.first += surplus
