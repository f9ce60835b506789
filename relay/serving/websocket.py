"""uvicorn's WebSocket protocol on picows.

uvicorn makes one of these for each upgrade request (`Config(ws=…)`) and hands it the transport. It serves any ASGI
application the standard way; an application that takes `scope["extensions"]["relay.leg"]` gets the connection itself as
a leg, which spares a task, a queue and two dictionaries for each message, and may leave the leg's session here
(`"relay.keep"`) and return: an idle session then holds neither the request nor the two dozen calls it came through.

picows answers an upgrade request as soon as it sees one, so the request is held back until the application accepts.
"""

import asyncio
import base64
import binascii
import logging
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import uvicorn
from picows import WSUpgradeResponse, WSUpgradeResponseWithListener
from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl
from uvicorn.server import ServerState

from relay.core.causes import Cause
from relay.core.close_codes import ABNORMAL, INTERNAL, RESTART
from relay.legs.choice import HAND_OVER_EXTENSION, KEEP_EXTENSION, LEG_EXTENSION
from relay.legs.picows import PicowsPeer
from relay.legs.picows_protocol import feed, make_protocol
from relay.serving.bridge import AsgiBridge, Message
from relay.serving.handing_over import Carried, Handshake, hand_over
from relay.serving.refusal import HEADERS, error_body
from relay.telemetry.fellow_workers import Connect

EARLY_LIMIT_BYTES = 64 * 1024
"""What a peer may send before it was accepted; RFC 6455 lets it send nothing."""

Headers = list[tuple[bytes, bytes]]


class PicowsProtocol(asyncio.Protocol):
    """One peer, from its upgrade request to the end of its connection."""

    def __init__(self, config: uvicorn.Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        self._config = config
        self._server_state = server_state
        self._app_state = app_state
        self._headers: Headers = []
        self._target = b""
        self._early = b""
        self._told_connect = False
        self._refusal: tuple[int, Headers] | None = None
        self._left = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None
        self._leg: PicowsPeer | None = None
        self._bridge: AsgiBridge | None = None
        self._transport: Any = None
        self._handshake: Handshake | None = None
        self._was_handed_over = False
        self._is_elsewhere = False

    # What uvicorn calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._server_state.connections.add(self)  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        if self._task is not None:
            self._early += data
            if len(self._early) > EARLY_LIMIT_BYTES:
                self._transport.abort()
        elif (fault := self._read_request(data)) is not None:
            self._respond(400, HEADERS, error_body(fault))
        else:
            if self._handshake is None:
                self._handshake = self._as_it_came(data)
            self._run(self._run_app())

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer left before it was accepted; an accepted one belongs to picows."""
        self._server_state.connections.discard(self)
        if not self._left.done():
            self._left.set_result(None)

    def shutdown(self) -> None:
        """uvicorn stops: tell the peer, and let go."""
        if self._is_elsewhere:
            self._transport.abort()  # it may come back once more
        elif self._leg is None:
            restarting = error_body("The relay is restarting. Try again.", Cause.DRAINING.value, "server_error")
            self._respond(503, HEADERS, restarting)
        else:
            self._leg.close(RESTART, "")

    def take_over(self, transport: Carried, handshake: Handshake) -> None:
        """Serve a peer that another worker has, and carries to here."""
        self._handshake = handshake
        self._was_handed_over = True
        self.connection_made(transport)  # type: ignore[arg-type]
        transport.set_protocol(self)
        self.data_received(handshake.request.encode("latin-1"))

    # The handshake.

    def _as_it_came(self, request: bytes) -> Handshake:
        client, server = get_remote_addr(self._transport), get_local_addr(self._transport)
        return Handshake(request.decode("latin-1"), "wss" if is_ssl(self._transport) else "ws", client, server)

    def _read_request(self, data: bytes) -> str | None:
        """Keep what the request says, and return what is wrong with it. uvicorn's HTTP parser has checked its form."""
        head, *lines = data.removesuffix(b"\r\n\r\n").split(b"\r\n")
        method, self._target, _ = head.split(b" ", 2)
        pairs = (line.partition(b": ") for line in lines)
        self._headers = [(name.lower(), value) for name, _, value in pairs]
        if method != b"GET" or self._header(b"sec-websocket-version") != b"13":
            return "This needs a WebSocket of version 13 (RFC 6455)."
        try:
            key = base64.b64decode(self._header(b"sec-websocket-key"), validate=True)
        except binascii.Error:
            key = b""
        return None if len(key) == 16 else "Sec-WebSocket-Key is missing or wrong."

    def _header(self, name: bytes) -> bytes:
        return b", ".join(value for key, value in self._headers if key == name)

    def _scope(self) -> Message:
        path, _, query = self._target.partition(b"?")
        offered = self._header(b"sec-websocket-protocol").decode("latin-1")
        root = self._config.root_path
        came = self._handshake
        assert came is not None  # noqa: S101 - the application runs once it has been read
        extensions: Message = {
            "websocket.http.response": {},
            LEG_EXTENSION: self._take_leg,
            KEEP_EXTENSION: self._keep,
        }
        if not self._was_handed_over:
            extensions[HAND_OVER_EXTENSION] = self._hand_over
        return {
            "type": "websocket",
            "asgi": {"version": self._config.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": came.scheme,
            "server": came.server,
            "client": came.client,
            "root_path": root,
            "path": root + unquote(path.decode("ascii")),
            "raw_path": root.encode() + path,
            "query_string": query,
            "headers": self._headers,
            "subprotocols": [name.strip() for name in offered.split(",") if name.strip()],
            "state": self._app_state.copy(),
            "extensions": extensions,
        }

    def _take_leg(self, observe_added: Callable[[float], None]) -> PicowsPeer:
        if self._leg is None or self._bridge is None:
            raise RuntimeError("the peer has not been accepted")
        self._leg.put_back(self._bridge.unread())
        self._leg.observe_added = observe_added
        return self._leg

    async def _hand_over(self, connect: Connect) -> bool:
        """Have another process serve the peer, until it leaves; False where that one has gone."""
        handshake = self._handshake
        if handshake is None or self._early or self._transport.is_closing():
            return False
        self._is_elsewhere = True
        try:
            await hand_over(self._transport, handshake, connect)
        except OSError:
            self._is_elsewhere = False
        finally:
            if self._is_elsewhere:
                self._server_state.connections.discard(self)
        return self._is_elsewhere

    def _accept(self, subprotocol: str | None, headers: Headers) -> None:
        if self._transport.is_closing():
            raise ConnectionError("the peer has gone")
        given = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        if subprotocol is not None:
            given.append(("Sec-WebSocket-Protocol", subprotocol))
        leg = PicowsPeer(self._config.ws_max_size)
        answer = WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(extra_headers=given), leg)
        protocol = make_protocol(leg, self._config.ws_max_size, answer=lambda _: answer)
        protocol.connection_made(self._transport)
        self._transport.set_protocol(protocol)
        self._leg, self._bridge = leg, AsgiBridge(leg)
        self._handshake = None
        leg.over.add_done_callback(lambda _: self._server_state.connections.discard(self))
        key = self._header(b"sec-websocket-key")
        feed(protocol, _REQUEST % key)
        feed(protocol, self._early)
        self._early = b""

    def _respond(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer the upgrade request with an ordinary response, and close."""
        if self._transport.is_closing():
            return
        if not any(name.lower() == b"content-length" for name, _ in headers):
            headers = [*headers, (b"content-length", b"%d" % len(body))]
        phrase = HTTPStatus(status).phrase.encode() if status in _STATUSES else b""
        head = [b"HTTP/1.1 %d %b" % (status, phrase), *(b"%b: %b" % pair for pair in headers), b"connection: close"]
        self._transport.write(b"\r\n".join([*head, b"", body]))
        self._transport.close()

    # The application.

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._task = asyncio.get_running_loop().create_task(work)
        self._server_state.tasks.add(self._task)
        self._task.add_done_callback(self._returned)

    def _keep(self, session: Coroutine[Any, Any, None]) -> None:
        """Run the session of the leg that was taken, in the application's place."""
        self._headers, self._bridge = [], None
        self._run(session)

    async def _run_app(self) -> None:
        await self._config.loaded_app(self._scope(), self._receive, self._send)

    def _returned(self, task: asyncio.Task[None]) -> None:
        self._server_state.tasks.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=failure)
        if self._is_elsewhere or task is not self._task:  # or it has left its session here
            return
        if self._leg is None:
            self._respond(500, [], b"")
        else:
            self._leg.close(INTERNAL, "")

    async def _receive(self) -> Message:
        if not self._told_connect:
            self._told_connect = True
            return {"type": "websocket.connect"}
        if self._bridge is not None:
            return await self._bridge.receive()
        await asyncio.shield(self._left)
        return {"type": "websocket.disconnect", "code": ABNORMAL}

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if self._bridge is not None:
            await self._bridge.send(message)
        elif kind == "websocket.accept":
            self._accept(message.get("subprotocol"), list(message.get("headers", [])))
        elif kind == "websocket.close":
            self._respond(403, [], b"")
        elif kind == "websocket.http.response.start":
            self._refusal = (message["status"], list(message.get("headers", [])))
        elif self._refusal is not None:
            self._respond(*self._refusal, message.get("body", b""))


_STATUSES = frozenset(HTTPStatus)

_REQUEST = (
    b"GET / HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n"
)
"""What picows has to see of the request; uvicorn and the application have seen the rest."""
