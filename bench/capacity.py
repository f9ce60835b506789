"""How many sessions a contestant carries on one core, until its p99 is too far above the bare connection's."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from bench.contestants.site import Contestant
from bench.outcome import Outcome
from bench.scenarios import STEADY
from bench.stage import Stage, staged

MOST_ADDED_P99_US = 5000.0
STEP = 50
MOST_SESSIONS = 1400
_TRIES = 2
"""A neighbour on the machine can spoil one measurement; it seldom spoils two."""


def run_capacity(bare: Contestant, contestants: Sequence[Contestant], tell: Callable[[str], None]) -> dict[str, int]:
    """The number of sessions that each one sustains, to the nearest step below.

    The search goes no further than what the bare connection carries: a number as high as that one says that the load
    generator was the limit.

    Raises:
        StartError, LoadError: a contestant does not work.
    """
    found: dict[str, int] = {}
    with staged(bare, STEADY.talk) as bare_stage:
        reference = _Reference(bare_stage)
        tell(f"capacity  {bare.key}")
        most = search(MOST_SESSIONS, lambda sessions: reference.p99_us(sessions) < MOST_ADDED_P99_US)
        found[bare.key] = most
        for contestant in contestants:
            tell(f"capacity  {contestant.key}")
            with staged(contestant, STEADY.talk) as stage:
                found[contestant.key] = search(most, partial(reference.carried_by, stage))
    return found


def search(most: int, carries: Callable[[int], bool]) -> int:
    """The greatest multiple of the step that is carried, by halving; 0 where none is.

    Args:
        most: is not exceeded.
        carries: whether that many sessions are; taken to turn from yes to no once.
    """
    low, high = 0, most // STEP + 1
    while high - low > 1:
        middle = (low + high) // 2
        if carries(middle * STEP):
            low = middle
        else:
            high = middle
    return low * STEP


class _Reference:
    """The bare connection's p99, measured once for each number of sessions that is asked for."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._known: dict[int, float] = {}

    def p99_us(self, sessions: int) -> float:
        if sessions not in self._known:
            tries = [_talk(self._stage, sessions) for _ in range(_TRIES)]
            self._known[sessions] = min(_p99_us(outcome) for outcome in tries)
        return self._known[sessions]

    def carried_by(self, stage: Stage, sessions: int) -> bool:
        most_us = self.p99_us(sessions) + MOST_ADDED_P99_US
        return any(_p99_us(_talk(stage, sessions)) < most_us for _ in range(_TRIES))


def _talk(stage: Stage, sessions: int) -> Outcome:
    return stage.load(replace(STEADY, sessions=sessions, warm_up_s=0.5, window_s=2.0).arguments())


def _p99_us(outcome: Outcome) -> float:
    return float("inf") if outcome.overloaded else outcome.round_trip_us["p99"]
