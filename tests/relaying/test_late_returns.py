"""Peers that come back when their session cannot be had any more, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from relay.serving.handing_over import HAND_OVER
from relay.stand_ins.mock import Pace, serve_mock
from relay.stand_ins.mock.server import MockServer
from tests.fakes.running import Running, running, until

NAMES = ("ada", "ben")
TOKENS = [{"token": name * 12, "subject": name} for name in NAMES]
ADA, BEN = (dict[str, Any]({"additional_headers": {"Authorization": f"Bearer {name * 12}"}}) for name in NAMES)
SOON_OVER = {"default": {"grace_s": 0.05, "instructions": "Be kind."}}


@pytest.fixture
async def mock() -> AsyncIterator[MockServer]:
    async with serve_mock(pace=Pace.instant()) as mock:
        yield mock


async def say(peer: ClientConnection, text: str) -> list[dict[str, Any]]:
    """Say something and read the answer: of sound nobody would have heard much so soon."""
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    await peer.send(json.dumps({"type": "conversation.item.create", "item": item}))
    await peer.send('{"type":"response.create","response":{"output_modalities":["text"]}}')
    return await until(peer, "response.done")


async def talk_and_vanish(relay: Running, query: str = "", **options: Any) -> str:
    """Say something over a connection that breaks then, and let the grace pass; returns the token."""
    async with relay.peer("?resume=1" + query, **options) as peer:
        offer = json.loads(await peer.recv())
        await say(peer, "My name is Ada.")
        peer.transport.abort()
    if offer["grace_s"] < 1:
        await relay.sessions.empty()
    return str(offer["token"])


def come_back(relay: Running, token: str, received: int = 0, query: str = "", **options: Any) -> connect:
    return relay.peer(query, subprotocols=[f"relay.resume.v1.{token}.{received}", "realtime"], **options)


async def told(peer: ClientConnection) -> tuple[str, int]:
    """What the first event says: the reason, and how much is said again."""
    event = json.loads(await peer.recv())
    assert (event["type"], event["recovered"]) == ("relay.resumed", False)
    return event["reason"], event["items"]


def words(mock: MockServer) -> list[tuple[str | None, str]]:
    """The conversation of the latest session as the upstream has it."""
    items = mock.sessions[-1].conversation
    return [(item.role, item.fields["content"][0].get("text", "")) for item in items if item.role == "user"]


async def test_coming_back_after_the_grace(mock) -> None:
    """Who comes too late has a new session that knows what was said, is told how much, and sees it."""
    async with running(mock.url, profiles=SOON_OVER) as relay:
        token = await talk_and_vanish(relay)
        async with come_back(relay, token) as peer:
            assert await told(peer) == ("session_over", 2)
            events = await until(peer, "conversation.item.done")
            assert "relay.conversation" not in {event["type"] for event in events}
            await say(peer, "What is my name?")
        assert words(mock) == [("user", "My name is Ada."), ("user", "What is my name?")]
        assert mock.sessions[-1].realtime["instructions"] == "Be kind."


async def test_what_a_late_peer_said_is_told_once(mock) -> None:
    """What is kept for a token is used up with it."""
    async with running(mock.url, profiles=SOON_OVER) as relay:
        token = await talk_and_vanish(relay)
        for expected in (("session_over", 2), ("unknown_token", 0)):
            async with come_back(relay, token) as peer:
                assert await told(peer) == expected


async def test_it_is_its_owners_alone(mock) -> None:
    """Somebody else with the token learns nothing, and takes nothing away."""
    async with running(mock.url, profiles=SOON_OVER, tokens=TOKENS) as relay:
        token = await talk_and_vanish(relay, **ADA)
        for who, expected in ((BEN, ("unknown_token", 0)), (ADA, ("session_over", 2))):
            async with come_back(relay, token, **who) as peer:
                assert await told(peer) == expected
                await until(peer, "session.created")


async def test_a_peer_that_missed_too_much(mock) -> None:
    """Who cannot be sent all that it missed has a new session that knows what was said."""
    async with running(mock.url) as relay:
        token = await talk_and_vanish(relay)
        async with come_back(relay, token, received=1_000_000) as peer:
            assert await told(peer) == ("too_much_missed", 2)
            await say(peer, "What is my name?")
        assert [text for _, text in words(mock)] == ["My name is Ada.", "What is my name?"]


async def test_one_whose_words_are_kept(mock, tmp_path) -> None:
    """With a history it is said once, from there where the peer names its conversation; nothing of it is kept twice."""
    kept = {"default": {**SOON_OVER["default"], "history": True}}
    store = {"store": f"sqlite:{tmp_path}/history.db"}
    async with running(mock.url, profiles=kept, history=store, tokens=TOKENS) as relay:
        for query in ("&conversation=c1", ""):
            token = await talk_and_vanish(relay, query, **ADA)
            async with come_back(relay, token, query=query.replace("&", "?"), **ADA) as peer:
                assert await told(peer) == ("session_over", 2)
                await say(peer, "What is my name?")
            assert [text for _, text in words(mock)] == ["My name is Ada.", "What is my name?"]


async def test_a_session_that_nobody_said_anything_in(mock) -> None:
    """Where nothing was said there is nothing to be kept, and the token is as good as any other."""
    async with running(mock.url, profiles=SOON_OVER) as relay:
        async with relay.peer("?resume=1") as peer:
            token = json.loads(await peer.recv())["token"]
            peer.transport.abort()
        await relay.sessions.empty()
        async with come_back(relay, token) as peer:
            assert await told(peer) == ("unknown_token", 0)


async def test_at_another_worker(mock, tmp_path) -> None:
    """Another worker hands who comes too late to the one that knows what was said, as it does in time."""
    (directory := tmp_path / "workers").mkdir()
    async with running(mock.url, profiles=SOON_OVER) as first, running(mock.url) as second:
        first.app.state.fellows.takes[HAND_OVER] = first.server.take
        async with first.app.state.fellows.met(directory, 1), second.app.state.fellows.met(directory, 2):
            token = await talk_and_vanish(first)
            async with come_back(second, token) as peer:
                assert await told(peer) == ("session_over", 2)
                while not len(first.sessions):  # noqa: ASYNC110 - nothing tells of it
                    await asyncio.sleep(0)
