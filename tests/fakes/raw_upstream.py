"""An upstream that answers the upgrade request with bytes that a test writes, right ones and wrong ones."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from websockets.utils import accept_key

HEAD_END = b"\r\n\r\n"

Answer = Callable[[bytes], bytes]
"""From the head of a request to all that is said to it."""


def switching(*headers: str, accept: str | None = None, then: bytes = b"") -> Answer:
    """A 101 with these headers, those that RFC 6455 asks for among them or not, and what comes in one piece with it."""

    def answer(head: bytes) -> bytes:
        key = head.lower().partition(b"sec-websocket-key: ")[2]
        start = len(head) - len(key)
        accepted = accept or accept_key(head[start : start + 24].decode())
        lines = ["HTTP/1.1 101 Switching Protocols", *headers, f"Sec-WebSocket-Accept: {accepted}"]
        return "\r\n".join(lines).encode() + HEAD_END + then

    return answer


def saying(status: str, *headers: str, body: bytes = b"") -> Answer:
    """An ordinary response."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
    return lambda _: "\r\n".join(lines).encode() + HEAD_END + body


@asynccontextmanager
async def raw_upstream(
    answer: Answer,
    tls: ssl.SSLContext | None = None,
    piece_bytes: int | None = None,
    *,
    hangs_up: bool = True,
    reads_first: bool = True,
) -> AsyncIterator[int]:
    """Listen on a port of this machine and answer each request.

    Args:
        piece_bytes: into pieces of which size the answer is cut, for readers that expect more at once.
        hangs_up: whether the connection ends behind the answer; else it stays open in silence.
        reads_first: whether it waits for a request.
    """
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            said = answer(await reader.readuntil(HEAD_END) if reads_first else b"")
            for start in range(0, len(said), piece_bytes or len(said) or 1):
                writer.write(said[start : start + (piece_bytes or len(said))])
                await writer.drain()
            if not hangs_up:
                await over.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        over.set()
        server.close()


@contextmanager
def black_hole(host: str = "127.0.0.1") -> Iterator[int]:
    """A port that swallows what asks for a connection: its queue is full, and nobody takes from it."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((host, 0))
        listener.listen(0)
        while True:
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0.2)
            try:
                waiting.connect(listener.getsockname())
            except TimeoutError:
                break
        yield listener.getsockname()[1]
