"""Peers that come back to another worker than the one that has their session, over real sockets."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.typing import Subprotocol

from relay.serving.handing_over import HAND_OVER, Handshake
from tests.fakes.running import Running, end_of, running
from tests.fakes.upstream import ScriptedUpstream, scripted_upstream


@asynccontextmanager
async def two_workers(tmp_path: Path, **given: Any) -> AsyncIterator[tuple[ScriptedUpstream, Running, Running]]:
    """An upstream that echoes, and two relays that know each other as the workers of one supervisor do."""
    (directory := tmp_path / "workers").mkdir()
    async with (
        scripted_upstream() as upstream,
        running(upstream.url, **given) as first,
        running(upstream.url, **given) as second,
    ):
        for relay in (first, second):
            relay.app.state.fellows.takes[HAND_OVER] = relay.server.take
        async with first.app.state.fellows.met(directory, 1), second.app.state.fellows.met(directory, 2):
            yield upstream, first, second


async def hear(peer: ClientConnection, kind: str) -> dict[str, Any]:
    """The next event, which has this type."""
    event: dict[str, Any] = json.loads(await peer.recv())
    assert event["type"] == kind
    return event


def come_back(relay: Running, offer: dict[str, Any], received: int, **options: Any) -> connect:
    return relay.peer(subprotocols=[f"relay.resume.v1.{offer['token']}.{received}"], **options)


async def say_all(connection: ServerConnection, messages: Sequence[str]) -> None:
    for message in messages:
        await connection.send(message)


def returns(relay: Running, outcome: str) -> float:
    return relay.metrics.registry.get_sample_value("relay_peer_returns_total", {"outcome": outcome}) or 0.0


async def test_coming_back_to_another_worker(tmp_path: Path) -> None:
    """Who reaches another worker goes on with its session at the one that has it, as if it had reached that one."""
    async with two_workers(tmp_path) as (upstream, first, second):
        async with first.peer("?resume=1") as peer:
            offer = await hear(peer, "relay.resumable")
            await peer.send('{"type":"a"}')
            await hear(peer, "a")
            peer.transport.abort()
        async with come_back(second, offer, 1) as peer:
            assert peer.subprotocol == f"relay.resume.v1.{offer['token']}.1"
            offer = await hear(peer, "relay.resumable")
            assert (await hear(peer, "relay.resumed"))["recovered"]
            large = json.dumps({"type": "b", "filling": "é" * 1_000_000})
            for _ in range(3):
                await peer.send(large)
            assert [await peer.recv() for _ in range(3)] == [large] * 3
            peer.transport.abort()
        async with come_back(first, offer, 4) as peer:
            await hear(peer, "relay.resumable")
            assert (await hear(peer, "relay.resumed"))["received"] == 4
        await first.sessions.empty()
        assert (returns(first, "recovered"), len(second.sessions), len(upstream.connections)) == (2, 0, 1)


async def test_a_close_passes(tmp_path: Path) -> None:
    """What the worker that has the session says at its end arrives, the close with it."""
    async with two_workers(tmp_path) as (upstream, first, second):
        async with first.peer("?resume=1") as peer:
            offer = await hear(peer, "relay.resumable")
            peer.transport.abort()
        async with come_back(second, offer, 0) as peer:
            await hear(peer, "relay.resumable")
            await hear(peer, "relay.resumed")
            await upstream.connections[0].close(1001, "over")
            messages, code, reason = await end_of(peer)
            assert ([json.loads(message)["type"] for message in messages], code, reason) == (["error"], 1001, "over")


async def test_a_worker_that_goes(tmp_path: Path) -> None:
    """When the worker stops that a peer came by, the peer's connection breaks, and it may come back once more."""
    async with two_workers(tmp_path) as (_, first, second):
        async with first.peer("?resume=1") as peer:
            offer = await hear(peer, "relay.resumable")
            peer.transport.abort()
        async with come_back(second, offer, 0) as peer:
            offer = await hear(peer, "relay.resumable")
            await hear(peer, "relay.resumed")
            second.server.should_exit = True
            assert await end_of(peer) == ([], 1006, "")
        async with come_back(first, offer, 0) as peer:
            await hear(peer, "relay.resumable")
            assert (await hear(peer, "relay.resumed"))["recovered"]


async def test_a_token_that_nobody_knows(tmp_path: Path) -> None:
    """Where no worker has the session, the peer has a new one at the worker that it reached."""
    async with two_workers(tmp_path) as (_, _, second), come_back(second, {"token": "x" * 32}, 0) as peer:
        assert (await hear(peer, "relay.resumed"))["reason"] == "unknown_token"
        assert len(second.sessions) == 1


async def test_another_worker_takes_no_stranger(tmp_path: Path) -> None:
    """The worker that has the session asks who it is, as for any connection."""
    tokens = [{"token": name * 40, "subject": name} for name in ("a", "b")]
    owner, other = ({"additional_headers": {"Authorization": f"Bearer {name * 40}"}} for name in ("a", "b"))
    async with two_workers(tmp_path, tokens=tokens) as (_, first, second):
        async with first.peer("?resume=1", **owner) as peer:
            offer = await hear(peer, "relay.resumable")
            peer.transport.abort()
        async with come_back(second, offer, 0, **other) as peer:
            assert (await hear(peer, "relay.resumed"))["reason"] == "unknown_token"
        async with come_back(second, offer, 0, **owner) as peer:
            await hear(peer, "relay.resumable")
            assert (await hear(peer, "relay.resumed"))["recovered"]


async def test_over_tls(tmp_path: Path) -> None:
    """A worker that speaks TLS hands over what is in it."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    authority.configure_trust(trusting := ssl.create_default_context())
    async with two_workers(tmp_path, tls_cert=chain, tls_key=key) as (_, first, second):

        def address(relay: Running) -> str:
            return relay.url.replace("ws:", "wss:")

        async with connect(f"{address(first)}?resume=1", ssl=trusting, proxy=None) as peer:
            offer = await hear(peer, "relay.resumable")
            peer.transport.abort()
        name = Subprotocol(f"relay.resume.v1.{offer['token']}.0")
        async with connect(address(second), subprotocols=[name], ssl=trusting, proxy=None) as peer:
            await hear(peer, "relay.resumable")
            assert (await hear(peer, "relay.resumed"))["recovered"]
            await peer.send('{"type":"a"}')
            await hear(peer, "a")


async def test_a_worker_that_has_just_gone(tmp_path: Path) -> None:
    """Where the other worker has gone since it said that it has the session, the peer has a new one where it is."""
    place = tmp_path / "workers" / "3"

    async def answer_and_go(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        place.unlink()
        writer.write(b"yes")
        writer.close()

    async with (
        two_workers(tmp_path) as (_, _, second),
        await asyncio.start_unix_server(answer_and_go, place),
        come_back(second, {"token": "x" * 32}, 0) as peer,
    ):
        assert (await hear(peer, "relay.resumed"))["reason"] == "unknown_token"


@pytest.mark.parametrize("told", ["", "[]", "{}", '{"request":"GET /"}'])
def test_another_version(told) -> None:
    """What a worker of another version says is no handshake."""
    with pytest.raises(ValueError, match=r"handshake|JSON|input|EOF|empty"):
        Handshake.read(told)


def test_where_a_peer_came_from() -> None:
    """The other worker knows the peer's address, and whether it came by TLS."""
    handshake = Handshake("GET /\xff", "wss", ("192.0.2.1", 7), None)
    assert Handshake.read(handshake.told()) == handshake


async def test_a_peer_that_reads_slowly(tmp_path: Path) -> None:
    """What is handed over holds no more than its sockets do, and loses nothing."""
    async with two_workers(tmp_path, buffer_bytes=65_536) as (upstream, first, second):
        async with first.peer("?resume=1") as peer:
            offer = await hear(peer, "relay.resumable")
            peer.transport.abort()
        async with come_back(second, offer, 0, max_queue=1) as peer:
            await hear(peer, "relay.resumable")
            await hear(peer, "relay.resumed")
            said = [json.dumps({"type": "a", "n": n, "filling": "x" * 60_000}) for n in range(200)]
            sending = asyncio.ensure_future(say_all(upstream.connections[0], said))
            assert [await peer.recv() for _ in said] == said
            await sending
