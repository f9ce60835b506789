"""uvicorn's portable WebSocket protocol, which reads in slices and counts the frames that are no message.

uvicorn gives all that a socket had, up to 256 KB, to its parser in a row, and tells the application of messages alone.
"""

from time import monotonic
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from relay.legs.asgi import EXTRA_FRAMES_EXTENSION
from relay.legs.intake import SLICE_S

if TYPE_CHECKING:
    import asyncio

PIECE_BYTES = 1024
"""What is parsed between two looks at the clock: some 170 frames at most, of 6 bytes each."""


class PatientWebSocketProtocol(WebSocketsSansIOProtocol):
    """Parses for `SLICE_S` in a turn of the loop, and nothing while the application has a message to take."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unparsed = bytearray()
        self._going_on: asyncio.Handle | None = None
        self._extra_frames = 0

    def data_received(self, data: bytes) -> None:
        self._unparsed += data
        if self._going_on is None:
            self._parse()

    async def receive(self) -> Any:
        """Take a message. Unlike uvicorn's, it reads on only when all that has been read is parsed."""
        message = await self.queue.get()
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self._go_on_soon()
        return message

    async def send(self, message: Any) -> None:
        """Send as uvicorn does, which would accept a peer that is leaving without a word.

        Raises:
            OSError: the peer has gone.
        """
        if message["type"] == "websocket.accept" and self.transport.is_closing():
            raise ClientDisconnected
        await super().send(message)
        self._go_on_soon()  # a close is to be answered, so it has read on

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTRA_FRAMES_EXTENSION] = lambda: self._extra_frames

    def handle_cont(self, event: Any) -> None:
        self._extra_frames += 1
        if event.data or event.fin:  # uvicorn would keep empty ones, too
            super().handle_cont(event)

    def handle_ping(self) -> None:
        self._extra_frames += 1
        super().handle_ping()

    def handle_pong(self, event: Any) -> None:
        self._extra_frames += 1
        super().handle_pong(event)

    def _go_on_soon(self) -> None:
        if self._going_on is None and not self.read_paused:
            self._going_on = self.loop.call_soon(self._parse)

    def _parse(self) -> None:
        self._going_on = None
        slice_ends = monotonic() + SLICE_S
        while self._unparsed and not self.read_paused and not self.transport.is_closing():
            if monotonic() > slice_ends:
                self.transport.pause_reading()
                self._go_on_soon()
                return
            piece = bytes(self._unparsed[:PIECE_BYTES])
            del self._unparsed[:PIECE_BYTES]
            super().data_received(piece)
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()
