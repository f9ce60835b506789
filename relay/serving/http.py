"""uvicorn's HTTP protocol, with an end to waiting for a request, and refusals that can be read like all others."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from relay.serving.refusal import HEADERS, error_body

if TYPE_CHECKING:
    from asyncio import TimerHandle

REQUEST_TIMEOUT_S = 15.0
"""How long a request may take to arrive, body included; uvicorn itself waits for ever."""

REQUEST_LIMIT_BYTES = 1024 * 1024
"""How large it may be. Nothing that the relay takes by HTTP comes near it; audio comes by WebSocket."""


HEAD_LIMIT_BYTES = 64 * 1024
"""How large what stands before the body may be: tickets hold some kilobytes, cookies as much."""


class PatientHttpProtocol(HttpToolsProtocol):
    """Drops a connection that says nothing, and refuses a request that is none, is too large or does not end."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._request_timer: TimerHandle | None = None
        self._is_head = True
        self._request_begins()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._request_bytes += len(data)
        if self._request_timer is not None and self._request_bytes > REQUEST_LIMIT_BYTES:
            self._refuse(413, "The request is too large.")
            return
        super().data_received(data)
        if self._request_timer is not None and self._is_head and self._request_bytes > HEAD_LIMIT_BYTES:
            self._refuse(431, "The address and the headers of the request are too large.")

    def on_headers_complete(self) -> None:
        self._is_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Say what uvicorn's parser found, which is no HTTP."""
        self._refuse(400, msg)

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
        self._is_head = True
        self._request_timer = self.loop.call_later(REQUEST_TIMEOUT_S, self._give_up)

    def _give_up(self) -> None:
        """Wait no longer: for a request that has begun, or for any."""
        if self._request_bytes:
            self._refuse(408, "The request did not end in time.")
        else:
            self.transport.abort()

    def _refuse(self, status: int, message: str) -> None:
        """Answer in the application's place, unless that has begun to: two answers could not be told apart."""
        self._request_is_whole()
        if self.cycle is not None and self.cycle.response_started:
            self.transport.abort()
        if self.transport.is_closing():
            return
        body = error_body(message)
        headers = [*HEADERS, (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
        line = b"HTTP/1.1 %d %b" % (status, HTTPStatus(status).phrase.encode())
        self.transport.write(b"\r\n".join([line, *(b"%b: %b" % pair for pair in headers), b"", body]))
        self.transport.close()

    def _request_is_whole(self) -> None:
        if self._request_timer is not None:
            self._request_timer.cancel()
            self._request_timer = None
