"""A network that loses packets: a UDP proxy between a caller and the relay, put in by the answer's candidates."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

from playwright.async_api import Route

from relay.legs.webrtc.descriptions import candidates_of, reachable_answer

_Address = tuple[str | Any, int]


class LossyNetwork:
    """Attributes: `share`, how much is lost each way from now on, 0 to 1; `lost` and `passed`, packets so far."""

    def __init__(self, seed: int = 1, on_lost: Callable[[], None] = lambda: None) -> None:
        self.share = 0.0
        self.lost = self.passed = 0
        self._random = random.Random(seed)
        self._on_lost = on_lost
        self._ends: list[asyncio.DatagramTransport] = []

    async def answer_through(self, sdp: str) -> str:
        """The answer, with this network's address in place of the relay's."""
        there = next(each for each in candidates_of(sdp) if each.transport == "udp" and ":" not in each.address)
        loop = asyncio.get_running_loop()
        near, _ = await loop.create_datagram_endpoint(
            lambda: _Near(self, (there.address, there.port)), ("127.0.0.1", 0)
        )
        self._ends.append(near)
        _, port = near.get_extra_info("sockname")
        own = reachable_answer(sdp, ["127.0.0.1"])
        return (
            "\r\n".join(_here(line, there.port, port) for line in own.splitlines() if _is_kept(line, there.port))
            + "\r\n"
        )

    async def carry(self, route: Route) -> None:
        """Make a page's call through here: to be given to `page.route`."""
        answer = await route.fetch()
        await route.fulfill(response=answer, body=await self.answer_through(await answer.text()))

    def passes(self) -> bool:
        """Whether the next packet does."""
        is_lost = self._random.random() < self.share
        self.lost += is_lost
        self.passed += not is_lost
        if is_lost:
            self._on_lost()
        return not is_lost

    def close(self) -> None:
        for end in self._ends:
            end.close()


class _Near(asyncio.DatagramProtocol):
    """Faces the caller; its other half, made with the first packet, faces the relay."""

    def __init__(self, network: LossyNetwork, there: _Address) -> None:
        self._network = network
        self._there = there
        self._far: asyncio.DatagramTransport | None = None
        self._waiting: list[bytes] = []
        self._caller: _Address | None = None
        self._opening: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._near = transport
        self._opening = asyncio.get_running_loop().create_task(self._open())

    def datagram_received(self, data: bytes, addr: _Address) -> None:
        self._caller = addr
        if self._far is None:
            self._waiting.append(data)
        elif self._network.passes():
            self._far.sendto(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._far is not None:
            self._far.close()

    def give_back(self, data: bytes) -> None:
        """The relay sent something."""
        if self._caller is not None and self._network.passes():
            self._near.sendto(data, self._caller)

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        self._far, _ = await loop.create_datagram_endpoint(lambda: _Far(self), remote_addr=self._there)
        for data in self._waiting:
            self._far.sendto(data)
        self._waiting.clear()


class _Far(asyncio.DatagramProtocol):
    def __init__(self, near: _Near) -> None:
        self._near = near

    def datagram_received(self, data: bytes, addr: _Address) -> None:
        self._near.give_back(data)


def _is_kept(line: str, port: int) -> bool:
    return not line.startswith("a=candidate:") or f" {port} typ host" in line


def _here(line: str, there: int, here: int) -> str:
    return line.replace(f" {there} typ host", f" {here} typ host") if line.startswith("a=candidate:") else line
