"""uvicorn's HTTP protocol, with an end to waiting for a request."""

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from asyncio import TimerHandle

REQUEST_TIMEOUT_S = 15.0
"""How long a request may take to arrive, body included; uvicorn itself waits for ever."""

REQUEST_LIMIT_BYTES = 1024 * 1024
"""How large it may be. Nothing that the relay takes by HTTP comes near it; audio comes by WebSocket."""


class PatientHttpProtocol(HttpToolsProtocol):
    """Drops a connection that says nothing, or whose request does not end."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._request_timer: TimerHandle | None = None
        self._request_begins()

    def data_received(self, data: bytes) -> None:
        self._request_bytes += len(data)
        if self._request_timer is not None and self._request_bytes > REQUEST_LIMIT_BYTES:
            self.transport.abort()
        else:
            super().data_received(data)

    def on_message_begin(self) -> None:
        if self._request_timer is None:
            self._request_begins()
        super().on_message_begin()

    def on_message_complete(self) -> None:
        self._request_is_whole()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection on, and forget it: the parser knows this protocol, and both would outlive the session."""
        super().handle_websocket_upgrade()
        del self.parser, self.flow, self.transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._request_is_whole()
        super().connection_lost(exc)

    def _request_begins(self) -> None:
        self._request_bytes = 0
        self._request_timer = self.loop.call_later(REQUEST_TIMEOUT_S, self.transport.abort)

    def _request_is_whole(self) -> None:
        if self._request_timer is not None:
            self._request_timer.cancel()
            self._request_timer = None
