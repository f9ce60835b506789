"""Work that a leg does beside its connection: what it raises ends the leg, and the leg's end ends all of it."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Beside:
    """Pieces of work of one leg.

    Attributes:
        over: done when the leg is over, by whoever says so or by what a piece of work raises.
    """

    def __init__(self) -> None:
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Begin a piece of work."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def end(self) -> None:
        """Cancel all of it, and wait until it has ended."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None and not self.over.done():
            self.over.set_exception(failure)
