"""An end that stops reading costs a bounded amount of memory, its session's end, and nobody else anything."""

import asyncio
from time import monotonic

import pytest
from websockets.asyncio.server import ServerConnection

from relay.core.flow import HIGH_WATER_BYTES
from tests.fakes.process import relay_process
from tests.fakes.running import end_of
from tests.fakes.upstream import scripted_upstream
from tests.reliability.conftest import Report
from tests.reliability.watching import MIB, forget_peak, neighbours, p99_ms, realtime, resident_bytes

pytestmark = pytest.mark.reliability

PIECE = 64 * 1024
FLOOD = 100 * MIB
MAY_GROW = 10 * MIB


async def echo_or_flood(connection: ServerConnection) -> None:
    """Echo; but on `flood` send 100 MiB, numbered."""
    async for message in connection:
        if message != "flood":
            await connection.send(message)
            continue
        for n in range(FLOOD // PIECE):
            await connection.send(f'{{"type":"x","n":{n},"filler":"{"y" * PIECE}"}}')


async def test_a_peer_that_stops_reading(report: Report) -> None:
    """The relay grows by no more than its buffer, ends the session in time, and the neighbours notice nothing."""
    async with (
        scripted_upstream(echo_or_flood) as upstream,
        relay_process("--upstream", upstream.url, RELAY_DRAIN_TIMEOUT_S="0") as (process, address),
        neighbours(address) as trips,
    ):
        await asyncio.sleep(3)
        calm = p99_ms(trips)
        trips.clear()
        before = resident_bytes(process.pid)
        forget_peak(process.pid)
        async with realtime(address) as slow:
            slow.transport.pause_reading()
            began = monotonic()
            await slow.send("flood")
            upstream_end = await upstream.closes.get()
            took_s = monotonic() - began
            grown = resident_bytes(process.pid, "VmHWM") - before
            stormy = p99_ms(trips)
            slow.transport.resume_reading()
            _, code, reason = await end_of(slow)
    assert (upstream_end[0], code, reason) in {(1001, 1008, "slow_peer"), (1001, 1006, "")}
    assert grown <= HIGH_WATER_BYTES + MAY_GROW
    assert took_s <= 30
    report("a peer stops reading, 100 MiB come down: the relay grows by", "≤ 18 MiB", f"{grown / MIB:.1f} MiB")
    report("the session ends as `slow_peer` after", "≤ 30 s", f"{took_s:.1f} s")
    report("p99 round trip of 20 others, before and meanwhile", "the same", f"{calm:.1f} and {stormy:.1f} ms")


async def test_an_upstream_that_stops_reading_for_a_while(report: Report) -> None:
    """What goes up waits within the same bound, and arrives whole and in order once the upstream reads again."""
    reading = asyncio.Event()
    arrived: list[int] = []

    async def reads_late(connection: ServerConnection) -> None:
        await reading.wait()
        async for message in connection:
            arrived.append(int(message[:8]))
            if len(arrived) == FLOOD // PIECE:
                await connection.close(1000, "all")

    async with (
        scripted_upstream(reads_late) as upstream,
        relay_process("--upstream", upstream.url, RELAY_LIMITS__BYTES_PER_S="1e9") as (process, address),
        realtime(address) as peer,
    ):
        before = resident_bytes(process.pid)
        forget_peak(process.pid)

        async def send_all() -> None:
            for n in range(FLOOD // PIECE):
                await peer.send(f"{n:08}" + "z" * PIECE)

        sending = asyncio.create_task(send_all())
        await asyncio.sleep(5)
        assert not sending.done(), "it all went into the buffers of the kernel; the flood is too small"
        reading.set()
        await sending
        _, code, reason = await end_of(peer)
        grown = resident_bytes(process.pid, "VmHWM") - before
    assert (code, reason) == (1000, "all")
    assert arrived == list(range(FLOOD // PIECE))
    assert grown <= HIGH_WATER_BYTES + MAY_GROW
    report("an upstream stops reading, 100 MiB go up: the relay grows by", "≤ 18 MiB", f"{grown / MIB:.1f} MiB")
    report("messages lost or out of order when it reads again", "0", "0")
