"""A forward proxy of a company's network, HTTP or SOCKS5. Whatever name it is asked for is one port of this machine."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.fakes.tcp_proxy import HEAD_END, carry


@dataclass
class ForwardProxy:
    """Attributes: where it is, the first line of each request, and what came as `Proxy-Authorization`."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socks_url(self) -> str:
        return f"socks5h://127.0.0.1:{self.port}"


@asynccontextmanager
async def forward_proxy(
    target_port: int, answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n"
) -> AsyncIterator[ForwardProxy]:
    """Listen on a port of this machine; `answer` is what a CONNECT is told, and opens nothing unless it is a 200."""
    proxy = ForwardProxy()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            first = await reader.readexactly(1)
            if first == b"\x05":
                await greet_socks(proxy, reader, writer)
                await tunnel(target_port, b"", reader, writer)
            else:
                head = first + await reader.readuntil(HEAD_END)
                rest = read_head(proxy, head)
                if rest:
                    await tunnel(target_port, rest, reader, writer)
                else:
                    writer.write(answer)
                    if b" 200 " in answer:
                        await tunnel(target_port, b"", reader, writer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        proxy.port = server.sockets[0].getsockname()[1]
        yield proxy


def read_head(proxy: ForwardProxy, head: bytes) -> bytes:
    """Note what is asked for; returns what goes on to the server itself, empty for a CONNECT."""
    lines = head.decode().split("\r\n")
    proxy.asked.append(lines[0])
    proxy.credentials += [line.partition(": ")[2] for line in lines if line.lower().startswith("proxy-authorization")]
    method, address, version = lines[0].split(" ")
    if method == "CONNECT":
        return b""
    path = "/" + address.split("/", 3)[3]
    return "\r\n".join([f"{method} {path} {version}", *lines[1:]]).encode()


async def greet_socks(proxy: ForwardProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """SOCKS5 without a password, for a name (RFC 1928)."""
    await reader.readexactly((await reader.readexactly(1))[0])
    writer.write(b"\x05\x00")
    assert await reader.readexactly(4) == b"\x05\x01\x00\x03"
    name = await reader.readexactly((await reader.readexactly(1))[0])
    port = int.from_bytes(await reader.readexactly(2), "big")
    proxy.asked.append(f"SOCKS5 {name.decode()}:{port}")
    writer.write(b"\x05\x00\x00\x01" + socket.inet_aton("127.0.0.1") + b"\x00\x00")


async def tunnel(port: int, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry both ways until either side ends."""
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
    far_writer.write(head)
    back = asyncio.create_task(carry(far_reader, writer))
    await carry(reader, far_writer)
    await back
