"""The null leg: a peer's end with nobody at it, for a session that only watches its upstream."""

import asyncio
from time import monotonic

from relay.core.events import Data
from relay.core.leg import Closed, Listener


class NullLeg:
    """Takes every message and says none, until it is closed."""

    def __init__(self) -> None:
        self.buffered_bytes = 0
        self.extra_frames = 0
        self._closed: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()

    lane_end = None
    """There is no lane to or from this leg."""

    def send(self, data: Data, received_at: float) -> int:
        return 0

    def close(self, code: int, reason: str) -> None:
        if not self._closed.done():
            self._closed.set_result(Closed(code, reason))

    def pause_reading(self) -> None:
        """There is nothing to be read."""

    def resume_reading(self) -> None:
        """There is nothing to be read."""

    async def run(self, listener: Listener) -> None:
        """Wait for the end, and tell it."""
        closed = await self._closed
        listener.on_closed(closed, monotonic())
