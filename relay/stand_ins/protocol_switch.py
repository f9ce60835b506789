"""One port for both halves of the API, WebSockets and REST: looks at a connection's first bytes and picks its protocol.

`websockets` answers GET alone. So a connection is first looked at: it becomes a WebSocket's where its first bytes say
GET, and else uvicorn's, which serves an ASGI application to it.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState
from websockets.asyncio.server import ServerConnection

from relay.serving.http import REQUEST_TIMEOUT_S, PatientHttpProtocol

_GET = b"GET "


def protocol_switch(app: ASGIApp) -> Callable[..., ServerConnection]:
    """What makes the connections of `websockets.serve` (its `create_connection`) where `app` takes all but GET."""
    config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None, access_log=False, server_header=False)
    config.load()
    state = ServerState()
    return lambda *args, **options: _SwitchingConnection(
        lambda: PatientHttpProtocol(config, state, {}), *args, **options
    )


class _SwitchingConnection(ServerConnection):
    """A WebSocket's connection, once it is known to be one; `websockets` hears of no other."""

    def __init__(self, make_http: Callable[[], PatientHttpProtocol], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._make_http = make_http
        self._first = b""
        self._is_websocket = False
        self._underlying: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._underlying = transport
        self._patience = self.loop.call_later(REQUEST_TIMEOUT_S, self._underlying.abort)

    def data_received(self, data: bytes) -> None:
        if self._is_websocket:
            super().data_received(data)
            return
        self._first += data
        if len(self._first) < len(_GET):
            return
        self._patience.cancel()
        if self._first.startswith(_GET):
            self._is_websocket = True
            super().connection_made(self._underlying)
            super().data_received(self._first)
        else:
            http = self._make_http()
            self._underlying.set_protocol(http)
            http.connection_made(self._underlying)
            http.data_received(self._first)

    def eof_received(self) -> None:
        if self._is_websocket:
            super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._patience.cancel()
        if self._is_websocket:
            super().connection_lost(exc)
