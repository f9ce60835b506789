"""Peers that come back to their session, over real sockets."""

import asyncio
import gc
import json
import weakref
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.fakes.documents import examples
from tests.fakes.returning import cut_at_random
from tests.fakes.running import Running, end_of, running
from tests.fakes.upstream import echo, read_all, scripted_upstream


async def test_a_peer_that_is_cut_off_again_and_again() -> None:
    """Each message of both ways arrives once and in order, however often and wherever the peer's connection breaks."""
    peer = await cut_at_random(40, seed=3)
    assert len(peer.resumed) > 10


def metric(relay: Running, name: str, **labels: str) -> float:
    return relay.metrics.registry.get_sample_value(name, labels) or 0.0


def returns(relay: Running, outcome: str) -> float:
    return metric(relay, "relay_peer_returns_total", outcome=outcome)


async def hear(peer: ClientConnection, kind: str) -> dict[str, Any]:
    """The next event, which has this type."""
    event: dict[str, Any] = json.loads(await peer.recv())
    assert event["type"] == kind
    return event


def come_back(relay: Running, offer: dict[str, Any], received: int, query: str = "", **options: Any) -> connect:
    name = f"relay.resume.v1.{offer['token']}.{received}"
    return relay.peer(query, subprotocols=[name, *options.pop("others", [])], **options)


async def cut(relay: Running, peer: ClientConnection) -> None:
    """Break the peer's connection, and wait until the relay waits for the peer."""
    before = metric(relay, "relay_peers_awaited")
    peer.transport.abort()
    while metric(relay, "relay_peers_awaited") == before:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0)


async def test_coming_back() -> None:
    """Who comes back is answered with what it offered, told where the session is, and sent what it missed."""
    async with scripted_upstream() as upstream, running(upstream.url) as relay:
        async with relay.peer("?resume=1") as peer:
            offer = await hear(peer, "relay.resumable")
            assert offer["grace_s"] == 30
            await peer.send('{"type":"a"}')
            await hear(peer, "a")
            await cut(relay, peer)
        await upstream.connections[0].send('{"type":"b"}')
        await upstream.connections[0].send(b"c")
        async with come_back(relay, offer, 1) as peer:
            assert peer.subprotocol == f"relay.resume.v1.{offer['token']}.1"
            assert (await hear(peer, "relay.resumable"))["token"] != offer["token"]
            told = await hear(peer, "relay.resumed")
            assert told == {
                "type": "relay.resumed", "event_id": told["event_id"], "recovered": True, "from": 1, "received": 1,
            }  # fmt: skip
            assert [await peer.recv(), await peer.recv()] == ['{"type":"b"}', b"c"]
            await peer.send('{"type":"d"}')
            await hear(peer, "d")
        await relay.sessions.empty()
        assert (relay.ended_by("peer_closed"), returns(relay, "recovered")) == (1, 1)
        assert len(upstream.connections) == 1


@pytest.mark.parametrize(
    ("query", "profile", "carrier"),
    [("?relay_events=1", {}, "fast"), ("?resume=1", {"grace_s": 0}, "fast"), ("?resume=1", {}, "portable")],
)
async def test_who_cannot_come_back(query, profile, carrier) -> None:
    """Who did not ask, or may not, or is on a carrier that cannot tell what has arrived, is offered nothing."""
    async with (
        scripted_upstream() as upstream,
        running(upstream.url, profiles={"default": profile}, carrier=carrier) as relay,
        relay.peer(query) as peer,
    ):
        await peer.send('{"type":"a"}')
        await hear(peer, "a")
        peer.transport.abort()
        await relay.sessions.empty()


async def test_asking_by_a_subprotocol() -> None:
    """Where an address is not to be touched, offering the bare subprotocol asks, too; another one is chosen."""
    offered = ["relay.binary.v1", "relay.resume.v1"]
    async with (
        scripted_upstream() as upstream,
        running(upstream.url) as relay,
        relay.peer(subprotocols=offered) as peer,
    ):
        assert peer.subprotocol == "relay.binary.v1"
        await hear(peer, "relay.resumable")


async def test_a_token_is_its_owners_alone() -> None:
    """With another subject or from another origin a token opens a new session, and its owner's stays as it is."""
    tokens = [{"token": name * 40, "subject": name} for name in ("a", "b")]
    async with scripted_upstream() as upstream, running(upstream.url, tokens=tokens) as relay:
        owner, other = [
            dict[str, Any](additional_headers={"Authorization": f"Bearer {name * 40}"}) for name in ("a", "b")
        ]
        async with relay.peer("?resume=1", **owner) as peer:
            offer = await hear(peer, "relay.resumable")
            await cut(relay, peer)
        for thief in (other, {**owner, "origin": relay.http}):
            async with come_back(relay, offer, 0, **thief) as peer:
                told = await hear(peer, "relay.resumed")
                assert (told["recovered"], told["reason"]) == (False, "unknown_token")
                await hear(peer, "relay.resumable")
        async with come_back(relay, offer, 0, **owner) as peer:
            await hear(peer, "relay.resumable")
            assert (await hear(peer, "relay.resumed"))["recovered"]
        assert len(upstream.connections) == 3


async def test_a_token_is_used_once() -> None:
    """A token is used up when who came with it has said something: who comes with it again has a new session."""
    async with scripted_upstream() as upstream, running(upstream.url) as relay:
        async with relay.peer("?resume=1") as peer:
            offer = await hear(peer, "relay.resumable")
            await cut(relay, peer)
        async with come_back(relay, offer, 0) as peer:
            await hear(peer, "relay.resumable")
            await peer.send('{"type":"a"}')
            await hear(peer, "relay.resumed")
            await hear(peer, "a")
            async with come_back(relay, offer, 1) as second:
                assert not (await hear(second, "relay.resumed"))["recovered"]
            await peer.send('{"type":"b"}')
            await hear(peer, "b")


async def test_two_who_come_back_at_once() -> None:
    """Of two connections with one token the later one has the session, and the other is let go."""
    async with scripted_upstream() as upstream, running(upstream.url, max_sessions=1) as relay:
        async with relay.peer("?resume=1") as peer:
            offer = await hear(peer, "relay.resumable")
            await cut(relay, peer)
        peers = await asyncio.gather(*(come_back(relay, offer, 0) for _ in range(2)))
        ended = [asyncio.ensure_future(peer.wait_closed()) for peer in peers]
        await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
        (staying,) = (peer for peer, end in zip(peers, ended, strict=True) if not end.done())
        await hear(staying, "relay.resumable")
        await hear(staying, "relay.resumed")
        await staying.send('{"type":"a"}')
        await hear(staying, "a")
        assert (len(upstream.connections), relay.sessions.reserved) == (1, 1)
        await staying.close()
        await asyncio.wait(ended)


async def test_a_connection_that_still_seems_alive() -> None:
    """Who comes back before the relay has missed it takes its session from the connection that it had."""
    async with scripted_upstream() as upstream, running(upstream.url) as relay, relay.peer("?resume=1") as old:
        offer = await hear(old, "relay.resumable")
        await old.send('{"type":"a"}')
        await hear(old, "a")
        async with come_back(relay, offer, 0) as peer:
            await hear(peer, "relay.resumable")
            assert (await hear(peer, "relay.resumed"))["received"] == 1
            await hear(peer, "a")
            with pytest.raises(ConnectionClosed):
                await old.recv()
            await peer.send('{"type":"b"}')
            await hear(peer, "b")


async def test_an_absent_peer_is_kept_a_bounded_amount() -> None:
    """Of more than four MiB that come while a peer is away the session ends, as it would have with the connection."""
    async with scripted_upstream(read_all) as upstream, running(upstream.url) as relay:
        async with relay.peer("?resume=1") as peer:
            offer = await hear(peer, "relay.resumable")
            await cut(relay, peer)
        large = json.dumps({"type": "a", "filling": "x" * 100_000})
        for _ in range(40):
            await upstream.connections[0].send(large)
        while relay.sessions.buffers.waiting < 40 * len(large):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)
        for _ in range(2):
            await upstream.connections[0].send(large)
        await relay.sessions.empty()
        assert (relay.ended_by("peer_lost"), relay.sessions.buffers.waiting) == (1, 0)
        async with come_back(relay, offer, 0) as peer:
            assert (await hear(peer, "relay.resumed"))["reason"] == "unknown_token"


async def test_a_peer_that_says_it_has_what_it_cannot_have() -> None:
    """Who names a number that no message of its session has ends that session, and has a new one."""
    async with scripted_upstream() as upstream, running(upstream.url) as relay:
        async with relay.peer("?resume=1") as peer:
            offer = await hear(peer, "relay.resumable")
            await cut(relay, peer)
        async with come_back(relay, offer, 7) as peer:
            assert (await hear(peer, "relay.resumed"))["reason"] == "too_much_missed"
            await hear(peer, "relay.resumable")
            assert relay.ended_by("peer_lost") == 1


async def test_an_upstream_that_ends_while_the_peer_is_away() -> None:
    """Who comes back to a session that has ended is sent what it missed, why it ended, and the close."""
    async with scripted_upstream() as upstream, running(upstream.url) as relay:
        async with relay.peer("?resume=1") as peer:
            offer = await hear(peer, "relay.resumable")
            await cut(relay, peer)
        await upstream.connections[0].send('{"type":"a"}')
        await upstream.connections[0].close(1001, "over")
        await upstream.closes.get()
        async with come_back(relay, offer, 0) as peer:
            messages, code, reason = await end_of(peer)
            kinds = [json.loads(message)["type"] for message in messages]
            assert (kinds, code, reason) == (["relay.resumable", "relay.resumed", "a", "error"], 1001, "over")
        await relay.sessions.empty()


async def test_a_drain_waits_for_nobody_who_is_away() -> None:
    """A process that has to go ends the sessions first whose peers are away, whether they have ended already or not."""
    async with scripted_upstream() as upstream, running(upstream.url) as relay:
        for _ in range(2):
            async with relay.peer("?resume=1") as peer:
                await hear(peer, "relay.resumable")
                await cut(relay, peer)
        await upstream.connections[0].close(1001)
        await upstream.closes.get()
        async with relay.peer("?resume=1") as peer:
            await hear(peer, "relay.resumable")
            draining = asyncio.ensure_future(relay.sessions.drain(3600, until="session"))
            while len(relay.sessions) > 1:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0)
            peer.transport.abort()  # while it drains nobody is waited for
            await draining


async def test_the_grace_is_over() -> None:
    """Who stays away for longer than the grace has lost its session, and its places are free again."""
    async with (
        scripted_upstream() as upstream,
        running(upstream.url, profiles={"default": {"grace_s": 0.05}}, max_sessions=1) as relay,
    ):
        async with relay.peer("?resume=1") as peer:
            offer = await hear(peer, "relay.resumable")
            peer.transport.abort()
        await relay.sessions.empty()
        assert (relay.ended_by("peer_lost"), metric(relay, "relay_peers_awaited")) == (1, 0)
        async with come_back(relay, offer, 0) as peer:
            assert not (await hear(peer, "relay.resumed"))["recovered"]


async def test_the_client_of_the_manual() -> None:
    """The client in the manual hears everything once and says everything once, whatever becomes of its connection."""
    up = [json.dumps({"type": "made.up", "n": n}) for n in range(12)]
    arrived: list[str | bytes] = []
    down: list[int] = []

    async def script(upstream: ServerConnection) -> None:
        await upstream.send('{"type":"begin"}')
        while len(arrived) < len(up):
            arrived.append(await upstream.recv())
            await upstream.send(arrived[-1])
        await upstream.close()

    async with scripted_upstream(script) as upstream, running(upstream.url) as relay:

        async def say_from(peer: ClientConnection, number: int) -> None:
            for message in up[number:]:
                await peer.send(message)

        async def hear(peer: ClientConnection, event: dict[str, Any]) -> None:
            if event["type"] == "begin":
                await say_from(peer, 0)
                return
            down.append(event["n"])
            if len(down) % 5 == 0:
                peer.transport.abort()

        names: dict[str, Any] = {"asyncio": asyncio, "json": json, "connect": connect}
        names["WebSocketException"] = WebSocketException
        exec(examples("memory.md")["resume"], names)
        await names["talk"](relay.url, hear, say_from)
    assert (down, arrived) == (list(range(12)), up)


async def test_who_is_away_holds_a_place() -> None:
    """A session whose peer is away counts for the limits as any other: who leaves many behind opens no more of them."""
    async with scripted_upstream() as upstream, running(upstream.url, max_sessions=1) as relay:
        async with relay.peer("?resume=1") as peer:
            await hear(peer, "relay.resumable")
            await cut(relay, peer)
        with pytest.raises(Exception, match="503"):
            await relay.peer()


async def test_who_comes_back_with_audio_in_bytes() -> None:
    """A peer that had its audio in bytes goes on to have it in bytes, from where it was in its item."""
    delta = {"type": "response.output_audio.delta", "item_id": "i", "content_index": 0, "delta": "AAAA"}
    async with scripted_upstream(read_all) as upstream, running(upstream.url) as relay:
        async with relay.peer("?resume=1", subprotocols=["relay.binary.v1"]) as peer:
            offer = await hear(peer, "relay.resumable")
            await upstream.connections[0].send(json.dumps(delta))
            first = await peer.recv()
            await cut(relay, peer)
        await upstream.connections[0].send(json.dumps(delta))
        async with come_back(relay, offer, 1, others=["relay.binary.v1"]) as peer:
            await hear(peer, "relay.resumable")
            await hear(peer, "relay.resumed")
            assert (first[4:8], (await peer.recv())[4:8]) == (b"\0\0\0\0", b"\3\0\0\0")


async def test_no_log_has_a_token(capfd) -> None:
    """A token stands in no line of the log, at whatever level."""
    async with scripted_upstream() as upstream, running(upstream.url, log_level="debug") as relay:
        async with relay.peer("?resume=1") as peer:
            offer = await hear(peer, "relay.resumable")
            await cut(relay, peer)
        async with come_back(relay, offer, 0) as peer:
            other = await hear(peer, "relay.resumable")
        async with come_back(relay, offer, 0) as peer:
            assert not (await hear(peer, "relay.resumed"))["recovered"]
        await relay.sessions.empty()
    said = "".join(capfd.readouterr())
    assert "peer.returned" in said
    assert "peer.not_recovered" in said
    assert offer["token"] not in said
    assert other["token"] not in said


async def test_a_session_that_was_resumed_waits_for_no_garbage_collector() -> None:
    """A session that had two connections, and all three of its legs, are let go when it ends."""
    gc.collect()
    gc.disable()
    try:
        async with scripted_upstream(echo) as upstream, running(upstream.url) as relay:
            async with relay.peer("?resume=1") as peer:
                offer = await hear(peer, "relay.resumable")
                (session,) = relay.sessions.active_sessions
                resumable: Any = session.up.source
                legs = resumable, resumable._leg, session.down.source
                left = [weakref.ref(each) for each in (session, *legs)]
                del session, resumable, legs
                await cut(relay, peer)
            async with come_back(relay, offer, 0) as peer:
                await hear(peer, "relay.resumable")
            await relay.sessions.empty()
            while any(each() is not None for each in left):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0)
    finally:
        gc.enable()
