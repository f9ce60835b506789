"""What scopes have spent in their day and have set aside, as far as this process knows by itself. Nothing here waits.

Money is counted in nano-dollars: a shared store knows integers only, and no token costs a fraction of one.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from relay.core.budget import SetAside

DAY_S = 24 * 60 * 60

SWEPT_S = 60 * 60
"""How often days that are over are forgotten."""


@dataclass(slots=True)
class _Day:
    """One scope's: from its first payment on."""

    spent: int = 0
    ends_at: float = 0.0
    aside: SetAside[int] = field(default_factory=SetAside)


class Ledger:
    """Counts by key. The time is in seconds since the epoch."""

    def __init__(self) -> None:
        self._days: defaultdict[tuple[str, ...], _Day] = defaultdict(_Day)
        self._swept_at = 0.0

    def __len__(self) -> int:
        return len(self._days)

    def spent(self, key: tuple[str, ...], now: float) -> int:
        """In the day that goes on."""
        day = self._days.get(key)
        return day.spent if day is not None and now < day.ends_at else 0

    def spend(self, key: tuple[str, ...], nanos: int, now: float) -> None:
        """Add a payment; the first begins a day."""
        if now - self._swept_at >= SWEPT_S:
            self._sweep(now)
        day = self._days[key]
        if now >= day.ends_at:
            day.spent, day.ends_at = 0, now + DAY_S
        day.spent += nanos

    def reserve(self, key: tuple[str, ...], name: str, nanos: int, limit: int, now: float) -> bool:
        """Set an amount aside, if what is left of the limit allows it."""
        return self._days[key].aside.reserve(name, nanos, limit - self.spent(key, now))

    def keep(self, key: tuple[str, ...], name: str, nanos: int) -> None:
        """Set an amount aside, whatever is left."""
        self._days[key].aside.keep(name, nanos)

    def free(self, key: tuple[str, ...], name: str | None) -> None:
        """Set nothing aside under this name any more."""
        self._days[key].aside.free(name)

    def _sweep(self, now: float) -> None:
        self._swept_at = now
        for key in [key for key, day in self._days.items() if now >= day.ends_at and not day.aside]:
            del self._days[key]
