"""Looking at a relay's process, and at how its other peers fare."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from time import monotonic

from websockets.asyncio.client import ClientConnection, connect

MIB = 1024 * 1024


def realtime(address: str, query: str = "") -> connect:
    """A peer of the relay at this HTTP address."""
    url = address.replace("http", "ws") + "/v1/realtime" + query
    return connect(url, proxy=None, compression=None, max_size=None, ping_interval=None)


def resident_bytes(pid: int, which: str = "VmRSS") -> int:
    """The memory of a process now, or with `VmHWM` the most that it ever had."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{which}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(which)


def cpu_clock(pid: int) -> Callable[[], float]:
    """Reads the seconds of CPU time that a process has used (clock_getcpuclockid(3), of which Python has no name)."""
    scheduled = 2
    return partial(time.clock_gettime, ~pid << 3 | scheduled)


def forget_peak(pid: int) -> None:
    """Let `VmHWM` begin anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


@asynccontextmanager
async def neighbours(
    address: str, count: int = 20, every_s: float = 0.05, clock: Callable[[], float] = monotonic
) -> AsyncIterator[list[float]]:
    """Peers that say something again and again to an upstream that echoes; yields their round trips as they come."""
    trips: list[float] = []

    async def talk(peer: ClientConnection) -> None:
        while True:
            began = clock()
            await peer.send('{"type":"ping"}')
            await peer.recv()
            trips.append(clock() - began)
            await asyncio.sleep(every_s)

    async with contextlib.AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(realtime(address)) for _ in range(count)]
        talks = [asyncio.create_task(talk(peer)) for peer in peers]
        try:
            yield trips
        finally:
            for task in talks:
                task.cancel()
            results = await asyncio.gather(*talks, return_exceptions=True)
            assert all(isinstance(result, asyncio.CancelledError) for result in results), "a neighbour was cut off"


def p99_ms(trips: list[float]) -> float:
    """Of some round trips in seconds, what 99 of 100 stay below, in milliseconds."""
    return sorted(trips)[int(len(trips) * 0.99)] * 1000
