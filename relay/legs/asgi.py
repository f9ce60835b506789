"""The peer's leg on any ASGI server."""

from collections.abc import Callable
from typing import ClassVar

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from relay.core.close_codes import ABNORMAL, INVALID_PAYLOAD, PROTOCOL_ERROR, TOO_BIG
from relay.core.events import Data
from relay.core.leg import Closed
from relay.legs.tasks import Gone, TaskLeg

EXTRA_FRAMES_EXTENSION = "relay.extra_frames"
"""Offered in the ASGI scope by `relay.serving.portable`: tells how many frames came that are no message."""

_FAILED_BY_SERVER = frozenset({PROTOCOL_ERROR, INVALID_PAYLOAD, TOO_BIG})


class AsgiLeg(TaskLeg):
    """A peer that was accepted. Keepalive, TLS and the message limit are the ASGI server's.

    Args:
        websocket: accepted, and not read by anybody else.
        observe_added: is told how many seconds each message took from the upstream's socket to this one's.
    """

    flush_timeout_s: ClassVar[float] = 10.0  # a phone on a slow network needs some seconds

    def __init__(self, websocket: WebSocket, observe_added: Callable[[float], None]) -> None:
        super().__init__(observe_added)
        self._websocket = websocket
        self._count: Callable[[], int] | None = websocket.scope.get("extensions", {}).get(EXTRA_FRAMES_EXTENSION)

    @property
    def extra_frames(self) -> int:
        """As many as the server tells of; other servers than the relay's own tell of none."""
        return 0 if self._count is None else self._count()

    async def receive(self) -> Data:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            code = message.get("code", ABNORMAL)
            raise Gone(Closed(code, message.get("reason") or "", ours=code in _FAILED_BY_SERVER))
        text: str | None = message.get("text")
        binary: bytes = message.get("bytes", b"")
        return binary if text is None else text

    async def transmit(self, data: Data) -> None:
        try:
            if isinstance(data, str):
                await self._websocket.send_text(data)
            else:
                await self._websocket.send_bytes(data)
        except (WebSocketDisconnect, WebSocketDisconnected) as gone:
            raise Gone from gone

    async def shut(self, code: int, reason: str) -> None:
        try:
            await self._websocket.close(code, reason)
        except (WebSocketDisconnect, WebSocketDisconnected) as gone:
            raise Gone from gone

    def abort(self) -> None:
        """The server drops the connection when the application returns."""
