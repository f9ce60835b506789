"""How the last attempts to open an upstream went: for an operator's eye, and for a load balancer that wants to know."""

from collections import deque

from relay.core.causes import Cause

OPENED = "opened"

DIAL_CAUSES = (
    Cause.UPSTREAM_DENIED,
    Cause.UPSTREAM_REJECTED,
    Cause.UPSTREAM_BUSY,
    Cause.UPSTREAM_EXHAUSTED,
    Cause.UPSTREAM_UNREACHABLE,
    Cause.UPSTREAM_TIMEOUT,
)
"""Why a dial fails."""

OUTCOMES = (OPENED, *(cause.value for cause in DIAL_CAUSES))

REMEMBERED = 20
"""So many of the last dials are told of."""

IN_A_ROW = 3
"""So many that failed one after the other are no accident."""

FORGIVEN_AFTER_S = 30.0
"""Whoever is sent nobody cannot find out that all is well again: after so long it may try."""


class LastDials:
    """The outcome of each of the last dials."""

    def __init__(self) -> None:
        self._dials: deque[tuple[float, Cause | None]] = deque(maxlen=REMEMBERED)

    def add(self, cause: Cause | None, now: float) -> None:
        """One more: why it failed, or None where it did not."""
        self._dials.append((now, cause))

    def count(self, outcome: str) -> int:
        """How many had this outcome, one of `OUTCOMES`."""
        return sum(outcome == (OPENED if cause is None else cause.value) for _, cause in self._dials)

    def failing(self, now: float) -> Cause | None:
        """Why nobody gets a session now; None where somebody did, or could.

        A session that the upstream rejects is the fault of what was asked for, and speaks for nobody else's.
        """
        last = [*self._dials][-IN_A_ROW:]
        if len(last) < IN_A_ROW or now - last[-1][0] > FORGIVEN_AFTER_S:
            return None
        if any(cause in {None, Cause.UPSTREAM_REJECTED} for _, cause in last):
            return None
        return last[-1][1]
