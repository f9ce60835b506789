"""The relay inside applications of other people, on an ordinary server, with its lifespan and without."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection, connect

from relay import create_app, load_settings
from tests.fakes.documents import example
from tests.fakes.running import end_of
from tests.fakes.upstream import echo, scripted_upstream

Lifespan = Literal["on", "off"]


@asynccontextmanager
async def served(app: ASGIApp, lifespan: Lifespan) -> AsyncIterator[str]:
    """Serve an application on an ordinary server; yields the address."""
    config = uvicorn.Config(app, port=0, ws="websockets-sansio", log_config=None, lifespan=lifespan)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    serving = asyncio.create_task(server.main_loop())
    yield f"ws://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving
    await server.shutdown()


async def converse(peer: ClientConnection) -> str:
    """Ask for an answer in text; returns it."""
    await peer.send('{"type":"response.create","response":{"output_modalities":["text"]}}')
    while (event := json.loads(await peer.recv()))["type"] != "response.output_text.done":
        pass
    text: str = event["text"]
    return text


async def test_the_relay_in_another_application() -> None:
    """Mounted in an application on an ordinary server, the relay serves sessions, and its lifespan need not run."""
    async with scripted_upstream(echo) as upstream:
        outer = Starlette(routes=[Mount("/voice", create_app(load_settings(upstream=upstream.url)))])
        async with (
            served(outer, "off") as there,
            connect(f"{there}/voice/v1/realtime", proxy=None, open_timeout=None) as peer,
        ):
            await peer.send('{"type":"hello"}')
            assert await peer.recv() == '{"type":"hello"}'
            await upstream.connections[0].close(4000, "over")
            _, code, reason = await end_of(peer)
            assert (code, reason) == (4000, "over")


@pytest.mark.parametrize("make", [FastAPI, Starlette])
async def test_a_mock_behind_a_relay_that_nobody_started(make) -> None:
    """Without its lifespan the relay starts its mock with the first session, once for all that come at a time."""
    outer = make()
    outer.mount("/voice", create_app(load_settings(upstream="mock")))
    async with served(outer, "off") as there:
        peers = [connect(f"{there}/voice/v1/realtime", proxy=None) for _ in range(5)]
        opened = await asyncio.gather(*peers)
        assert len(set(await asyncio.gather(*map(converse, opened)))) == 1
        for peer in opened:
            await peer.close()


async def test_readmes_application(monkeypatch) -> None:
    """What README.md shows serves sessions under its path, and leaves nothing running at its end."""
    monkeypatch.setenv("RELAY_UPSTREAM", "mock")
    before = asyncio.all_tasks()
    place: dict[str, Any] = {}
    exec(example("README.md", "fastapi", 0), place)
    async with served(place["app"], "on") as there, connect(f"{there}/voice/v1/realtime", proxy=None) as peer:
        assert await converse(peer)
    assert asyncio.all_tasks() == before


def test_fastapis_test_client() -> None:
    """A test client, which has an event loop for each connection, talks to the mock in each of them."""
    outer = FastAPI()
    outer.mount("/voice", create_app(load_settings(upstream="mock")))
    client = TestClient(outer)
    for _ in range(2):
        with client.websocket_connect("/voice/v1/realtime") as peer:
            assert peer.receive_json()["type"] == "session.created"
