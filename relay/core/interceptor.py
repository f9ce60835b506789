"""The one extension point: a small class that asks for event types and sees those events alone."""

from typing import TYPE_CHECKING

from relay.core.events import Event

if TYPE_CHECKING:
    from relay.core.closing import Ended
    from relay.core.session import Session

EVERY = "*"
"""Stands for every type, and for what is no event; a policy that nothing may pass by asks for it."""


class Interceptor:
    """Sees the events whose types it names, in each direction, before they are forwarded.

    One instance serves one session. Its methods must not wait: they run between the arrival of a message and its
    departure. To act, call the session that `opened` brings: `send_up`, `send_down`, `end`.

    Attributes:
        up: types of events from the peer that it wants; `EVERY` among them for all.
        down: types of events from the upstream that it wants; `EVERY` among them for all.
    """

    up: frozenset[str] = frozenset()
    down: frozenset[str] = frozenset()

    def opened(self, session: "Session", now: float) -> None:
        """Both legs are open and nothing has been forwarded yet."""

    def on_up(self, event: Event, now: float) -> Event | None:
        """Return what goes up instead of `event`: itself to leave it untouched, another, or None to drop it."""
        return event

    def on_down(self, event: Event, now: float) -> Event | None:
        """Return what goes down instead of `event`: itself to leave it untouched, another, or None to drop it."""
        return event

    def passes_proved(self, kind: str) -> bool:
        """Whether it need not see a peer's event of this type that is proved to be a few plain strings and no more."""
        return False

    def tick(self, now: float) -> None:
        """About a second has gone by."""

    def closed(self, ended: "Ended", now: float) -> None:
        """The session is over; nothing can be sent any more."""
