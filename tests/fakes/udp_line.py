"""A line of UDP between a call's two ends, which a test can cut."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any


class UdpLine:
    """Carries packets from loopback to another address of this machine and back.

    Attributes:
        is_cut: nothing passes while it is.
        passed: how many packets have.
    """

    def __init__(self) -> None:
        self.is_cut = False
        self.passed = 0

    def carry(self, send: Any, data: bytes) -> None:
        if not self.is_cut:
            self.passed += 1
            send(data)


class _Near(asyncio.DatagramProtocol):
    """The end that the caller sends to; each caller has a socket of its own at the far end."""

    def __init__(self, line: UdpLine, far: tuple[str, int]) -> None:
        self._line = line
        self._far = far
        self._opening: dict[Any, asyncio.Task[asyncio.DatagramTransport]] = {}

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if addr not in self._opening:
            self._opening[addr] = asyncio.create_task(self._open(addr))
        self._opening[addr].add_done_callback(lambda opened: self._line.carry(opened.result().sendto, data))

    async def close(self) -> None:
        for opening in self._opening.values():
            (await opening).close()
        self._transport.close()

    async def _open(self, caller: Any) -> asyncio.DatagramTransport:
        back = _Far(self._line, lambda data: self._transport.sendto(data, caller))
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: back, remote_addr=self._far)
        return transport


class _Far(asyncio.DatagramProtocol):
    def __init__(self, line: UdpLine, back: Any) -> None:
        self._line = line
        self._back = back

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._line.carry(self._back, data)


@asynccontextmanager
async def udp_line(address: str, port: int) -> AsyncIterator[UdpLine]:
    """A line from this port of loopback to the same port of `address`, until the context ends."""
    line = UdpLine()
    loop = asyncio.get_running_loop()
    _, near = await loop.create_datagram_endpoint(lambda: _Near(line, (address, port)), local_addr=("127.0.0.1", port))
    try:
        yield line
    finally:
        await near.close()
