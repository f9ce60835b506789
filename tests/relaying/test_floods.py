"""A peer that floods has its own turn of the event loop cut short, and nobody else's; frames by real sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from relay.core.session import Session
from tests.fakes.running import Running, running
from tests.fakes.upstream import read_all, scripted_upstream

pytestmark = pytest.mark.usefixtures("carrier")

UPGRADE = (
    b"GET /v1/realtime HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
UNBOUNDED = {"messages_per_s": 1e9, "bytes_per_s": 1e12, "frames_per_s": 1e9}

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def frame(first: int, payload: bytes = b"") -> bytes:
    """A short frame, masked with zeros."""
    return bytes([first, 0x80 | len(payload), 0, 0, 0, 0]) + payload


FLOODS = [
    pytest.param(b"", frame(0x89), id="pings"),
    pytest.param(b"", frame(0x89, b"p" * 125), id="full pings"),
    pytest.param(b"", frame(0x8A), id="pongs"),
    pytest.param(frame(0x01), frame(0x00), id="empty fragments"),
    pytest.param(frame(0x01), frame(0x00, b"x"), id="fragments of one byte"),
    pytest.param(frame(0x02), frame(0x00, b"x") + frame(0x89), id="pings between fragments"),
]


@asynccontextmanager
async def raw_peer(relay: Running) -> AsyncIterator[Streams]:
    """A peer without a library; it is dropped when the context ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    try:
        writer.write(UPGRADE)
        await reader.readuntil(b"\r\n\r\n")
        yield reader, writer
    finally:
        writer.transport.abort()


async def only_session(relay: Running) -> Session:
    while not relay.sessions.active_sessions:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0)
    (session,) = relay.sessions.active_sessions
    return session


async def most_in_a_turn(count: Callable[[], int], until: int) -> int:
    """The most that something grows by in one turn of the loop, until it has reached a number."""
    most = before = count()
    while before < until:
        await asyncio.sleep(0)
        now = count()
        most, before = max(most, now - before), now
    return most


@pytest.mark.parametrize(("start", "piece"), FLOODS)
async def test_a_flood_of_frames_ends_its_own_session(start, piece) -> None:
    """Pings, pongs and fragments beyond the limit end the session with 1008; the others' sessions go on."""

    async def flood(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(piece * 5000)
            await writer.drain()

    async def told(reader: asyncio.StreamReader) -> None:
        seen = b""
        while b"too_many_frames" not in seen:
            heard = await reader.read(65536)
            assert heard, "dropped without a word"
            seen = seen[-100:] + heard

    async with scripted_upstream() as upstream, running(upstream.url) as relay:
        async with relay.peer() as neighbour, raw_peer(relay) as (reader, writer):
            flooding = asyncio.create_task(flood(writer))
            hearing = asyncio.create_task(told(reader))
            while not hearing.done():
                await neighbour.send("still here")
                assert await neighbour.recv() == "still here"
            flooding.cancel()
            await hearing
            writer.transport.abort()
            assert await upstream.closes.get() == (1001, "")
            await neighbour.send("still here")
            assert await neighbour.recv() == "still here"
        await relay.sessions.empty()
        assert relay.ended_by("too_many_frames") == 1


@pytest.mark.parametrize(("start", "piece"), FLOODS)
async def test_frames_are_taken_in_slices(start, piece) -> None:
    """However many frames a peer has sent, a turn of the loop takes in a small part of them."""
    count = 150_000
    async with scripted_upstream(read_all) as upstream, running(upstream.url, limits=UNBOUNDED) as relay:
        async with raw_peer(relay) as (_, writer):
            session = await only_session(relay)
            writer.write(start + piece * count)
            most = await most_in_a_turn(lambda: session.up.source.extra_frames, until=count)
        assert most <= 30_000


WIDE = '{"type":"session.update","session":{' + ",".join(f'"{n}":0' for n in range(9_900)) + "}}"


@pytest.mark.parametrize("profile", [{}, {"lock": ["instructions"]}], ids=["no locks", "locks"])
async def test_messages_that_take_long_are_taken_one_by_one(profile: Any) -> None:
    """Messages of many values come with a turn for the others after each few, with locks and without."""
    messages = 60
    async with (
        scripted_upstream(read_all) as upstream,
        running(upstream.url, profiles={"default": {"limits": UNBOUNDED, **profile}}) as relay,
        relay.peer() as peer,
    ):
        session = await only_session(relay)
        sending = asyncio.gather(*(peer.send(WIDE) for _ in range(messages)))
        most = await most_in_a_turn(lambda: session.up.events, until=messages)
        await sending
    assert most <= 15


async def test_small_messages_are_taken_in_slices() -> None:
    """However many small messages a peer has sent, a turn of the loop takes in a small part of them."""
    count = 80_000
    async with scripted_upstream(read_all) as upstream, running(upstream.url, limits=UNBOUNDED) as relay:
        async with raw_peer(relay) as (_, writer):
            session = await only_session(relay)
            writer.write(frame(0x81, b"{}") * count)
            most = await most_in_a_turn(lambda: session.up.events, until=count)
        assert most <= 10_000
