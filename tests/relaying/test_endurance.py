"""Promise three, over many sessions: nothing is left behind."""

import asyncio
import contextlib
import gc
import os
import weakref

from tests.fakes.running import running
from tests.fakes.upstream import echo, scripted_upstream

SESSIONS = 600
AT_A_TIME = 50
PATIENCE_S = 30.0


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


async def test_hundreds_of_sessions_leave_nothing_behind() -> None:
    """Sessions opened and closed leave tasks, file descriptors and metric series where they were."""
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay:

        async def one(n: int) -> None:
            async with relay.peer() as peer:
                await peer.send(f'{{"type":"made.up.{n}"}}')
                await peer.recv()
                if n % 2:
                    peer.transport.abort()

        def left() -> tuple[int, int]:
            gc.collect()
            return len(asyncio.all_tasks()), open_files()

        def more() -> bool:
            return any(now > first for now, first in zip(left(), at_first, strict=True))

        async def more_is_left() -> bool:
            """Whether there is more than at first, once that does not change any more; what others left may end."""
            await relay.sessions.empty()
            upstream.connections.clear()
            for _ in upstream.handshakes:
                await upstream.closes.get()
            upstream.handshakes.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_S):
                    while more():  # noqa: ASYNC110 - nothing tells when closed transports have left the loop
                        await asyncio.sleep(0)
            return more()

        def series() -> int:
            return sum(len(family.samples) for family in relay.metrics.registry.collect())

        at_first = left()
        await asyncio.gather(*map(one, range(AT_A_TIME)))
        assert not await more_is_left()
        known = series()
        for start in range(0, SESSIONS, AT_A_TIME):
            await asyncio.gather(*map(one, range(start, start + AT_A_TIME)))
        assert not await more_is_left()
        assert series() == known
        assert len(relay.sessions) == 0


async def test_a_session_that_has_ended_waits_for_no_garbage_collector(carrier) -> None:
    """A session, its legs and their buffers are let go when it ends: collected later, they would pile up in between."""
    gc.collect()
    gc.disable()
    try:
        async with scripted_upstream(echo) as upstream, running(upstream.url) as relay:
            async with relay.peer() as peer:
                await peer.send("x" * 100_000)
                await peer.recv()
                (session,) = relay.sessions.active_sessions
                left = [weakref.ref(each) for each in (session, session.up.source, session.down.source)]
                del session
            await relay.sessions.empty()
            while any(each() is not None for each in left):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0)
    finally:
        gc.enable()
