"""The relay as it is served: real uvicorn, real sockets, in the test's own event loop."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect

from relay.app import create_app
from relay.config.loading import load_settings
from relay.config.settings import Settings
from relay.serving.server import DrainingServer, make_server
from relay.sessions.joining import InterceptorFactory
from relay.sessions.registry import Sessions
from relay.telemetry.metrics import Metrics

DIAL_TIMEOUT_S = 120.0
"""Unless a test is about it, no dial fails because the machine is busy."""

TURN_BEGINS, TURN_ENDS = '{"type":"response.created"}', '{"type":"response.done"}'


@dataclass
class Running:
    """A relay that listens."""

    app: Starlette
    server: DrainingServer
    port: int

    @property
    def sessions(self) -> Sessions:
        sessions: Sessions = self.app.state.sessions
        return sessions

    @property
    def metrics(self) -> Metrics:
        metrics: Metrics = self.app.state.metrics
        return metrics

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/realtime"

    def ended_by(self, cause: str) -> float:
        """How many sessions ended by `cause`, as the metrics say."""
        value = self.metrics.registry.get_sample_value("relay_sessions_ended_total", {"cause": cause})
        assert value is not None, f"no series for {cause}"
        return value

    def peer(self, query: str = "", **options: Any) -> connect:
        """A peer to be entered with `async with`; its messages are as large as they come."""
        return connect(
            self.url + query, **{"max_size": None, "compression": None, "proxy": None, "open_timeout": None, **options}
        )


async def until(peer: ClientConnection, kind: str) -> list[dict[str, Any]]:
    """What a peer is told up to an event of this type; none of it may be an `error`."""
    events: list[dict[str, Any]] = []
    while not events or events[-1]["type"] != kind:
        events.append(json.loads(await peer.recv()))
        assert events[-1]["type"] != "error", events[-1]
    return events


@asynccontextmanager
async def running(
    upstream: str, interceptors: Sequence[InterceptorFactory] = (), settings: Settings | None = None, **given: Any
) -> AsyncIterator[Running]:
    """Serve the relay on a free port with `upstream` and the settings `given`."""
    given = {"drain_timeout_s": 0, "dial_timeout_s": DIAL_TIMEOUT_S, **given}
    settings = settings or load_settings(upstream=upstream, port=0, **given)
    async with serving(create_app(settings, interceptors), settings) as relay:
        yield relay


@asynccontextmanager
async def serving(app: Starlette, settings: Settings) -> AsyncIterator[Running]:
    """Serve an application as `relay serve` serves the relay."""
    listening = asyncio.Event()
    port = 0

    def listens(host: str, chosen: int) -> None:
        nonlocal port
        port = chosen
        listening.set()

    server = make_server(app, settings, listens)
    task = asyncio.create_task(server._serve())  # `serve` would take over the signals
    try:
        await listening.wait()
        yield Running(app, server, port)
    finally:
        server.should_exit = True
        await task


async def begin_turn(peer: ClientConnection) -> None:
    """Let the relay see the beginning of an answer, of an upstream that echoes."""
    await peer.send(TURN_BEGINS)
    assert await peer.recv() == TURN_BEGINS


async def end_of(peer: ClientConnection) -> tuple[list[str | bytes], int | None, str | None]:
    """All messages until the close, and its code and reason."""
    messages = []
    try:
        while True:
            messages.append(await peer.recv())
    except Exception:  # every kind of close ends it
        await peer.wait_closed()
        return messages, peer.close_code, peer.close_reason
