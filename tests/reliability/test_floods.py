"""What one session does to the others."""

import asyncio
import contextlib
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import thread_time

import pytest

from tests.fakes.running import running
from tests.reliability.conftest import Report
from tests.reliability.watching import MIB

pytestmark = pytest.mark.reliability

UNBOUNDED = {"bytes_per_s": 1e9, "messages_per_s": 1e6}
PROFILES = {"default": {"limits": UNBOUNDED}, "locked": {"limits": UNBOUNDED, "lock": ["instructions"]}}


@asynccontextmanager
async def flooder() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A process that floods; see `tests/reliability/flooder.py`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.reliability.flooder", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout, process.stdin
    finally:
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def turns_of_the_loop() -> AsyncIterator[list[float]]:
    """How many seconds of CPU time each turn of the event loop takes, without what the tests' own objects cost."""
    gc.collect()
    gc.freeze()
    turns: list[float] = []

    async def count() -> None:
        while True:
            began = thread_time()
            await asyncio.sleep(0)
            turns.append(thread_time() - began)

    counting = asyncio.create_task(count())
    yield turns
    gc.unfreeze()
    counting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await counting


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("mib", [1, 24])
async def test_a_session_that_floods(profile, mib, report: Report) -> None:
    """Messages of up to 1 MiB, as deep, large, wide and many as they come, hold the loop for no more than 50 ms."""
    async with flooder() as (said, told):
        upstream = (await said.readline()).decode().strip()
        async with running(
            upstream, profiles=PROFILES, max_message_bytes=mib * MIB, log_level="error"
        ) as relay, turns_of_the_loop() as turns:  # fmt: skip
            told.write(f"{relay.url}?profile={profile} {mib * MIB}\n".encode())
            assert await said.readline() == b"done\n"
            await relay.sessions.empty()
            ended = relay.metrics.registry.get_sample_value("relay_sessions_ended_total", {"cause": "peer_closed"})
    assert ended == 1
    longest_ms = 1000 * max(turns)
    locks = "with locks" if profile == "locked" else "no locks"
    report(f"one session floods, {locks}, messages up to {mib} MiB: the event loop's longest turn",
           "≤ 50 ms", f"{longest_ms:.0f} ms" + (", **missed**" if longest_ms > 50 else ""))  # fmt: skip
    assert longest_ms <= {1: 50, 24: 500}[mib]
