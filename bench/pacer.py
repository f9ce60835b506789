"""Sending at an even pace, whatever comes back."""

import asyncio
from collections.abc import Callable, Sequence

from bench.sessions import LoadSession

_SENDS_A_TURN = 64
"""So that a generator that fell behind still reads between its sends."""

_LEAST_TURN_S = 0.001
"""The loop's timers tell no less than a millisecond; asked for less, they would turn without rest."""


class Pacer:
    """Sends each session's appends, the sessions' turns spread evenly over the interval.

    Args:
        interval_s: from one append of a session to its next.
        may_go_on: asked before each turn; sending stops when it says no.

    Attributes:
        late_ns: how long after its time each append was sent.
        stopped: nothing is sent any more.
    """

    def __init__(self, sessions: Sequence[LoadSession], interval_s: float, may_go_on: Callable[[], bool]) -> None:
        self.late_ns: list[int] = []
        self.stopped = False
        self._sessions = sessions
        self._step_s = interval_s / len(sessions)
        self._may_go_on = may_go_on
        self._loop = asyncio.get_running_loop()
        self._started_at = self._loop.time()
        self._sent = 0
        self._turn()

    def stop(self) -> None:
        """Send no more."""
        self.stopped = True

    def _turn(self) -> None:
        if self.stopped or not self._may_go_on():
            self.stopped = True
            return
        for _ in range(_SENDS_A_TURN):
            late_s = self._loop.time() - self._due_at()
            if late_s < 0:
                break
            self.late_ns.append(int(late_s * 1e9))
            self._sessions[self._sent % len(self._sessions)].send_append()
            self._sent += 1
        self._loop.call_later(max(self._due_at() - self._loop.time(), _LEAST_TURN_S), self._turn)

    def _due_at(self) -> float:
        return self._started_at + self._sent * self._step_s
