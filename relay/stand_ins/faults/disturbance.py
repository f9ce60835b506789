"""Puts faults into what a stand-in does: its handshakes and its sessions."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from relay.core.events import Data
from relay.engine.session_base import Closure
from relay.stand_ins.exchange import StandIn
from relay.stand_ins.faults.grammar import AT_HANDSHAKE, OF_THE_MOCK, Fault
from relay.stand_ins.faults.line import Break, FaultyLine

MAX_ON_LINE = 256
"""Messages that may be on their way; a stand-in is asked for no more than that."""


class Disturbance:
    """The faults of one stand-in, for all that connect to it.

    Args:
        faults: what is to go wrong; nothing, if there are none.
        seed: the same seed gives the same faults to the same connections, in the order in which they come.
    """

    def __init__(self, faults: Iterable[Fault] = (), seed: int = 0) -> None:
        faults = tuple(faults)
        self._at_handshake = [fault for fault in faults if fault.name in AT_HANDSHAKE]
        self._of_the_mock = [fault for fault in faults if fault.name in OF_THE_MOCK]
        self._in_session = [fault for fault in faults if fault.name not in AT_HANDSHAKE | OF_THE_MOCK]
        self._seed = seed
        self._chances = Random(seed)  # noqa: S311 - luck, not secrecy
        self._handshakes = 0
        self._begun = 0
        self._sessions = 0

    async def refusal(self) -> int | None:
        """The status with which the next handshake is refused, or None; waits as long as it is to be slow."""
        self._handshakes += 1
        status = None
        for fault in self._at_handshake:
            if not fault.meets(self._handshakes, self._chances):
                continue
            if fault.name == "handshake":
                await asyncio.sleep(fault.value)
            else:
                status = int(fault.value)
        return status

    def of_next_session(self) -> dict[str, float]:
        """What the mock's next session does by itself: the values of its faults, by name."""
        self._begun += 1
        return {fault.name: fault.value for fault in self._of_the_mock if fault.meets(self._begun, self._chances)}

    def disturbed(self, session: StandIn) -> StandIn:
        """The session, with what is to go wrong in it."""
        if not self._in_session:
            return session
        self._sessions += 1
        chances = Random(f"{self._seed}:{self._sessions}")  # noqa: S311 - as above
        return DisturbedSession(session, FaultyLine(self._in_session, chances))


@dataclass(frozen=True, slots=True)
class Broken:
    """How a fault ends the connection."""

    close_code: int | None
    close_reason: str = ""


class DisturbedSession:
    """A stand-in's session behind a line with faults."""

    def __init__(self, session: StandIn, line: FaultyLine) -> None:
        self._session = session
        self._line = line
        self._broken: Broken | None = None

    @property
    def closing(self) -> Closure | None:
        if self._broken is not None:
            return self._broken
        return None if len(self._line) or self._session.backlog else self._session.closing

    @property
    def backlog(self) -> int:
        return 0 if self._broken is not None else self._session.backlog

    @property
    def next_due(self) -> float | None:
        line_due = self._line.next_due
        due = None if len(self._line) >= MAX_ON_LINE else self._session.next_due
        if due is None or line_due is None:
            return line_due if due is None else due
        return min(due, line_due)

    def receive(self, message: Data, now: float) -> None:
        self._session.receive(message, now)

    def next_message(self, now: float) -> Data | None:
        while len(self._line) < MAX_ON_LINE and (message := self._session.next_message(now)) is not None:
            self._line.put(message, now)
        step = self._line.take(now)
        if isinstance(step, Break):
            self._broken = Broken(step.close_code)
            self._session.end()
            return None
        return step

    def end(self) -> None:
        self._session.end()
