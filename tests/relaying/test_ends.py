"""Promise four: nobody is left hanging, and nobody is told less than we know. Each end over real sockets."""

import asyncio
import json
import socket
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request, Response

from relay.core.flow import HIGH_WATER_BYTES
from relay.core.interceptor import Interceptor
from tests.fakes.running import Running, end_of, running
from tests.fakes.upstream import read_all, scripted_upstream

pytestmark = pytest.mark.usefixtures("carrier")

READ_AHEAD_BYTES = 1024 * 1024
"""The message that fills a buffer is sent whole."""

KNOWN_WITHIN_S = 20.0
"""When the relay knows of an end the other side knows it too: it does not wait for a timeout, the soonest is later."""


def errors_in(messages: list[str | bytes]) -> list[str]:
    """The codes of the error events."""
    events = [json.loads(message) for message in messages]
    return [event["error"]["code"] for event in events if event["type"] == "error"]


def refuse_with(status: HTTPStatus) -> Any:
    def gate(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(status, "no")

    return gate


REFUSALS = [
    (HTTPStatus.UNAUTHORIZED, 401, 3000, "upstream_denied"),
    (HTTPStatus.FORBIDDEN, 403, 3000, "upstream_denied"),
    (HTTPStatus.BAD_REQUEST, 400, 4000, "upstream_rejected"),
    (HTTPStatus.NOT_FOUND, 404, 4000, "upstream_rejected"),
    (HTTPStatus.FOUND, 502, 4000, "upstream_rejected"),
    (HTTPStatus.TOO_MANY_REQUESTS, 429, 1013, "upstream_busy"),
    (HTTPStatus.SERVICE_UNAVAILABLE, 503, 1013, "upstream_busy"),
    (HTTPStatus.INTERNAL_SERVER_ERROR, 502, 1013, "upstream_busy"),
]


@pytest.mark.parametrize(("status", "told", "code", "cause"), REFUSALS)
async def test_an_upstreams_refusal_reaches_the_peer(status, told, code, cause) -> None:
    """An SDK gets the upstream's refusal as an HTTP status, a page as an error event and a close code."""
    async with scripted_upstream(gate=refuse_with(status)) as upstream, running(upstream.url) as relay:
        await refused_by_status(relay, told, cause)
        await refused_by_event(relay, code, cause)
        assert relay.ended_by(cause) == 2


async def refused_by_status(relay: Running, status: int, cause: str, query: str = "") -> None:
    with pytest.raises(InvalidStatus) as refusal:
        await relay.peer(query)
    response = refusal.value.response
    assert response.status_code == status
    assert json.loads(response.body or b"")["error"]["code"] == cause
    assert ("Retry-After" in response.headers) == (status in {429, 502, 503, 504} and cause != "upstream_rejected")


async def refused_by_event(relay: Running, code: int, cause: str, query: str = "", **options: Any) -> None:
    page = {"additional_headers": {"origin": relay.http}}
    async with relay.peer(query, **{**page, **options}) as peer:
        messages, close_code, reason = await end_of(peer)
    assert errors_in(messages) == [cause]
    assert (close_code, reason) == (code, cause)


@pytest.mark.parametrize("url", ["ws://name.invalid/v1/realtime", "ws://127.0.0.1:1/v1/realtime"])
async def test_an_unreachable_upstream(url) -> None:
    """A name that does not resolve, or a port where nobody listens, is 502 and close 1013."""
    async with running(url) as relay:
        await refused_by_status(relay, 502, "upstream_unreachable")
        await refused_by_event(relay, 1013, "upstream_unreachable")


async def test_an_upstream_that_does_not_answer() -> None:
    """An upstream that takes the connection and says nothing is 504 and close 1013 after the dial timeout."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with running(f"ws://127.0.0.1:{silent.getsockname()[1]}/", dial_timeout_s=0.1) as relay:
            await refused_by_status(relay, 504, "upstream_timeout")
            await refused_by_event(relay, 1013, "upstream_timeout")


async def test_an_upstream_that_is_no_websocket_server() -> None:
    """An upstream that answers with something else is 502."""

    async def say_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-hello\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(say_hello, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with running(f"ws://127.0.0.1:{port}/") as relay:
            await refused_by_status(relay, 502, "upstream_unreachable")


def says_then(*messages: str, close: tuple[int, str] | None) -> Any:
    async def script(connection: ServerConnection) -> None:
        for message in messages:
            await connection.send(message)
        if close is None:
            connection.transport.abort()
        else:
            await connection.close(*close)

    return script


DELTA = '{"type":"response.output_audio.delta","delta":"AAAA"}'
OWN_ERROR = '{"type":"error","error":{"code":"theirs"}}'


@pytest.mark.parametrize("code", [1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 3000, 4000, 4999])
async def test_an_upstream_that_closes_in_a_response(code) -> None:
    """The peer gets what had arrived, one error event, and the upstream's own code and reason."""
    async with (
        scripted_upstream(says_then(DELTA, DELTA, close=(code, "because"))) as upstream,
        running(upstream.url) as relay,
        relay.peer() as peer,
    ):
        async with asyncio.timeout(KNOWN_WITHIN_S):
            messages, close_code, reason = await end_of(peer)
        assert messages[:2] == [DELTA, DELTA]
        assert errors_in(messages) == ["upstream_closed"]
        assert (close_code, reason) == (code, "because")
        await relay.sessions.empty()
        assert relay.ended_by("upstream_closed") == 1


async def test_an_upstream_that_ends_as_it_should() -> None:
    """A normal close, such as after session.close, is passed on without an error event."""
    async with (
        scripted_upstream(says_then(DELTA, close=(1000, "done"))) as upstream,
        running(upstream.url) as relay,
        relay.peer() as peer,
    ):
        assert await end_of(peer) == ([DELTA], 1000, "done")


async def test_an_upstream_that_explains_itself() -> None:
    """Where the upstream sent an error event before it closed, as the API does, that is the one that arrives."""
    async with (
        scripted_upstream(says_then(OWN_ERROR, close=(3000, "invalid_request_error.invalid_api_key"))) as upstream,
        running(upstream.url) as relay,
        relay.peer() as peer,
    ):
        assert await end_of(peer) == ([OWN_ERROR], 3000, "invalid_request_error.invalid_api_key")


async def test_an_upstream_that_is_reset() -> None:
    """A reset in the middle of a response: what had arrived, one error event, close 1011."""
    async with (
        scripted_upstream(says_then(DELTA, close=None)) as upstream,
        running(upstream.url) as relay,
        relay.peer() as peer,
    ):
        async with asyncio.timeout(KNOWN_WITHIN_S):
            messages, code, reason = await end_of(peer)
        assert (errors_in(messages), code, reason) == (["upstream_lost"], 1011, "upstream_lost")


async def test_an_upstream_message_above_the_limit() -> None:
    """An upstream's message above the limit ends the session with 1009 and names the setting."""
    async with (
        scripted_upstream(says_then("x" * 5000, close=(1000, ""))) as upstream,
        running(upstream.url, max_message_bytes=2048) as relay,
        relay.peer() as peer,
    ):
        messages, code, reason = await end_of(peer)
        assert (errors_in(messages), code, reason) == (["upstream_too_big"], 1009, "upstream_too_big")


@pytest.mark.parametrize(
    ("leave", "codes", "causes"),
    [
        (lambda peer: peer.close(1000, "bye"), {1000}, {"peer_closed"}),
        (lambda peer: peer.close(4321, "bye"), {4321}, {"peer_closed"}),
        # The portable carrier's server tells a reset like a close without a code.
        (lambda peer: asyncio.sleep(0, peer.transport.abort()), {1000, 1001}, {"peer_closed", "peer_lost"}),
    ],
)
async def test_a_peer_that_leaves(leave, codes, causes) -> None:
    """A peer that closes or vanishes closes its upstream within a second, with its own code where it gave one."""
    async with scripted_upstream(read_all) as upstream, running(upstream.url) as relay, relay.peer() as peer:
        await peer.send("hello")
        await leave(peer)
        async with asyncio.timeout(KNOWN_WITHIN_S):
            assert (await upstream.closes.get())[0] in codes
        await relay.sessions.empty()
        assert sum(relay.ended_by(cause) for cause in causes) == 1


async def test_a_peer_that_leaves_while_we_dial() -> None:
    """A peer that gives up during the dial ends the dial."""
    dialled, gone = asyncio.Event(), asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        dialled.set()
        await reader.read(-1)
        gone.set()
        writer.close()

    async with await asyncio.start_server(hold, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with running(f"ws://127.0.0.1:{port}/", dial_timeout_s=60) as relay:
            _, writer = await asyncio.open_connection("127.0.0.1", relay.port)
            writer.write(
                b"GET /v1/realtime HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            await writer.drain()
            await dialled.wait()
            writer.close()
            async with asyncio.timeout(KNOWN_WITHIN_S):
                await gone.wait()


async def test_a_full_relay() -> None:
    """Above max_sessions a peer is refused with 503 and Retry-After, and nothing is dialled for it."""
    async with scripted_upstream(read_all) as upstream, running(upstream.url, max_sessions=1) as relay:
        async with relay.peer():
            await refused_by_status(relay, 503, "full")
            await refused_by_event(relay, 1013, "full")
            assert len(upstream.handshakes) == 1
        await relay.sessions.empty()
        async with relay.peer():
            assert len(upstream.handshakes) == 2


async def test_an_unknown_profile() -> None:
    """A profile that the settings do not have is 404 and close 4000, and nothing is dialled."""
    async with scripted_upstream(read_all) as upstream, running(upstream.url) as relay:
        await refused_by_status(relay, 404, "profile_unknown", "?profile=nobody")
        await refused_by_event(relay, 4000, "profile_unknown", "?profile=nobody")
        assert upstream.handshakes == []


async def test_a_foreign_page() -> None:
    """A page of another origin is refused before anything is dialled, unless the settings allow it."""
    foreign: dict[str, Any] = {"additional_headers": {"origin": "https://elsewhere.example"}}
    async with scripted_upstream(read_all) as upstream:
        async with running(upstream.url) as relay:
            await refused_by_event(relay, 3000, "origin_refused", **foreign)
            assert upstream.handshakes == []
        async with running(upstream.url, allowed_origins="https://elsewhere.example") as relay, relay.peer(**foreign):
            assert len(upstream.handshakes) == 1


async def test_a_failing_interceptor() -> None:
    """Where our own code fails, the peer is told so and closed with 1011, and the upstream is let go."""

    class Failing(Interceptor):
        up = frozenset({"boom"})

        def on_up(self, event, now):
            raise ZeroDivisionError

    async with (
        scripted_upstream(read_all) as upstream,
        running(upstream.url, [Failing]) as relay,
        relay.peer() as peer,
    ):
        await peer.send('{"type":"boom"}')
        messages, code, reason = await end_of(peer)
        assert (errors_in(messages), code, reason) == (["internal_error"], 1011, "internal_error")
        async with asyncio.timeout(KNOWN_WITHIN_S):
            await upstream.closes.get()
        assert relay.ended_by("internal_error") == 1


async def test_a_slow_peer_does_not_stall_others() -> None:
    """While one peer reads nothing, what waits for it stays bounded, and another peer is served as ever."""
    megabyte = b"x" * 2**20

    async def pour_or_echo(connection: ServerConnection) -> None:
        async for message in connection:
            while message == "pour":
                await connection.send(megabyte)
            await connection.send(message)

    async with (
        scripted_upstream(pour_or_echo) as upstream,
        running(upstream.url) as relay,
        relay.peer(max_queue=1) as slow,
        relay.peer() as other,
    ):
        await slow.send("pour")
        while not any(session.down.full_since for session in relay.sessions.active_sessions):
            await other.send("hello")
            assert await other.recv() == "hello"
        waiting = max(session.down.sink.buffered_bytes for session in relay.sessions.active_sessions)
        assert 0 < waiting <= HIGH_WATER_BYTES + READ_AHEAD_BYTES
        slow.transport.abort()


async def test_slow_peers_share_a_bound() -> None:
    """What waits for all slow peers together stays bounded, too, and is counted until they have gone."""
    piece = b"x" * 2**16

    async def pour_or_echo(connection: ServerConnection) -> None:
        async for message in connection:
            while message == "pour":
                await connection.send(piece)
            await connection.send(message)

    async with (
        scripted_upstream(pour_or_echo) as upstream,
        running(upstream.url, process_buffer_bytes=2 * 2**20) as relay,
        relay.peer(max_queue=1) as slow,
        relay.peer(max_queue=1) as slow_too,
        relay.peer() as other,
    ):
        for peer in (slow, slow_too):
            await peer.send("pour")
        active = relay.sessions.active_sessions
        while sum(session.down.full_since is not None for session in active) < 2:
            await other.send("hello")
            assert await other.recv() == "hello"
        waiting = relay.metrics.registry.get_sample_value("relay_buffered_bytes") or 0
        assert 0 < waiting <= 2 * 2**20 + 2 * READ_AHEAD_BYTES
        for peer in (slow, slow_too):
            peer.transport.abort()
        await other.close()
        await relay.sessions.empty()
        assert relay.metrics.registry.get_sample_value("relay_buffered_bytes") == 0
