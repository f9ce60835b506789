"""A leg over a connection that is read and written by waiting: a task for each, and a queue between."""

import abc
import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import ClassVar

from relay.core.close_codes import ABNORMAL
from relay.core.events import Data, size_bytes
from relay.core.leg import Closed, Listener
from relay.legs.intake import GAP_S, SLICE_S


class Gone(Exception):  # noqa: N818 - the fact, not the fault
    """The connection has ended; `closed` tells how, where that is known."""

    def __init__(self, closed: Closed | None = None) -> None:
        super().__init__(closed)
        self.closed = closed or Closed(ABNORMAL)


class TaskLeg(abc.ABC):
    """Keeps what was sent in order until it is written. A subclass says how to wait for its connection.

    The session bounds what waits, through `buffered_bytes`; the leg only counts it.

    Args:
        observe_added: is told how many seconds each message took from the other leg's socket to this one's.
    """

    flush_timeout_s: ClassVar[float]
    """How long the other end may take for what was sent before its close."""

    def __init__(self, observe_added: Callable[[float], None]) -> None:
        self.buffered_bytes = 0
        self._observe_added = observe_added
        self._waiting: deque[tuple[Data, float]] = deque()
        self._something = asyncio.Event()
        self._readable = asyncio.Event()
        self._readable.set()
        self._last_word: tuple[int, str] | None = None
        self._close_by: float | None = None
        self._timeout: asyncio.Timeout | None = None

    lane_end = None
    """There is no lane to or from this leg."""

    @property
    def extra_frames(self) -> int:
        """None that is known of, where nobody tells."""
        return 0

    def send(self, data: Data, received_at: float) -> int:
        if self._last_word is None:
            self._waiting.append((data, received_at))
            self.buffered_bytes += size_bytes(data)
            self._something.set()
        return self.buffered_bytes

    def close(self, code: int, reason: str) -> None:
        if self._last_word is None:
            self._last_word = (code, reason)
            self._something.set()
            self._close_by = asyncio.get_running_loop().time() + self.flush_timeout_s
            if self._timeout is not None:
                self._timeout.reschedule(self._close_by)

    def pause_reading(self) -> None:
        self._readable.clear()

    def resume_reading(self) -> None:
        self._readable.set()

    async def run(self, listener: Listener) -> None:
        """Serve the connection until it has ended. Cancelling it aborts the connection and what waits is lost."""
        closed = Closed(ABNORMAL)
        try:
            async with asyncio.timeout_at(self._close_by) as self._timeout:
                closed = await self._serve(listener)
        except TimeoutError:
            pass
        finally:
            self._timeout = None
            self._last_word = self._last_word or (closed.code, closed.reason)
            self.abort()
        listener.on_closed(closed, monotonic())

    # What a subclass says.

    @abc.abstractmethod
    async def receive(self) -> Data:
        """Wait for the next message; raise `Gone` when the connection has ended."""

    @abc.abstractmethod
    async def transmit(self, data: Data) -> None:
        """Write a message; may wait for the other end to take it, and raises `Gone` when that cannot be."""

    @abc.abstractmethod
    async def shut(self, code: int, reason: str) -> None:
        """Begin or make the closing handshake; `receive` then raises `Gone`."""

    @abc.abstractmethod
    def abort(self) -> None:
        """Let go of the connection, closed or not."""

    # How it is done.

    async def _serve(self, listener: Listener) -> Closed:
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(self._write_all(listener))
            closed = await self._read_all(listener)
            writing.cancel()
        return closed

    async def _read_all(self, listener: Listener) -> Closed:
        taken_at = slice_ends = monotonic()
        while True:
            await self._readable.wait()
            try:
                data = await self.receive()
            except Gone as gone:
                return gone.closed
            now = monotonic()
            if now - taken_at > GAP_S:
                slice_ends = now + SLICE_S
            elif now > slice_ends:
                await asyncio.sleep(0)  # others have their turn
                now = monotonic()
                slice_ends = now + SLICE_S
            listener.on_message(data, now)
            taken_at = monotonic()

    async def _write_all(self, listener: Listener) -> None:
        try:
            while True:
                await self._write_waiting()
                if self._last_word is not None:
                    await self.shut(*self._last_word)
                    return
                listener.on_drained(monotonic())
                self._something.clear()
                await self._something.wait()
        except Gone:
            return  # the reader tells how it ended

    async def _write_waiting(self) -> None:
        while self._waiting:
            data, received_at = self._waiting.popleft()
            await self.transmit(data)
            self.buffered_bytes -= size_bytes(data)
            self._observe_added(monotonic() - received_at)
