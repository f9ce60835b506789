"""An upstream that does what a test says, over a real socket."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

Script = Callable[[ServerConnection], Awaitable[None]]
Gate = Callable[[ServerConnection, Request], Response | None]


@dataclass
class ScriptedUpstream:
    """Attributes: `connections` that came, `handshakes` with their headers, and `closes` as (code, reason)."""

    port: int = 0
    connections: list[ServerConnection] = field(default_factory=list)
    handshakes: list[Request] = field(default_factory=list)
    closes: asyncio.Queue[tuple[int | None, str | None]] = field(default_factory=asyncio.Queue)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/realtime"


async def echo(connection: ServerConnection) -> None:
    """Send every message back as it came."""
    async for message in connection:
        await connection.send(message)


def echo_into(heard: list[str | bytes]) -> Script:
    """The same, and keep each message in `heard` before: a relay may not show its peer everything."""

    async def script(connection: ServerConnection) -> None:
        async for message in connection:
            heard.append(message)
            await connection.send(message)

    return script


async def read_all(connection: ServerConnection) -> None:
    """Read and say nothing."""
    async for _ in connection:
        pass


@asynccontextmanager
async def scripted_upstream(script: Script = echo, gate: Gate | None = None) -> AsyncIterator[ScriptedUpstream]:
    """Run an upstream that follows `script` for each connection; `gate` may refuse the handshake."""
    upstream = ScriptedUpstream()

    async def serve_one(connection: ServerConnection) -> None:
        upstream.connections.append(connection)
        with contextlib.suppress(ConnectionClosed):
            await script(connection)
        await connection.wait_closed()
        upstream.closes.put_nowait((connection.close_code, connection.close_reason))

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        upstream.handshakes.append(request)
        return None if gate is None else gate(connection, request)

    server: Server
    async with serve(
        serve_one,
        "127.0.0.1",
        0,
        max_size=None,
        compression=None,
        process_request=answer,
        ping_interval=None,
        open_timeout=None,
    ) as server:
        upstream.port = server.sockets[0].getsockname()[1]
        yield upstream
        for connection in upstream.connections:
            connection.transport.abort()
