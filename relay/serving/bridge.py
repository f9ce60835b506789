"""An accepted connection as an ordinary ASGI application sees it."""

import asyncio
from time import monotonic
from typing import Any

from relay.core.events import Data
from relay.core.leg import Closed, Listener
from relay.legs.picows import PicowsPeer

Message = dict[str, Any]

WRITE_LIMIT_BYTES = 64 * 1024
"""Above this a `send` waits until the peer has taken what was sent before."""


class AsgiBridge:
    """Receives by waiting, and sends by waiting for a peer that is slow. Listens from the first `receive` on."""

    def __init__(self, leg: PicowsPeer) -> None:
        self._leg = leg
        self._listening = False
        self._inbox: asyncio.Queue[Message]  # with its event some 4 KB, which a leg that is taken does without
        self._drained: asyncio.Event

    async def receive(self) -> Message:
        """The next message, or how the connection ended."""
        if not self._listening:
            self._listening = True
            self._inbox, self._drained = asyncio.Queue(), asyncio.Event()
            self._leg.listen(Listener(self._arrived, self._closed, lambda now: self._drained.set()))
        message = await self._inbox.get()
        if self._inbox.empty():
            self._leg.resume_reading()
        return message

    def unread(self) -> list[Data]:
        """The messages that nobody has received, to be received no more."""
        unread: list[Data] = []
        while self._listening and not self._inbox.empty():
            message = self._inbox.get_nowait()
            if message["type"] == "websocket.receive":
                unread.append(message["text"] if "text" in message else message["bytes"])
        return unread

    async def send(self, message: Message) -> None:
        """Send a message or close.

        Raises:
            OSError: the connection has ended, as the ASGI specification wants it told.
        """
        if self._leg.over.done():
            raise ConnectionError("the peer has gone")
        if message["type"] == "websocket.close":
            self._leg.close(message.get("code", 1000), message.get("reason") or "")
            return
        text: str | None = message.get("text")
        self._leg.send(message["bytes"] if text is None else text, monotonic())
        if self._listening and self._leg.buffered_bytes > WRITE_LIMIT_BYTES:
            self._drained.clear()
            await self._drained.wait()

    def _arrived(self, data: Data, now: float) -> None:
        key = "text" if isinstance(data, str) else "bytes"
        self._inbox.put_nowait({"type": "websocket.receive", key: data})
        self._leg.pause_reading()

    def _closed(self, closed: Closed, now: float) -> None:
        self._inbox.put_nowait({"type": "websocket.disconnect", "code": closed.code, "reason": closed.reason})
        self._drained.set()
