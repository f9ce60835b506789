"""One connection and its session, put together by two tasks and a clock."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import orjson
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from relay.upstreams.mock.errors import Refused
from relay.upstreams.mock.session import MockSession

MAX_BACKLOG = 256


class Exchange:
    """One connection and its session: a task that reads, and one that writes.

    The writer alone sends, so that events keep their order, and asks the session for the next only when the last
    has gone out. The reader waits while more than `MAX_BACKLOG` are ready: a client that sends but does not read
    is read no further.
    """

    def __init__(self, connection: ServerConnection, session: MockSession, on_received: Callable[[], None]) -> None:
        self._connection = connection
        self._session = session
        self._on_received = on_received
        self._now = asyncio.get_running_loop().time
        self._received = asyncio.Event()
        self._has_room = asyncio.Event()

    async def run(self) -> None:
        """Serve the connection until it is closed, by either side."""
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(self._write())
            await self._read()
            writer.cancel()

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            async for message in self._connection:
                self._session.receive(message, self._now())
                self._received.set()
                self._on_received()
                if self._session.backlog > MAX_BACKLOG:
                    self._has_room.clear()
                    await self._has_room.wait()

    async def _write(self) -> None:
        try:
            while not (self._session.closing and not self._session.backlog):
                await self._write_next()
            await close_for(self._connection, self._session.closing)
        except ConnectionClosed:
            self._session.end()
        finally:
            self._has_room.set()

    async def _write_next(self) -> None:
        event = self._session.next_event(self._now())
        if event is not None:
            await self._connection.send(orjson.dumps(event), text=True)
        elif not self._session.closing:
            await self._wait()
        if self._session.backlog <= MAX_BACKLOG:
            self._has_room.set()

    async def _wait(self) -> None:
        """Until something is received, or due."""
        self._received.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._session.next_due):
                await self._received.wait()


async def close_for(connection: ServerConnection, refusal: Refused) -> None:
    """The close that belongs to a fatal row of the table."""
    await connection.close(refusal.close_code or 1011, refusal.close_reason)
