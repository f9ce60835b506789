"""As much of HTTP/1.1 as scripted services need: one request, one answer in pieces, and ways to break it."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field


class Torn(Exception):  # noqa: N818 - the fact, not the fault
    """The connection is to be torn in the middle of an answer."""


@dataclass(slots=True)
class Request:
    """What came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Reply:
    """An answer in the making.

    Attributes:
        has_begun: whether its head was sent.
    """

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.has_begun = False
        self._writer = writer

    async def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the head; pieces follow."""
        self.has_begun = True
        lines = [
            f"HTTP/1.1 {status} .",
            "Transfer-Encoding: chunked",
            *(f"{name}: {headers[name]}" for name in headers),
        ]
        await self._write("\r\n".join((*lines, "", "")).encode("latin-1"))

    async def send(self, piece: bytes) -> None:
        """Send one piece."""
        if piece:
            await self._write(b"%x\r\n%b\r\n" % (len(piece), piece))

    async def finish(self) -> None:
        """Send the end."""
        await self._write(b"0\r\n\r\n")

    async def _write(self, data: bytes) -> None:
        if self._writer.transport.is_closing():
            raise ConnectionResetError
        self._writer.write(data)
        await self._writer.drain()


Answer = Callable[[Request, Reply], Coroutine[None, None, None]]


async def serve_connection(answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request after the other until the client leaves or an answer is torn.

    A client that leaves while it is answered cancels the answer.
    """
    try:
        while request := await _read_request(reader):
            reply = Reply(writer)
            if not await _answered(answer(request, reply), reader):
                break
            await reply.finish()
    except (Torn, ConnectionError):
        writer.transport.abort()
    finally:
        writer.close()


async def _answered(answering: Coroutine[None, None, None], reader: asyncio.StreamReader) -> bool:
    """Whether the client stayed for all of an answer."""
    answer = asyncio.create_task(answering)
    leaving = asyncio.create_task(reader.read(1))  # nobody sends the next request before this one is answered
    try:
        await asyncio.wait({answer, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            answer.result()
        return answer.done()
    finally:
        answer.cancel()
        leaving.cancel()
        await asyncio.gather(answer, leaving, return_exceptions=True)


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, colon, value in pairs if colon}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    method, path, _ = first.split(" ")
    return Request(method, path, headers, body)
