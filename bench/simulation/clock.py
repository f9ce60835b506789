"""What happens when, in simulated seconds."""

import heapq
import itertools
from collections.abc import Callable


class Clock:
    """Runs what is due, in order; nothing takes time but what says so.

    Attributes:
        now: seconds since the beginning.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def after(self, delay_s: float, happens: Callable[[], None]) -> None:
        """Let something happen so many seconds from now."""
        heapq.heappush(self._due, (self.now + delay_s, next(self._order), happens))

    def run(self, until_s: float) -> None:
        """Go on until that moment."""
        while self._due and self._due[0][0] <= until_s:
            self.now, _, happens = heapq.heappop(self._due)
            happens()
        self.now = until_s
