"""The sessions of this process: how many there may be, their common clock tick, and their drain."""

import asyncio
import math
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic

from relay.core.closing import Cause, Refused, ended
from relay.core.flow import Buffers
from relay.core.rest import Resting
from relay.core.session import Session

TICK_S = 1.0

DRAIN_STEP_S = 0.1

DRAIN_SPREAD_S = 5.0
"""Over how long a drain ends the sessions that rest, so that their peers don't all connect again in the same second."""

LAST_WORDS_S = 1.5
"""How long closing handshakes may take once the drain's time is over."""


class Sessions:
    """Admits sessions up to a number, and ends them all when the process has to go.

    Attributes:
        draining: whether nobody is admitted any more.
        buffers: what may wait in all of them, and does.
        places: how many are held.

    Args:
        limit: sessions at one time, those that are still dialling included.
        on_lag: is told at each tick how many seconds late the event loop was.
    """

    def __init__(
        self, limit: int, buffers: Buffers | None = None, on_lag: Callable[[float], None] = lambda _: None
    ) -> None:
        self.draining = False
        self.buffers = buffers or Buffers()
        self._limit = limit
        self._on_lag = on_lag
        self.places = 0
        self._living: dict[Session, Resting] = {}
        self._ticker: asyncio.Task[None] | None = None
        self._drained_by = 0.0
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._living)

    @property
    def living_sessions(self) -> frozenset[Session]:
        """Those that are joined now."""
        return frozenset(self._living)

    async def empty(self) -> None:
        """Wait until no place is held."""
        await self._empty.wait()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one of the places while the context is open.

        Raises:
            Refused: the process is draining, or all places are taken.
        """
        if self.draining:
            raise Refused(ended(Cause.DRAINING))
        if self.places >= self._limit:
            raise Refused(ended(Cause.FULL))
        self.places += 1
        self._empty.clear()
        try:
            yield
        finally:
            self.places -= 1
            if self.places == 0:
                self._empty.set()

    @contextmanager
    def living(self, session: Session, rest: Resting) -> Iterator[None]:
        """Count the session among the living, and let it see the time once a second, while the context is open.

        `rest` knows when it can end without cutting anybody off.
        """
        if self._ticker is None:
            self._ticker = asyncio.create_task(self._tick())
        self._living[session] = rest
        if self.draining:
            self._announce(session, monotonic())
        try:
            yield
        finally:
            del self._living[session]
            if not self._living and self._ticker is not None:
                self._ticker.cancel()
                self._ticker = None

    async def drain(self, timeout_s: float) -> None:
        """Admit nobody from now on, end each session when its turn is over, and the rest when the time is.

        Returns when all have gone, or `LAST_WORDS_S` after they were told to. Cancelling it leaves them as they are.
        """
        self.draining = True
        self._drained_by = monotonic() + timeout_s
        for session in self.living_sessions:
            self._announce(session, monotonic())
        a_step = max(1, math.ceil(len(self._living) * DRAIN_STEP_S / DRAIN_SPREAD_S))
        while self.places and (left_s := self._drained_by - monotonic()) > 0:
            self._end(self._resting()[:a_step])
            await self._gone_within(min(DRAIN_STEP_S, left_s))
        self._end(list(self._living))
        await self._gone_within(LAST_WORDS_S)

    def _announce(self, session: Session, now: float) -> None:
        session.tell("relay.draining", {"seconds_left": round(max(0.0, self._drained_by - now), 1)}, now)

    def _resting(self) -> list[Session]:
        """Those that can end now, in no order."""
        now = monotonic()
        resting = [session for session, rest in self._living.items() if session.ended is None and rest.resting(now)]
        random.shuffle(resting)
        return resting

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
            for session in self.living_sessions:
                session.tick(now)
