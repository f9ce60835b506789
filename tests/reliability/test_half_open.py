"""An end that vanishes without a word is missed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import pytest

from tests.fakes.process import relay_process
from tests.fakes.running import end_of
from tests.fakes.upstream import echo, scripted_upstream
from tests.reliability.conftest import Report
from tests.reliability.watching import realtime

pytestmark = pytest.mark.reliability


class Cable:
    """A TCP connection through us, that can be cut so that neither side hears of it."""

    def __init__(self) -> None:
        self.whole = asyncio.Event()
        self.whole.set()
        self.port = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self.whole.wait()
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def cable(port: int) -> AsyncIterator[Cable]:
    """A cable to a port of this machine."""
    made = Cable()
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    async def plug(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        writers.extend((writer, there_writer))
        tasks.add(asyncio.create_task(made.carry(reader, there_writer)))
        tasks.add(asyncio.create_task(made.carry(there_reader, writer)))

    server = await asyncio.start_server(plug, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()


async def test_an_end_that_vanishes(report: Report) -> None:
    """A peer or an upstream behind a cut cable is given up within 45 s, and the other side is told."""
    async with (
        scripted_upstream(echo) as upstream,
        cable(upstream.port) as upstream_cable,
        relay_process("--upstream", f"ws://127.0.0.1:{upstream_cable.port}/") as (_, behind),
        relay_process("--upstream", upstream.url) as (_, before),
        cable(int(before.rsplit(":", 1)[1])) as peer_cable,
        realtime(behind) as told,
        realtime(f"http://127.0.0.1:{peer_cable.port}") as lost,
    ):
        for peer in (told, lost):
            await peer.send("hello")
            await peer.recv()
        began = monotonic()
        upstream_cable.whole.clear()
        peer_cable.whole.clear()
        code, _ = await upstream.closes.get()
        peer_missed_s = monotonic() - began
        _, told_code, told_reason = await end_of(told)
        upstream_missed_s = monotonic() - began
    assert (code, told_reason) == (1001, "upstream_lost")
    assert told_code == 1011
    assert max(peer_missed_s, upstream_missed_s) <= 45
    report("a peer vanishes without a word: it is missed after", "≤ 45 s", f"{peer_missed_s:.0f} s")
    report("an upstream vanishes without a word: it is missed after", "≤ 45 s", f"{upstream_missed_s:.0f} s")
