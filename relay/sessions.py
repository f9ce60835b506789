"""The sessions of this process: how many there may be, their common clock tick, and their drain."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from relay.core.closing import Cause, Refused, ended
from relay.core.session import Session

TICK_S = 1.0

LAST_WORDS_S = 1.5
"""How long closing handshakes may take once the drain's time is over."""


class Sessions:
    """Admits sessions up to a number, and ends them all when the process has to go.

    Attributes:
        draining: whether nobody is admitted any more.
        places: how many are held.

    Args:
        limit: sessions at one time, those that are still dialling included.
        on_lag: is told at each tick how many seconds late the event loop was.
    """

    def __init__(self, limit: int, on_lag: Callable[[float], None] = lambda _: None) -> None:
        self.draining = False
        self._limit = limit
        self._on_lag = on_lag
        self.places = 0
        self._living: set[Session] = set()
        self._ticker: asyncio.Task[None] | None = None
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
    def living(self, session: Session) -> Iterator[None]:
        """Count the session among the living, and let it see the time once a second, while the context is open."""
        if self._ticker is None:
            self._ticker = asyncio.create_task(self._tick())
        self._living.add(session)
        try:
            yield
        finally:
            self._living.discard(session)
            if not self._living and self._ticker is not None:
                self._ticker.cancel()
                self._ticker = None

    async def drain(self, timeout_s: float) -> None:
        """Admit nobody from now on, wait for the living to finish, and close the rest when the time is over.

        Returns when all have gone, or `LAST_WORDS_S` after they were told to. Cancelling it leaves them as they are.
        """
        self.draining = True
        if await self._gone_within(timeout_s):
            return
        now = monotonic()
        for session in self.living_sessions:
            session.end(ended(Cause.DRAINING), now)
        await self._gone_within(LAST_WORDS_S)

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
