"""How the sound of a call goes, told while it goes: told at its end it would be a rate of calls that are over."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from relay.legs.webrtc.media import Quality

EVERY_S = 5.0

_log = structlog.stdlib.get_logger("relay")


class SoundReports:
    """Those of one call.

    Args:
        quality: how the peer's sound came so far.
        played_s: how many seconds were played to it so far.
        tell: is told what both have grown by.
    """

    def __init__(
        self,
        quality: Callable[[], Awaitable[Quality]],
        played_s: Callable[[], float],
        tell: Callable[[Quality, float], None],
    ) -> None:
        self._quality = quality
        self._played_s = played_s
        self._tell = tell
        self._told = Quality(concealed_s=0.0)
        self._told_played_s = 0.0
        self._has_failed = False

    @asynccontextmanager
    async def told(self, every_s: float = EVERY_S) -> AsyncIterator[None]:
        """Tell every few seconds, and the rest when the context is left."""
        going_on = asyncio.create_task(self._go_on(every_s))
        try:
            yield
        finally:
            going_on.cancel()
            await asyncio.wait({going_on})
            await self._try()

    async def tell(self) -> None:
        """Tell what came since it was last told."""
        now, played_s = await self._quality(), self._played_s()
        told, self._told = self._told, now.beyond(self._told)
        self._tell(self._told.since(told), played_s - self._told_played_s)
        self._told_played_s = played_s

    async def _go_on(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            await self._try()

    async def _try(self) -> None:
        """Tell, or say why not: a report that fails ends neither the call nor the reports after it."""
        telling = asyncio.create_task(self.tell())
        try:
            await asyncio.wait({telling})
        finally:
            telling.cancel()
        failure = telling.exception()
        if failure is not None and not self._has_failed:
            _log.warning("call.not_measured", why=type(failure).__name__, exc_info=failure)
        self._has_failed = failure is not None
