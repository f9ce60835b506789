"""Promise one: what no policy has to change leaves as it arrived, over real sockets."""

import asyncio
import json
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection

from tests.fakes.certificate import make_certificate
from tests.fakes.running import end_of, running
from tests.fakes.upstream import echo, scripted_upstream

pytestmark = pytest.mark.usefixtures("carrier")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@st.composite
def odd_events(draw: st.DrawFn) -> str:
    """Events with odd spacing, escapes, key order and types that nobody has heard of."""
    body = draw(st.dictionaries(st.text(), json_values, max_size=5))
    kind = draw(st.sampled_from(["input_audio_buffer.append", "response.create", "never.heard.of"]))
    pairs = [*body.items(), ("type", kind)]
    draw(st.randoms()).shuffle(pairs)
    gap = draw(st.sampled_from(["", " ", "\n\t ", "\r\n"]))
    escaped = draw(st.booleans())
    written = [
        f"{gap}{json.dumps(key, ensure_ascii=escaped)}{gap}:{gap}{json.dumps(value, ensure_ascii=escaped)}{gap}"
        for key, value in pairs
    ]
    return f"{gap}{{{','.join(written)}}}{gap}"


def sendable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


messages = st.lists(odd_events().filter(sendable) | st.text().filter(sendable) | st.binary(), min_size=1, max_size=20)


@pytest.fixture(scope="module")
def batches() -> list[list[str | bytes]]:
    """What Hypothesis draws, collected first: a drawn example may not wait for a socket."""
    drawn: list[list[str | bytes]] = []

    @settings(max_examples=60, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(messages)
    def collect(batch: list[str | bytes]) -> None:
        drawn.append(batch)

    collect()
    return drawn


async def test_messages_come_back_byte_for_byte(batches) -> None:
    """Any text and any binary goes up and comes down with the same bytes, the same opcode, in the same order."""
    rich = {"cost_usd": 1_000_000}  # many of them ask for an answer, and an echo gives none
    async with scripted_upstream(echo) as upstream, running(upstream.url, limits=rich) as relay, relay.peer() as peer:
        for batch in batches:
            for message in batch:
                await peer.send(message)
            assert [await peer.recv() for _ in batch] == batch


@pytest.mark.parametrize("opcode", [str, bytes])
async def test_the_largest_append_passes(opcode) -> None:
    """An append with 15 MiB of audio, the most that the API takes, passes both ways as it is."""
    append = '{"type":"input_audio_buffer.append","audio":"' + "A" * (20 * 1024 * 1024) + '"}'
    message = append if opcode is str else append.encode()
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay, relay.peer() as peer:
        await peer.send(message)
        assert await peer.recv() == message


async def test_fragments_arrive_whole() -> None:
    """A message in many fragments arrives as one message with the same content and opcode."""
    pieces = ['{"type":"x",', '"a":"é', "ü", '"}']
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay, relay.peer() as peer:
        await peer.send(pieces)
        assert await peer.recv() == "".join(pieces)
        await peer.send([b"\x00", b"\xff" * 9])
        assert await peer.recv() == b"\x00" + b"\xff" * 9


NOT_EVENTS = ["{", "[]", "null", '{"no":"type"}', "[" * 100_000, '{"a":' * 100_000]


async def test_what_is_no_event_is_forwarded() -> None:
    """Malformed JSON, no object, no type, 100,000 brackets: forwarded as they are, for the upstream to answer."""
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay, relay.peer() as peer:
        for message in NOT_EVENTS:
            await peer.send(message)
        assert [await peer.recv() for _ in NOT_EVENTS] == NOT_EVENTS


async def test_text_that_is_not_utf8_ends_its_own_session_only() -> None:
    """Text that is not UTF-8 is closed with 1007, as RFC 6455 says, and other sessions go on."""
    async with (
        scripted_upstream(echo) as upstream,
        running(upstream.url) as relay,
        relay.peer() as other,
        relay.peer() as peer,
    ):
        await peer.send(b"\xff\xfe{", text=True)
        await peer.wait_closed()
        assert peer.close_code == 1007
        assert (await upstream.closes.get())[0] == 1001
        await other.send("still here")
        assert await other.recv() == "still here"
    assert relay.ended_by("peer_invalid") == 1


async def test_compression_is_agreed_on_with_nobody() -> None:
    """A peer that offers compression gets none, and none is offered to the upstream."""
    async with (
        scripted_upstream(echo) as upstream,
        running(upstream.url) as relay,
        relay.peer(compression="deflate") as peer,
    ):
        assert peer.request is not None
        assert peer.response is not None
        assert "Sec-WebSocket-Extensions" in peer.request.headers
        assert "Sec-WebSocket-Extensions" not in peer.response.headers
        assert "Sec-WebSocket-Extensions" not in upstream.handshakes[0].headers


async def test_a_message_above_the_limit_ends_its_session() -> None:
    """A message above the limit is closed with 1009 for the peer, and the upstream is closed too."""
    async with (
        scripted_upstream(echo) as upstream,
        running(upstream.url, max_message_bytes=2048) as relay,
        relay.peer() as peer,
    ):
        await peer.send("x" * 2048)
        assert await peer.recv() == "x" * 2048
        await peer.send("x" * 2049)
        await peer.wait_closed()
        assert peer.close_code == 1009
        assert (await upstream.closes.get())[0] == 1001
        await relay.sessions.empty()
        assert relay.ended_by("peer_too_big") == 1


SIZES = [100, 9_000, 70_000, 8_100, 66_000, 5, 20_000, 2_800, 300_000, 125]


def of_every_size(total: int) -> list[str | bytes]:
    """Messages of all sizes that frames treat differently, text and binary, that tell one from the other."""
    messages: list[str | bytes] = []
    while (n := len(messages)) * 48_000 < total:
        size = SIZES[n % len(SIZES)]
        text = f"{n}:" + ("é" if n % 3 else "e") * size
        messages.append(text.encode() if n % 5 == 4 else text)
    return messages


@pytest.mark.parametrize("tls", [False, True])
async def test_a_peer_that_reads_late_gets_the_same_bytes(tls, tmp_path) -> None:
    """What had to wait for a peer that did not read comes unchanged and in order, and then the close."""
    poured = of_every_size(6 * 1024 * 1024)
    pouring = asyncio.Event()

    async def pour(connection: ServerConnection) -> None:
        await connection.recv()
        for message in poured:
            await connection.send(message)
        pouring.set()
        await connection.close(4321, "that is all, and it is some words long")

    certificate = await asyncio.to_thread(make_certificate, tmp_path)
    async with (
        scripted_upstream(pour) as upstream,
        running(upstream.url, **certificate.settings if tls else {}) as relay,
    ):
        url = relay.url.replace("ws:", "wss:") if tls else relay.url
        sock = socket_that_holds_little(relay.port)
        async with connect(
            url, sock=sock, max_size=None, compression=None, proxy=None, ssl=certificate.trust if tls else None
        ) as peer:
            peer.transport.pause_reading()
            await peer.send("pour")
            await pouring.wait()
            await upstream.closes.get()
            peer.transport.resume_reading()
            messages, code, reason = await end_of(peer)
    assert len(messages) == len(poured) + 1  # the last is the relay's error event
    assert messages[:-1] == poured
    assert (code, reason) == (4321, "that is all, and it is some words long")


async def test_an_upstream_that_reads_late_gets_the_same_bytes() -> None:
    """What had to wait for an upstream that did not read goes up unchanged and in order."""
    poured = of_every_size(6 * 1024 * 1024)
    reading = asyncio.Event()
    arrived: list[str | bytes] = []

    async def read_late(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await reading.wait()
        connection.transport.resume_reading()
        arrived.extend([message async for message in connection])

    async with scripted_upstream(read_late) as upstream, running(upstream.url) as relay, relay.peer() as peer:
        sending = asyncio.create_task(_send_all(peer, poured))
        await asyncio.wait({sending}, timeout=0.5)  # until nothing more fits, or all is under way
        reading.set()
        await sending
        await peer.close()
        await upstream.closes.get()
    assert arrived == poured


def socket_that_holds_little(port: int) -> socket.socket:
    """A connection whose kernel keeps a few KiB for who does not read, so that the rest waits at the sender."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", port))
    return sock


async def _send_all(peer: ClientConnection, messages: list[str | bytes]) -> None:
    for message in messages:
        await peer.send(message)
