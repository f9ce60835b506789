"""Messages that were sent and may not have arrived, numbered and kept, to be sent again over another connection."""

from collections import deque
from enum import Enum

from relay.core.events import Data, read_upstream_event, size_bytes

LIMIT_BYTES = 4 * 1024 * 1024
"""About a minute of base64 audio, which comes that far ahead of real time. Of more the oldest is forgotten."""

SPARE_BYTES = 64 * 1024
"""So much is kept of what has arrived: a peer's library answers a ping before its application has read all messages."""

RELAYS_OWN = "relay."


class Return(Enum):
    """What becomes of a peer that comes back; a metric's label, and the `reason` that it is told."""

    RECOVERED = "recovered"
    UNKNOWN = "unknown_token"
    OVER = "session_over"
    MISSED = "too_much_missed"


def is_counted(data: Data) -> bool:
    """Whether a message has a number: each has one, but for the relay's own events, which nothing depends on."""
    return isinstance(data, bytes) or not read_upstream_event(data).type.startswith(RELAYS_OWN)


class Unconfirmed:
    """The latest messages of one direction.

    Attributes:
        sent: how many there have been in all; the first one has the number 1.
        octets: how many bytes are kept.
    """

    def __init__(self, limit_bytes: int = LIMIT_BYTES, spare_bytes: int = SPARE_BYTES) -> None:
        self.sent = 0
        self.octets = 0
        self._limit_bytes = limit_bytes
        self._spare_bytes = spare_bytes
        self._kept: deque[tuple[Data, int]] = deque()

    def add(self, data: Data) -> None:
        """Number a message that is sent now, and keep it."""
        size = size_bytes(data)
        self._kept.append((data, size))
        self.sent += 1
        self.octets += size
        while self.octets > self._limit_bytes:
            self._forget()

    def confirm(self, number: int) -> None:
        """All messages up to this one have arrived."""
        while self._kept and self._first <= number and self.octets > self._spare_bytes:
            self._forget()

    def has_all_after(self, number: int) -> bool:
        """Whether every message behind the one of this number is kept; not if there was no such message."""
        return self._first - 1 <= number <= self.sent

    def after(self, number: int) -> list[Data]:
        """The messages behind the one of this number, as many of them as are kept."""
        skipped = max(0, number - self._first + 1)
        return [data for place, (data, _) in enumerate(self._kept) if place >= skipped]

    @property
    def _first(self) -> int:
        return self.sent - len(self._kept) + 1

    def _forget(self) -> None:
        _, size = self._kept.popleft()
        self.octets -= size
