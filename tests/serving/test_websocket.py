"""uvicorn on picows, as an ordinary ASGI application and a hostile peer meet it."""

import asyncio
import contextlib
import json
import os
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from relay.serving.http import HEAD_LIMIT_BYTES, REQUEST_LIMIT_BYTES, PatientHttpProtocol
from relay.serving.websocket import EARLY_LIMIT_BYTES, PicowsProtocol

App = Callable[[Any, Any, Any], Awaitable[None]]
LIMIT = 2**20
KEY = b"AAAAAAAAAAAAAAAAAAAAAA=="
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + b"\r\n\r\n"
)


@asynccontextmanager
async def served(app: App) -> AsyncIterator[int]:
    """Serve an ASGI application and yield its port."""
    config = uvicorn.Config(
        app, port=0, ws=PicowsProtocol, http=PatientHttpProtocol, ws_max_size=LIMIT, log_config=None, lifespan="off"
    )
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    serving = asyncio.create_task(server.main_loop())
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving
        await server.shutdown()
        assert not server.server_state.connections


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """The standard interface, used in the standard way."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept", "subprotocol": next(iter(scope["subprotocols"]), None)})
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})


def peer(port: int, **options: Any) -> connect:
    return connect(f"ws://127.0.0.1:{port}/a%20b?c=d", proxy=None, compression=None, max_size=None, **options)


@asynccontextmanager
async def raw(port: int, data: bytes) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A plain TCP connection that has said `data`; it is dropped when the context ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        await writer.drain()
        yield reader, writer
    finally:
        writer.transport.abort()


def frame(first: int, payload: bytes) -> bytes:
    """A masked frame with a mask of zeros."""
    size = len(payload)
    if size < 126:
        return bytes([first, 0x80 | size, 0, 0, 0, 0]) + payload
    if size < 65536:
        return bytes([first, 0x80 | 126]) + struct.pack("!H", size) + bytes(4) + payload
    return bytes([first, 0x80 | 127]) + struct.pack("!Q", size) + bytes(4) + payload


async def test_an_application_sees_the_standard_scope() -> None:
    """Path, query, headers and offered subprotocols arrive as the ASGI specification has them."""
    seen = {}

    async def app(scope, receive, send) -> None:
        seen.update(scope)
        await echo(scope, receive, send)

    async with served(app) as port, peer(port, subprotocols=["one", "two"], additional_headers={"X-A": "b"}) as ws:
        assert ws.subprotocol == "one"
    assert (seen["path"], seen["raw_path"], seen["query_string"]) == ("/a b", b"/a%20b", b"c=d")
    assert (b"x-a", b"b") in seen["headers"]
    assert seen["subprotocols"] == ["one", "two"]
    assert seen["client"][0] == "127.0.0.1"


async def test_an_application_echoes() -> None:
    """Text, binary, empty and large messages go through the standard interface in order."""
    messages: list[str | bytes] = ["é", b"\x00", "", b"", "x" * LIMIT, "last"]
    async with served(echo) as port, peer(port) as ws:
        for message in messages:
            await ws.send(message)
        assert [await ws.recv() for _ in messages] == messages


async def test_an_application_refuses() -> None:
    """An application may refuse with a response of its own, or with 403."""

    async def with_response(scope, receive, send) -> None:
        await receive()
        await send({"type": "websocket.http.response.start", "status": 429, "headers": [(b"retry-after", b"5")]})
        await send({"type": "websocket.http.response.body", "body": b"later"})

    async def with_close(scope, receive, send) -> None:
        await send({"type": "websocket.close"})

    for app, status, body in [(with_response, 429, b"later"), (with_close, 403, b"")]:
        async with served(app) as port:
            with pytest.raises(InvalidStatus) as refusal:
                await peer(port)
        assert (refusal.value.response.status_code, refusal.value.response.body or b"") == (status, body)


@pytest.mark.parametrize(
    "request_",
    [UPGRADE.replace(KEY, b"short"), UPGRADE.replace(b"Version: 13", b"Version: 8"), UPGRADE.replace(b"GET", b"POST")],
)
async def test_a_bad_upgrade_is_told(request_) -> None:
    """An upgrade without a right key, version or method is 400 and never reaches the application."""

    async def app(scope, receive, send) -> None:
        raise AssertionError("it came through")

    async with served(app) as port, raw(port, request_) as (reader, _):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["error"]["code"] == "invalid_request"


async def test_a_peer_that_leaves_before_it_is_accepted() -> None:
    """The application hears that the peer has left while it still thinks about it."""
    heard: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    thinking = asyncio.Event()

    async def app(scope, receive, send) -> None:
        await receive()
        thinking.set()
        heard.set_result(await receive())

    async with served(app) as port:
        async with raw(port, UPGRADE):
            await thinking.wait()
        assert (await heard)["type"] == "websocket.disconnect"


async def dropped(reader: asyncio.StreamReader) -> bool:
    """Wait until the other end drops the connection; whatever it says before is read."""
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


async def test_a_peer_that_talks_before_it_is_accepted() -> None:
    """What comes early is kept up to a limit, above which the connection is dropped."""
    begun: asyncio.Queue[None] = asyncio.Queue()
    go_on = asyncio.Event()

    async def app(scope, receive, send) -> None:
        begun.put_nowait(None)
        await go_on.wait()
        with contextlib.suppress(ConnectionError):
            await echo(scope, receive, send)

    async with served(app) as port, raw(port, UPGRADE) as (reader, writer):
        await begun.get()
        writer.write(frame(0x81, b"early"))
        async with raw(port, UPGRADE) as (flooded, flood):
            await begun.get()
            flood.write(bytes(2 * EARLY_LIMIT_BYTES))
            assert await dropped(flooded)
        go_on.set()
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(7) == b"\x81\x05early"


PROTOCOL_FAULTS = [
    pytest.param(frame(0xC1, b"x"), 1002, id="reserved bit"),
    pytest.param(frame(0x80, b"x"), 1002, id="continuation of nothing"),
    pytest.param(frame(0x01, b"x") + frame(0x81, b"x"), 1002, id="a message in a message"),
    pytest.param(frame(0x83, b"x"), 1002, id="unknown opcode"),
    pytest.param(frame(0x09, b"x"), 1002, id="fragmented ping"),
    pytest.param(frame(0x88, struct.pack("!H", 1005)), 1002, id="a close code that nobody may send"),
    pytest.param(b"\x81\x01x", 1002, id="no mask"),
    pytest.param(frame(0x81, b"\xff"), 1007, id="not UTF-8"),
    pytest.param(frame(0x01, b"\xc3") + frame(0x80, b"\x28"), 1007, id="not UTF-8 across fragments"),
    pytest.param(bytes([0x82, 0xFF]) + struct.pack("!Q", LIMIT + 1) + bytes(4), 1009, id="too big, told by its header"),
    pytest.param(frame(0x02, bytes(LIMIT)) + frame(0x00, b"x"), 1009, id="too big in fragments"),
]


@pytest.mark.parametrize(("data", "code"), PROTOCOL_FAULTS)
async def test_a_peer_that_breaks_the_protocol(data, code) -> None:
    """Each breach of RFC 6455 or of a limit fails the connection with its code."""
    async with served(echo) as port, raw(port, UPGRADE) as (reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        head = await reader.readexactly(2)
        assert head[0] == 0x88
        assert struct.unpack("!H", (await reader.readexactly(head[1]))[:2])[0] == code


async def test_nothing_is_said_after_a_close() -> None:
    """A ping that comes after the peer's close gets no pong: the answer to the close is the last frame."""
    async with served(echo) as port, raw(port, UPGRADE) as (reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(frame(0x88, struct.pack("!H", 1000)) + frame(0x89, b"too late"))
        assert await reader.read() == b"\x88\x02" + struct.pack("!H", 1000)


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.mark.parametrize(
    ("start", "piece", "times"),
    [
        pytest.param(frame(0x01, b"x"), frame(0x00, b""), 4, id="empty fragments"),  # of 6 bytes: kept, 56 each or more
        pytest.param(frame(0x01, b"x"), frame(0x00, b"y"), 32, id="fragments of one byte"),
        pytest.param(b"", frame(0x89, b"p" * 125), 32, id="pings from a peer that does not read"),
        pytest.param(b"", frame(0x8A, b"p" * 125), 32, id="pongs that nobody asked for"),
    ],
)
async def test_floods_are_bounded(start, piece, times) -> None:
    """A flood of frames that are no messages costs a bounded amount of memory."""
    flood = piece * (LIMIT // len(piece))
    async with served(echo) as port, raw(port, UPGRADE) as (reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        before = resident_bytes()
        with contextlib.suppress(ConnectionError):  # it may fail the connection: that bounds it too
            for _ in range(times):
                writer.write(flood)
                await writer.drain()
        assert resident_bytes() - before < 16 * LIMIT


async def refused(reader: asyncio.StreamReader) -> tuple[int, str]:
    """The status of a refusal, and the code of its error object."""
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head
    return int(head.split(b" ")[1]), json.loads(body)["error"]["code"]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost x\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * HEAD_LIMIT_BYTES + b"\r\n", 431),
        (b"GET /" + b"a" * HEAD_LIMIT_BYTES, 431),
        (b"POST / HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n" + b"a" * REQUEST_LIMIT_BYTES, 413),
    ],
    ids=range(6),
)
async def test_what_the_server_itself_refuses(request_, status) -> None:
    """A request that is none, or too large, is refused with the API's error object, before any application sees it."""

    async def wait_for_the_body(scope, receive, send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async with served(wait_for_the_body) as port, raw(port, request_) as (reader, _):
        assert await refused(reader) == (status, "invalid_request")


async def test_an_answer_is_not_followed_by_a_refusal() -> None:
    """Where the application has answered and the request goes on, the connection is dropped: nothing more is said."""

    async def answer(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    begun = b"POST / HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n"
    async with served(answer) as port, raw(port, begun) as (reader, writer):
        assert b"ok" in await reader.readuntil(b"ok")
        with contextlib.suppress(OSError):
            writer.write(b"a" * (REQUEST_LIMIT_BYTES + 1))
            await writer.drain()
        with contextlib.suppress(OSError):
            assert await reader.read() == b""


@pytest.mark.parametrize(
    "head", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n123"]
)
async def test_a_half_sent_request_is_dropped(head, monkeypatch) -> None:
    """A connection that says nothing is dropped when its time is over; one that said half a request is told."""
    monkeypatch.setattr("relay.serving.http.REQUEST_TIMEOUT_S", 0.05)

    async def wait_for_the_body(scope, receive, send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async with served(wait_for_the_body) as port, raw(port, head) as (reader, _):
        if head:
            assert await refused(reader) == (408, "invalid_request")
        else:
            assert await dropped(reader)


async def test_a_request_without_end_is_dropped() -> None:
    """A head that goes on beyond the limit ends the connection, however much of it is still to come."""
    async with served(echo) as port, raw(port, b"GET / HTTP/1.1\r\n") as (reader, writer):
        writer.write((b"X-A: " + b"a" * 1000 + b"\r\n") * (2 * REQUEST_LIMIT_BYTES // 1000))
        assert await dropped(reader)
