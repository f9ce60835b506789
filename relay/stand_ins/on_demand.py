"""A stand-in that runs from when it is first asked for: an application that is mounted is told of no start."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

from relay.upstreams.targets import Upstream

Serve = Callable[[], AbstractAsyncContextManager[Upstream]]


class OnDemand:
    """One stand-in, in the event loop of whoever asked first. It ends with that loop, or when it is closed.

    Asked in another loop, as by each request of a test client, it is started anew there.

    Args:
        serve: runs it until the context is left.
    """

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._task: asyncio.Task[None] | None = None
        self._upstream: asyncio.Future[Upstream]

    async def upstream(self) -> Upstream:
        """How to reach it, once it runs. Cancelling this leaves it running.

        Raises:
            OSError, RecordingError: it cannot be run; whoever asks next tries again.
        """
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._upstream = loop.create_future()
            self._task = loop.create_task(self._run(self._upstream))
        task, upstream = self._task, self._upstream
        either: set[asyncio.Future[Any]] = {task, upstream}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        return upstream.result()

    async def close(self) -> None:
        """End it, if it runs."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self, upstream: "asyncio.Future[Upstream]") -> None:
        async with self._serve() as served:
            upstream.set_result(served)
            await asyncio.Event().wait()
