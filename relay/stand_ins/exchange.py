"""One connection of a stand-in for the API, and its session, put together by two tasks and a clock."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from websockets.exceptions import ConnectionClosed

from relay.core.events import Data
from relay.engine.session_base import Closure
from relay.stand_ins.wire import Wire

MAX_BACKLOG = 256


@dataclass(frozen=True, slots=True)
class CloseWith:
    """How the connection is to be closed; without a code it is aborted."""

    close_code: int | None
    close_reason: str = ""


class StandIn(Protocol):
    """A session that decides without waiting: it is told what came in and the time, and asked for the next message."""

    @property
    def closing(self) -> Closure | None:
        """How the connection is to end, once nothing is left to send; None while it goes on."""

    @property
    def backlog(self) -> int:
        """How many messages are ready."""

    @property
    def next_due(self) -> float | None:
        """When there may be something to send, if nothing is received before; None for never."""

    def receive(self, message: Data, now: float) -> None: ...

    def next_message(self, now: float) -> Data | None: ...

    def end(self) -> None: ...


class Exchange:
    """One connection and its session: a task that reads, and one that writes.

    The writer alone sends, so that messages keep their order, and asks the session for the next only when the last
    has gone out. The reader waits while more than `MAX_BACKLOG` are ready: a client that sends but does not read
    is read no further.
    """

    def __init__(self, wire: Wire, session: StandIn, on_received: Callable[[], None]) -> None:
        self._wire = wire
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

    def wake(self) -> None:
        """The session may have something to send that nobody has asked for."""
        self._received.set()

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            async for message in self._wire.messages():
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
            await close_wire(self._wire, self._session.closing)
        except ConnectionClosed:
            self._session.end()
        finally:
            self._has_room.set()

    async def _write_next(self) -> None:
        message = self._session.next_message(self._now())
        if message is not None:
            await self._wire.send(message)
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


async def close_wire(wire: Wire, how: Closure) -> None:
    """End the connection like this."""
    if how.close_code is None:
        wire.abort()
    else:
        await wire.close(how.close_code, how.close_reason)
