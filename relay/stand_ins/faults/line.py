"""A line with faults: takes messages, and says what goes out when. It decides, and never waits.

The same faults, seed and messages give the same result.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from relay.core.events import Data, size_bytes
from relay.stand_ins.faults.grammar import Fault

REORDER_PATIENCE_S = 1.0
"""How long a message waits for the one that is to overtake it."""


@dataclass(frozen=True, slots=True)
class Break:
    """The line ends here: with this close code, or cut off where there is none."""

    close_code: int | None


Step = Data | Break


class FaultyLine:
    """What becomes of a session's messages.

    Args:
        faults: those that meet messages; they are applied in this order.
        chances: where luck comes from.
    """

    def __init__(self, faults: Iterable[Fault], chances: Random) -> None:
        self._faults = tuple(faults)
        self._chances = chances
        self._number = 0
        self._queue: deque[tuple[float, Step]] = deque()
        self._held: tuple[float, list[Step]] | None = None
        self._free_at = 0.0
        self._last_due = 0.0
        self._blocked_until = 0.0
        self._is_broken = False

    def __len__(self) -> int:
        return len(self._queue) + (0 if self._held is None else 1)

    @property
    def next_due(self) -> float | None:
        """When the next goes out; None while none waits, or where it waits for ever."""
        if self._queue:
            due = self._queue[0][0]
            return None if due == math.inf else due
        return None if self._held is None else self._held[0]

    def put(self, data: Data, now: float) -> None:
        """Take in a message."""
        if self._is_broken:
            return
        self._number += 1
        steps: list[Step] = [data]
        hold = False
        for fault in self._faults:
            if fault.name in _TIMING or not fault.meets(self._number, self._chances):
                continue
            if fault.name == "stall":
                self._blocked_until = max(self._blocked_until, now + fault.value)
            elif fault.name == "reorder":
                hold = True
            else:
                steps = _CHANGES[fault.name](steps, fault, self._number)
        if hold and self._held is None:
            self._held = (now + REORDER_PATIENCE_S, steps)
            return
        self._send(steps, now)
        self._release(now)

    def take(self, now: float) -> Step | None:
        """What goes out next, if it is due."""
        if not self._queue and self._held is not None and self._held[0] <= now:
            self._release(now)
        if not self._queue or self._queue[0][0] > now:
            return None
        return self._queue.popleft()[1]

    def _release(self, now: float) -> None:
        if self._held is not None:
            steps = self._held[1]
            self._held = None
            self._send(steps, now)

    def _send(self, steps: list[Step], now: float) -> None:
        for step in steps:
            self._queue.append((self._due(step, now), step))
            if isinstance(step, Break):
                self._is_broken = True
                self._held = None
                return

    def _due(self, step: Step, now: float) -> float:
        late = 0.0
        for fault in self._faults:
            if fault.name not in _TIMING or not fault.meets(self._number, self._chances):
                continue
            if fault.name == "bandwidth":
                size = 0 if isinstance(step, Break) else size_bytes(step)
                self._free_at = max(self._free_at, now) + size / fault.value
                late = max(late, self._free_at - now)
            else:
                late += fault.value if fault.name == "latency" else self._chances.uniform(0, fault.value)
        self._last_due = max(self._last_due, self._blocked_until, now + late)
        return self._last_due


_TIMING = frozenset({"latency", "jitter", "bandwidth"})


def _close(_: list[Step], fault: Fault, __: int) -> list[Step]:
    return [Break(int(fault.value))]


def _reset(_: list[Step], __: Fault, ___: int) -> list[Step]:
    return [Break(None)]


def _malformed(steps: list[Step], _: Fault, __: int) -> list[Step]:
    return [step if isinstance(step, Break) else step[: len(step) // 2] for step in steps]


def _unknown(steps: list[Step], _: Fault, number: int) -> list[Step]:
    return [f'{{"type":"fault.unknown","event_id":"event_fault_{number}"}}', *steps]


def _oversize(steps: list[Step], fault: Fault, number: int) -> list[Step]:
    head = f'{{"type":"fault.oversize","event_id":"event_fault_{number}","padding":"'
    return [f'{head}{"x" * max(0, int(fault.value) - len(head) - 2)}"}}', *steps]


def _duplicate(steps: list[Step], _: Fault, __: int) -> list[Step]:
    return [*steps, *steps[-1:]]


_CHANGES: Mapping[str, Callable[[list[Step], Fault, int], list[Step]]] = MappingProxyType({
    "close": _close,
    "reset": _reset,
    "malformed": _malformed,
    "unknown": _unknown,
    "oversize": _oversize,
    "duplicate": _duplicate,
})  # fmt: skip
