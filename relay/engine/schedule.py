"""Scripts that run side by side, each at its own pace, on a clock that the caller holds.

A script is a generator that yields events, and pauses between them. It reads like the trace that it produces, and
nothing of it runs before its next event is asked for: a reader who is slow makes no queue.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from relay.engine.events import Event


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing happens for this long."""

    seconds: float


UNTIL_WOKEN = Pause(math.inf)
"""Nothing happens before `Schedule.wake`."""

Script: TypeAlias = Iterator[Event | Pause]


@dataclass(slots=True, eq=False)
class Running:
    """A script that has been started, and when it goes on."""

    script: Script
    due: float


class Schedule:
    """Plays scripts in the order of their times; of two that are due at once, the one started first."""

    def __init__(self) -> None:
        self._running: list[Running] = []

    @property
    def next_due(self) -> float | None:
        """When there is something to do; None while nothing runs."""
        return min((running.due for running in self._running), default=None)

    def start(self, script: Script, now: float) -> Running:
        """Begin this script now; it does nothing before its first event is asked for."""
        running = Running(script, now)
        self._running.append(running)
        return running

    def stop(self, running: Running) -> None:
        """Play no more of this script; no harm if it has ended."""
        if running in self._running:
            self._running.remove(running)

    def stop_all(self) -> None:
        """Play no more of anything."""
        self._running.clear()

    def wake(self, now: float) -> None:
        """Let the scripts go on that wait for this and for nothing else."""
        for running in self._running:
            if running.due == math.inf:
                running.due = now

    def next_event(self, now: float) -> Event | None:
        """Play until the next event that is due, and return it; None if none is due yet."""
        while due := [running for running in self._running if running.due <= now]:
            running = min(due, key=lambda one: one.due)
            match next(running.script, None):
                case Pause(seconds):
                    running.due += seconds
                case None:
                    self.stop(running)
                case event:
                    return event
        return None

    def rush(self, running: Running) -> Iterator[Event]:
        """Play the rest of this script at once, without its pauses."""
        for step in running.script:
            if not isinstance(step, Pause):
                yield step
        self.stop(running)
