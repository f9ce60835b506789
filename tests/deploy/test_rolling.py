"""Two replicas behind a proxy, replaced one after the other while visitors keep coming."""

import asyncio
import contextlib
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from relay.config.settings import Settings
from tests.fakes.http_client import http_client
from tests.fakes.process import Process, relay_process
from tests.fakes.proxies import NAME, free_port, proxy
from tests.fakes.upstream import ScriptedUpstream, scripted_upstream

EVERY_S = 0.05
"""Between one visitor and the next."""
NOTICE_S = str(Settings.model_fields["drain_notice_s"].default)


@dataclass
class Visitors:
    """People who come one after the other, say a word, hear it, and leave."""

    port: int
    trust: ssl.SSLContext
    served: int = 0
    turned_away: list[str] = field(default_factory=list)

    async def keep_coming(self) -> None:
        while True:
            try:
                async with connect(
                    f"wss://{NAME}:{self.port}/v1/realtime", host="127.0.0.1", ssl=self.trust, proxy=None
                ) as peer:
                    await peer.send("hello")
                    await peer.recv()
                self.served += 1
            except (InvalidHandshake, ConnectionClosed, OSError) as failure:
                self.turned_away.append(repr(failure))
            await asyncio.sleep(EVERY_S)


@asynccontextmanager
async def replica(upstream: ScriptedUpstream, port: int, notice_s: str) -> AsyncIterator[Process]:
    """A relay at this port, with an upstream of its own that tells whom it serves."""
    arguments = ("--upstream", upstream.url, "--port", str(port))
    async with relay_process(*arguments, RELAY_DRAIN_NOTICE_S=notice_s) as (process, _):
        assert process.stderr is not None
        reading = asyncio.create_task(process.stderr.read())  # a log that nobody reads would hold the relay up
        yield process
        reading.cancel()
        await asyncio.wait({reading})


async def serves(upstream: ScriptedUpstream) -> None:
    """Wait until a visitor who comes from now on is sent to this replica."""
    count = len(upstream.connections)
    while len(upstream.connections) == count:
        await upstream.closes.get()


@pytest.mark.parametrize(
    ("name", "notice_s"), [("nginx", "0"), *((name, NOTICE_S) for name in ("haproxy", "caddy", "traefik"))]
)
async def test_nobody_is_turned_away_while_replicas_are_replaced(name, notice_s, tmp_path: Path) -> None:
    """Behind the shipped files, replicas are replaced one by one and no visitor who comes meanwhile is refused."""
    ports = [free_port(), free_port()]
    async with contextlib.AsyncExitStack() as stack:
        upstreams = [await stack.enter_async_context(scripted_upstream()) for _ in ports]
        old = [
            await stack.enter_async_context(replica(upstream, port, notice_s))
            for upstream, port in zip(upstreams, ports, strict=True)
        ]
        visitors = Visitors(*await stack.enter_async_context(proxy(name, ports, tmp_path)))
        coming = asyncio.create_task(visitors.keep_coming())
        for process, upstream, port in zip(old, upstreams, ports, strict=True):
            await serves(upstream)
            process.send_signal(signal.SIGTERM)
            await process.wait()
            await stack.enter_async_context(replica(upstream, port, notice_s))
            await serves(upstream)
        coming.cancel()
        await asyncio.wait({coming})
    assert visitors.turned_away == []
    assert visitors.served > 4


async def test_a_leaving_relay_still_takes_visitors_in() -> None:
    """From SIGTERM on readiness is off, while new sessions are served until the notice is over."""
    async with (
        scripted_upstream() as upstream,
        relay_process("--upstream", upstream.url, RELAY_DRAIN_NOTICE_S="600", RELAY_DRAIN_TIMEOUT_S="600") as (
            process,
            address,
        ),
        http_client() as http,
    ):
        process.send_signal(signal.SIGTERM)
        while (await http.get(f"{address}/readyz")).status_code == 200:
            pass
        async with connect(address.replace("http", "ws") + "/v1/realtime", proxy=None) as peer:
            await peer.send("late")
            assert await peer.recv() == "late"
        process.send_signal(signal.SIGTERM)
        assert await process.wait() in {0, -signal.SIGTERM}


async def test_ctrl_c_gives_no_notice() -> None:
    """A person who presses Ctrl+C waits for no load balancer."""
    async with relay_process("--upstream", "mock", RELAY_DRAIN_NOTICE_S="600", RELAY_DRAIN_TIMEOUT_S="600") as (
        process,
        _,
    ):
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
