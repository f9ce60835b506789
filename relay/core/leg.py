"""The two sides that a session joins, as the session sees them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from relay.core.events import Data


@dataclass(frozen=True, slots=True)
class Closed:
    """How a connection ended.

    Attributes:
        code: the close code; 1006 where there was no closing handshake, 1005 where the close had no code.
        reason: the words with it.
        ours: this end failed the connection, because the other broke the protocol or a limit.
    """

    code: int
    reason: str = ""
    ours: bool = False


def _no_progress(waiting_bytes: int, now: float) -> None:
    """Most connections tell when all has gone, and nothing before."""


@dataclass(frozen=True, slots=True)
class Listener:
    """What a leg calls. Each call gets the time, in seconds of one monotonic clock, and returns at once.

    Attributes:
        on_message: a whole message arrived.
        on_closed: the connection has ended, by whoever's doing. Called once, and nothing is called after it.
        on_drained: what waited to be sent has been handed over, after `buffered_bytes` was above zero.
        on_progress: some of it has, and so many bytes still wait: of a leg that hands over by a clock.
    """

    on_message: Callable[[Data, float], None]
    on_closed: Callable[[Closed, float], None]
    on_drained: Callable[[float], None]
    on_progress: Callable[[int, float], None] = _no_progress


class Lane(Protocol):
    """A way past the session for one direction's messages that nobody wants to see, in the order of all.

    Whoever opens it promises that a message passes only where `Flow.wants` has said of its type that nobody wants it,
    and that it is an event of that type for every reader: it leaves no room for a second meaning.

    Attributes:
        events, octets: what has passed.
    """

    @property
    def events(self) -> int: ...

    @property
    def octets(self) -> int: ...

    def forget(self) -> None:
        """What is wanted has changed."""
        ...

    def let(self, events: float, octets: float) -> None:
        """Let less than so many pass from now on, those that take the other way counted in: the last one is told."""
        ...


class Leg(Protocol):
    """One end's connection. No method waits; a leg that is closing or closed ignores what it is asked."""

    @property
    def buffered_bytes(self) -> int:
        """What was sent but not yet handed to the connection."""
        ...

    @property
    def extra_frames(self) -> int:
        """How many frames arrived that are no message by themselves: pings, pongs, fragments."""
        ...

    def send(self, data: Data, received_at: float) -> int:
        """Send a message after those before it, and return how many bytes wait now, or 0 for few.

        `received_at` is when the message's cause arrived, for the time that the relay added.
        """
        ...

    def close(self, code: int, reason: str) -> None:
        """Close with a handshake once everything sent before has gone, or abort when that takes too long."""
        ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...
