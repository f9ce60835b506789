"""A peer that comes back to its session whenever its connection breaks, and a way on which it does."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.fakes.running import running
from tests.fakes.upstream import Script, scripted_upstream

WINDOW = 20
"""So many messages of the peer may be without their answer."""


class Returning:
    """Says numbered messages, hears numbered answers, and says again what did not arrive.

    Attributes:
        token: what opens its session next time.
        received: how many messages of the session it has, the relay's own not counted.
        said: how many of its own messages it has sent on the way, those that were lost not counted.
        heard: the numbers that have come, in order.
        resumed: what it was told each time that it came back.
        trips_s: from each beginning of a connection to that.
    """

    def __init__(self, url: str) -> None:
        self.token: str | None = None
        self.received = 0
        self.said = 0
        self.heard: list[int] = []
        self.resumed: list[dict[str, Any]] = []
        self.trips_s: list[float] = []
        self._url = url

    @property
    def offer(self) -> str:
        return f"relay.resume.v1.{self.token}.{self.received}"

    async def talk(self, is_done: Callable[[], bool]) -> None:
        """Go on until then, over as many connections as it takes."""
        while not is_done():
            began = perf_counter()
            with contextlib.suppress(OSError, EOFError, WebSocketException):
                async with self.connection() as connection:
                    await self._talk(connection, is_done, began)

    def connection(self) -> connect:
        own: dict[str, Any] = {"compression": None, "proxy": None, "open_timeout": None, "close_timeout": 0}
        if self.token is not None:
            own["subprotocols"] = [self.offer]
        return connect(self._url + "?resume=1", max_size=None, ping_interval=None, **own)

    async def _talk(self, connection: ClientConnection, is_done: Callable[[], bool], began: float) -> None:
        while not is_done():
            event = json.loads(await connection.recv())
            if event["type"] == "relay.resumed":
                self.trips_s.append(perf_counter() - began)
                self.said = event["received"]
            if not self.take(event) or event["type"] == "relay.resumed":
                while self.said < len(self.heard) + WINDOW:
                    await connection.send(json.dumps({"type": "made.up", "n": self.said}))
                    self.said += 1

    def take(self, event: dict[str, Any]) -> bool:
        """Count an event; returns whether it is the relay's own."""
        if event["type"] == "relay.resumable":
            self.token = event["token"]
        elif event["type"] == "relay.resumed":
            self.resumed.append(event)
        elif not event["type"].startswith("relay."):
            self.received += 1
            self.heard.append(event["n"])
            return False
        return True


def answers(heard: list[int], filling: str = "") -> Script:
    """An upstream that greets with number -1, and answers each message with its number; `heard` gets what it heard."""

    async def script(connection: Any) -> None:
        await connection.send('{"type":"made.up","n":-1}')
        async for message in connection:
            heard.append(json.loads(message)["n"])
            await connection.send(json.dumps({"type": "made.up", "n": heard[-1], "filling": filling}))

    return script


class FrailWay:
    """Lets TCP connections through to a port, each until it has carried so many bytes.

    Attributes:
        cuts: how many connections it has broken.
        draw_bytes: how many bytes the next connection carries; None for no end.
    """

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.cuts = 0
        self.draw_bytes: Callable[[], int] | None = None
        self._target_port = target_port

    async def admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        left = [float("inf") if self.draw_bytes is None else self.draw_bytes()]

        async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while chunk := await source.read(1 << 14):
                sink.write(chunk[: max(0, int(min(left[0], len(chunk))))])
                left[0] -= len(chunk)
                if left[0] < 0:
                    self.cuts += 1
                    return
                await sink.drain()

        ways = [asyncio.ensure_future(carry(reader, far_writer)), asyncio.ensure_future(carry(far_reader, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(0)  # what was written last is on its way
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for each in (writer, far_writer):
            each.transport.abort()


@asynccontextmanager
async def frail_way(target_port: int) -> AsyncIterator[FrailWay]:
    way = FrailWay(target_port)
    async with await asyncio.start_server(way.admit, "127.0.0.1", 0) as server:
        way.port = server.sockets[0].getsockname()[1]
        yield way


async def cut_at_random(cuts: int, seed: int, filling: str = "x" * 1000) -> Returning:
    """A talk whose peer is cut off so many times, after any byte of either way; checks what both ends have got."""
    draw = random.Random(seed)
    heard: list[int] = []
    async with (
        scripted_upstream(answers(heard, filling)) as upstream,
        running(upstream.url) as relay,
        frail_way(relay.port) as way,
    ):
        peer = Returning(f"ws://127.0.0.1:{way.port}/v1/realtime")
        way.draw_bytes = lambda: draw.randrange(20_000) if peer.token else 10_000
        reached = float("inf")

        def is_done() -> bool:
            """All cuts are made, and the peer has heard something new over the connection that stays."""
            nonlocal reached
            if way.cuts >= cuts and way.draw_bytes is not None:
                way.draw_bytes, reached = None, len(peer.heard) + 2 * WINDOW
            return len(peer.heard) >= reached

        await peer.talk(is_done)
        assert peer.heard == list(range(-1, len(peer.heard) - 1))
        assert heard[: len(peer.heard) - 1] == list(range(len(peer.heard) - 1))
        assert len(upstream.connections) == 1
        assert all(told["recovered"] for told in peer.resumed)
    return peer
