"""A way to a server that a test can shut, guard, or cut while somebody is inside."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

from websockets.http11 import Request
from websockets.server import ServerProtocol

HEAD_END = b"\r\n\r\n"
CHUNK_BYTES = 1 << 16


class TcpProxy:
    """Lets TCP connections through to a port, byte for byte.

    Attributes:
        port: where it listens, the same whenever it is open.
        target_port: where those who come get to.
        open_road: while it is not set nothing arrives on either side, and nobody is told.
        up_bytes_per_s: how much of what comes it lets through; None for all of it.
        refuse_with: a close code for WebSockets that come; None lets them through.
    """

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.target_port = target_port
        self.up_bytes_per_s: float | None = None
        self.refuse_with: int | None = None
        self.open_road = asyncio.Event()
        self.open_road.set()
        self._server: asyncio.Server | None = None
        self._inside: set[asyncio.WriteTransport] = set()

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._admit, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def shut(self) -> None:
        """From now on nobody answers here; who is inside is cut off."""
        if self._server is not None:
            self._server.close()
        self.cut()

    def cut(self) -> None:
        """Break the connections of all who are inside."""
        self.open_road.set()
        for transport in self._inside:
            transport.abort()

    async def _admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), self._counted(writer):
            head = await reader.readuntil(HEAD_END)
            if self.refuse_with is not None and b"upgrade: websocket" in head.lower():
                writer.write(refusal(head, self.refuse_with))
                await reader.read()
            else:
                await self._let_through(head, reader, writer)

    async def _let_through(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        with self._counted(far_writer):
            far_writer.write(head)
            back = asyncio.create_task(carry(far_reader, writer, self.open_road))
            await carry(reader, far_writer, self.open_road, self._keep_pace)
            await back

    async def _keep_pace(self, size: int) -> None:
        """Wait as long as a line of this speed takes for so many bytes."""
        if self.up_bytes_per_s is not None:
            await asyncio.sleep(size / self.up_bytes_per_s)

    @contextlib.contextmanager
    def _counted(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        self._inside.add(writer.transport)
        try:
            yield
        finally:
            self._inside.discard(writer.transport)
            writer.close()


async def carry(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    open_road: asyncio.Event | None = None,
    keep_pace: Callable[[int], Awaitable[None]] | None = None,
) -> None:
    """Carry bytes one way, while the road is open and at its pace, until that side ends; then end the other."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            if open_road is not None:
                await open_road.wait()
            if keep_pace is not None:
                await keep_pace(len(chunk))
            writer.write(chunk)
            await writer.drain()
    writer.close()


def refusal(head: bytes, code: int) -> bytes:
    """A WebSocket that opens as the request asks, and closes at once with this code."""
    protocol = ServerProtocol(select_subprotocol=lambda _, offered: offered[0] if offered else None)
    protocol.receive_data(head)
    request = protocol.events_received()[0]
    assert isinstance(request, Request)
    protocol.send_response(protocol.accept(request))
    protocol.send_close(code)
    return b"".join(protocol.data_to_send())


@asynccontextmanager
async def tcp_proxy(target_port: int = 0) -> AsyncIterator[TcpProxy]:
    """An open way to a port of this machine, until the context ends; the port may be told later."""
    way = TcpProxy(target_port)
    await way.open()
    try:
        yield way
    finally:
        way.shut()
