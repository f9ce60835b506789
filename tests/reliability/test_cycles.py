"""Ten thousand sessions of all kinds leave nothing behind."""

import asyncio
from http import HTTPStatus

import httpx2 as httpx
import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request, Response

from tests.fakes.process import relay_process, unread_log
from tests.fakes.upstream import echo, scripted_upstream
from tests.reliability.conftest import Report
from tests.reliability.watching import open_files, realtime, resident_bytes

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(400)]

CYCLES = 10_000
AT_A_TIME = 40


def some_are_refused(connection: ServerConnection, request: Request) -> Response | None:
    return connection.respond(HTTPStatus.UNAUTHORIZED, "") if "refuse" in request.path else None


async def cycle(address: str, kind: int) -> None:
    """Open a session, or fail to, in one of four ways."""
    query = {0: "", 1: "", 2: "?profile=nobody", 3: "?refuse=1"}[kind]
    try:
        async with realtime(address, query) as peer:
            await peer.send('{"type":"x"}')
            await peer.recv()
            if kind == 1:
                peer.transport.abort()
    except InvalidStatus:
        assert kind in {2, 3}
    except ConnectionClosed:
        assert kind == 1


async def settled(address: str) -> int:
    """Wait until no session is open; returns how many series there are."""
    async with httpx.AsyncClient(timeout=None) as http:
        while True:
            text = (await http.get(f"{address}/metrics")).text
            if "\nrelay_sessions_open 0.0" in text:
                return sum(not line.startswith("#") for line in text.splitlines())


async def test_ten_thousand_cycles(report: Report) -> None:
    """Descriptors and series are back where they were, and memory has not crept up."""
    async with (
        scripted_upstream(echo, some_are_refused) as upstream,
        relay_process("--upstream", upstream.url) as (process, address),
        unread_log(process),
    ):

        async def run(cycles: int) -> None:
            for start in range(0, cycles, AT_A_TIME):
                await asyncio.gather(*(cycle(address, n % 4) for n in range(start, start + AT_A_TIME)))
                upstream.connections.clear()
                upstream.handshakes.clear()

        await run(CYCLES // 4)
        series, files, memory = await settled(address), open_files(process.pid), resident_bytes(process.pid)
        await run(CYCLES)
        now = await settled(address), open_files(process.pid), resident_bytes(process.pid)
    slope = (now[2] - memory) / CYCLES
    assert now[0] == series
    assert now[1] <= files + 1
    assert slope <= 1024
    report("10,000 sessions opened, reset, refused here and upstream: memory left behind, each", "≤ 1,024 bytes",
           f"{max(0.0, slope):,.0f} bytes")  # fmt: skip
    report("descriptors and series left behind", "0", f"{max(0, now[1] - files)} and {now[0] - series}")
