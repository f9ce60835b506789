"""A peer that leaves before it has a session is an ordinary end: one quiet line, and no trace."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from relay.app import create_app
from relay.config.loading import load_settings
from tests.fakes.running import running
from tests.fakes.upstream import read_all, scripted_upstream

PAGE, SDK = b"Origin: http://localhost\r\n", b""
AGENTS = b"User-Agent: Agents/Python 1\r\n"
UPGRADE = (
    b"GET /v1/realtime HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n%b\r\n"
)

LEAVE: list[Callable[[asyncio.StreamWriter], None]] = [
    lambda writer: writer.close(),
    lambda writer: writer.transport.abort(),
]


class Dialled:
    """An upstream that takes connections and never answers. Attributes: `port`, and `came` for each connection."""

    def __init__(self) -> None:
        self.port = 0
        self.came: asyncio.Queue[None] = asyncio.Queue()

    async def hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came.put_nowait(None)
        await reader.read(-1)
        writer.close()


@asynccontextmanager
async def never_answers() -> AsyncIterator[Dialled]:
    upstream = Dialled()
    async with await asyncio.start_server(upstream.hold, "127.0.0.1", 0) as server:
        upstream.port = server.sockets[0].getsockname()[1]
        yield upstream


@pytest.mark.parametrize("leave", LEAVE, ids=["closes", "resets"])
@pytest.mark.parametrize("peer", [PAGE, SDK, AGENTS], ids=["page", "SDK", "agents"])
async def test_a_peer_that_leaves_while_its_upstream_is_dialled(peer, leave, carrier, caplog) -> None:
    """It ends as `peer_lost` with one quiet line, and neither the relay nor its server logs a fault."""
    caplog.set_level(logging.WARNING)
    async with (
        never_answers() as upstream,
        running(f"ws://127.0.0.1:{upstream.port}/?model=m", dial_timeout_s=60) as relay,
    ):
        with capture_logs() as log:
            for _ in range(3):
                _, writer = await asyncio.open_connection("127.0.0.1", relay.port)
                writer.write(UPGRADE % peer)
                await upstream.came.get()
                leave(writer)
                await relay.sessions.empty()
        assert relay.ended_by("peer_lost") == 3
    assert [(line["event"], line["cause"], line["log_level"]) for line in log] == [
        ("session.refused", "peer_lost", "info")
    ] * 3
    assert caplog.records == []


async def gone(message: MutableMapping[str, Any]) -> None:
    """What an ASGI server does when it is asked to send to a peer that has gone."""
    raise OSError


@pytest.mark.parametrize("origin", [[(b"origin", b"http://localhost")], []], ids=["page", "SDK"])
@pytest.mark.parametrize(("upstream_is", "cause"), [("up", "peer_lost"), ("down", "upstream_unreachable")])
async def test_a_peer_that_has_gone_when_it_is_answered(origin, upstream_is, cause) -> None:
    """One that leaves between the dial and its answer ends as `peer_lost`; one that was refused, as what refused it."""
    messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    messages.put_nowait({"type": "websocket.connect"})
    scope = {
        "type": "websocket",
        "path": "/v1/realtime",
        "raw_path": b"/v1/realtime",
        "query_string": b"model=m",
        "headers": [(b"host", b"localhost"), *origin],
        "subprotocols": [],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "scheme": "ws",
        "extensions": {"websocket.http.response": {}},
    }
    async with scripted_upstream(read_all) as upstream:
        app = create_app(load_settings(upstream=upstream.url if upstream_is == "up" else "ws://127.0.0.1:1/"))
        with capture_logs() as log:
            await app(scope, messages.get, gone)
        if upstream_is == "up":
            assert (await upstream.closes.get())[0] == 1006
    ended = app.state.metrics.registry.get_sample_value("relay_sessions_ended_total", {"cause": cause})
    assert ended == 1
    refusals = [line["event"] for line in log if line["event"].startswith("session.")]
    assert refusals == ["session.refused"]
    assert {line["log_level"] for line in log} <= {"info", "warning"}
