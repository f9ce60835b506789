"""The sessions of this process: how many there may be, their common clock tick, and their drain."""

import asyncio
import math
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Literal

from relay.core.causes import Cause
from relay.core.closing import Refused, ended
from relay.core.flow import Buffers
from relay.core.session import Session
from relay.core.turn_state import TurnState

TICK_S = 1.0

DRAIN_STEP_S = 0.1

DRAIN_SPREAD_S = 5.0
"""Over how long a drain ends the sessions that are between turns: their peers shall not all come back in one second."""

LAST_WORDS_S = 1.5
"""How long closing handshakes may take once the drain's time is over."""


class Sessions:
    """Admits sessions up to a number, and ends them all when the process has to go.

    Attributes:
        leaving: whether the process has to go, so that new peers had better be sent elsewhere.
        draining: whether nobody is admitted any more.
        buffers: what may wait in all of them, and does.
        reserved: how many places are held.
        before_drain: what is called when nobody is admitted any more, before anybody is told to go.

    Args:
        limit: sessions at one time, those that are still dialling included.
        on_lag: is told at each tick how many seconds late the event loop was.
    """

    def __init__(
        self, limit: int, buffers: Buffers | None = None, on_lag: Callable[[float], None] = lambda _: None
    ) -> None:
        self.leaving = False
        self.draining = False
        self.buffers = buffers or Buffers()
        self._limit = limit
        self._on_lag = on_lag
        self.reserved = 0
        self.before_drain: Callable[[], None] = _nothing
        self._active: dict[Session, TurnState] = {}
        self._ticker: asyncio.Task[None] | None = None
        self._drained_by = 0.0
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._active)

    @property
    def active_sessions(self) -> frozenset[Session]:
        """Those whose ends are joined now."""
        return frozenset(self._active)

    async def empty(self) -> None:
        """Wait until no place is held."""
        await self._empty.wait()

    @contextmanager
    def reserve(self) -> Iterator[None]:
        """Hold one of the places while the context is open.

        Raises:
            Refused: the process is draining, or all places are taken.
        """
        if self.draining:
            raise Refused(ended(Cause.DRAINING))
        if self.reserved >= self._limit:
            raise Refused(ended(Cause.FULL))
        self.reserved += 1
        self._empty.clear()
        try:
            yield
        finally:
            self.reserved -= 1
            if self.reserved == 0:
                self._empty.set()

    @contextmanager
    def active(self, session: Session, turn_state: TurnState) -> Iterator[None]:
        """Keep the session among the active ones, and let it see the time once a second, while the context is open.

        `turn_state` knows when it can end without cutting anybody off.
        """
        if self._ticker is None:
            self._ticker = asyncio.create_task(self._tick())
        self._active[session] = turn_state
        if self.draining:
            self._announce(session, monotonic())
        try:
            yield
        finally:
            del self._active[session]
            if not self._active and self._ticker is not None:
                self._ticker.cancel()
                self._ticker = None

    async def drain(
        self, timeout_s: float, *, notice_s: float = 0.0, until: Literal["turn", "session"] = "turn"
    ) -> None:
        """Give notice, then admit nobody, let sessions come to their end, and end those that are left in time.

        Returns when all have gone, or `LAST_WORDS_S` after they were told to. Cancelling it leaves them as they are.

        Args:
            timeout_s: how long all of it may take, the notice included.
            notice_s: how long peers are still admitted, until those who spread them have seen that this process leaves.
            until: what a session is let finish: its turn, or all that it has to say.
        """
        self.leaving = True
        self._drained_by = monotonic() + timeout_s
        await asyncio.sleep(min(notice_s, timeout_s))
        self.draining = True
        self.before_drain()
        for session in self.active_sessions:
            self._announce(session, monotonic())
        await self._come_to_an_end(until)
        self._end(list(self._active))
        await self._gone_within(LAST_WORDS_S)

    async def _come_to_an_end(self, until: Literal["turn", "session"]) -> None:
        a_step = max(1, math.ceil(len(self._active) * DRAIN_STEP_S / DRAIN_SPREAD_S))
        while self.reserved and (left_s := self._drained_by - monotonic()) > 0:
            if until == "session":
                await self._gone_within(left_s)
            else:
                self._end(self._between_turns()[:a_step])
                await self._gone_within(min(DRAIN_STEP_S, left_s))

    def _announce(self, session: Session, now: float) -> None:
        session.tell("relay.draining", {"seconds_left": round(max(0.0, self._drained_by - now), 1)}, now)

    def _between_turns(self) -> list[Session]:
        """Those that can end now, in no order."""
        now = monotonic()
        free = [
            session
            for session, turn_state in self._active.items()
            if session.ended is None and turn_state.is_between_turns(now)
        ]
        random.shuffle(free)
        return free

    @staticmethod
    def _end(sessions: Iterable[Session]) -> None:
        for session in sessions:
            session.end(ended(Cause.DRAINING), monotonic())

    async def _gone_within(self, timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                await self.empty()
        except TimeoutError:
            return False
        return True

    async def _tick(self) -> None:
        while True:
            due = monotonic() + TICK_S
            await asyncio.sleep(TICK_S)
            now = monotonic()
            self._on_lag(max(0.0, now - due))
            for session in self.active_sessions:
                session.tick(now)


def _nothing() -> None:
    """Nobody is waited for."""
