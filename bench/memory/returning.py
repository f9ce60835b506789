"""Peers whose connection breaks: how soon they are told where it goes on, and what is held for them meanwhile."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import serve

from bench.memory.relays import Served, served
from bench.usage import read_usage

FILLING = "x" * 8000
MIB = 1024 * 1024


@asynccontextmanager
async def talkative() -> AsyncIterator[int]:
    """An upstream that says so many messages of 8 KB, some time after it is asked for them; yields its port."""

    async def speak(connection: Any) -> None:
        await connection.send('{"type":"session.created","session":{"id":"sess_1"}}')
        async for message in connection:
            event = json.loads(message)
            if event["type"] == "made.up":
                await asyncio.sleep(event["after_s"])
                for number in range(event["count"]):
                    await connection.send(json.dumps({"type": "made.up", "n": number, "filling": FILLING}))

    async with serve(speak, "127.0.0.1", 0, max_size=None, compression=None) as server:
        yield next(iter(server.sockets)).getsockname()[1]


def asked(count: int, after_s: float = 0.0) -> str:
    return json.dumps({"type": "made.up", "count": count, "after_s": after_s})


class Peer:
    """Counts what it hears, and knows how to come back."""

    def __init__(self, relay: Served) -> None:
        self.received = 0
        self.resumed: dict[str, Any] = {}
        self._relay = relay
        self._token = ""

    def connection(self) -> Any:
        return self._relay.peer("?resume=1", [f"relay.resume.v1.{self._token}.{self.received}"] if self._token else [])

    async def hear(self, connection: ClientConnection, kind: str) -> None:
        """Until the next event of this type."""
        while True:
            event = json.loads(await connection.recv())
            if event["type"] == "relay.resumable":
                self._token = event["token"]
            elif event["type"] == "relay.resumed":
                self.resumed = event
            elif not event["type"].startswith("relay."):
                self.received += 1
            if event["type"] == kind:
                return


async def returns(count: int, workers: int) -> Mapping[str, Any]:
    """Milliseconds from a dial until the peer is told that it goes on, sorted, by whose session it is.

    `own` are those that reached the worker that has their session, `other` those that reached another one.
    """
    times: dict[str, list[float]] = {"own": [], "other": []}
    async with talkative() as port:
        with served("", port, *([f"--workers={workers}"] if workers > 1 else [])) as relay:
            peer = Peer(relay)
            connection = await peer.connection()
            await peer.hear(connection, "session.created")
            for _ in range(count):
                connection.transport.abort()
                handed_over = _handed_over(relay)
                began = monotonic()
                connection = await peer.connection()
                await peer.hear(connection, "relay.resumed")
                took_ms = (monotonic() - began) * 1000
                assert peer.resumed["recovered"], peer.resumed
                await connection.send(asked(1))
                await peer.hear(connection, "made.up")
                times["other" if _handed_over(relay) > handed_over else "own"].append(took_ms)
            await connection.close()
    return {name: sorted(found) for name, found in times.items()}


def _handed_over(relay: Served) -> int:
    return relay.log.read_text(errors="replace").count("peer.handed_over")


async def held(peers: int) -> Mapping[str, float]:
    """MiB that a relay holds for each peer that is away and misses nearly all that is kept, and what it counts."""
    count = 4 * MIB * 95 // 100 // (len(FILLING) + 50)
    async with talkative() as port, AsyncExitStack() as stack:
        relay = stack.enter_context(served("", port))
        for _ in range(3):  # what is used once and for all is there
            connection = await Peer(relay).connection()
            await connection.send(asked(count))
            await Peer(relay).hear(connection, "made.up")
            await connection.close()
        before = read_usage(relay.pid).rss_bytes
        for _ in range(peers):
            peer = Peer(relay)
            connection = await peer.connection()
            await peer.hear(connection, "session.created")
            await connection.send(asked(count, 0.5))
            await asyncio.sleep(0.05)
            connection.transport.abort()
        while relay.metrics().get("relay_buffered_bytes", 0.0) < peers * count * len(FILLING):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        grown = read_usage(relay.pid).rss_bytes - before
        counted = relay.metrics()["relay_buffered_bytes"]
    return {"resident": grown / MIB / peers, "counted": counted / MIB / peers}
