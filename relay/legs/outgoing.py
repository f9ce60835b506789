"""Messages that are too large to be sent in one turn of the event loop: in fragments (RFC 6455, 5.4), one each turn.

To frame, mask and copy 24 MiB takes some thirty milliseconds, in which nobody else is served. Control frames may stand
between fragments, and other messages may not, so those wait here behind a large one, and the close behind all.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from relay.core.events import Data

FRAGMENT = 256 * 1024
"""A message of more characters or bytes leaves in so large fragments: some 0.3 ms each."""

Send = Callable[[Data, bool, bool], None]
"""Sends a piece of a message; told whether it is the first and the last one."""


class Outgoing:
    """What waits to be sent in fragments, and behind it.

    Attributes:
        waiting: how many characters and bytes wait here, of messages that have not left as a whole.

    Args:
        send: sends a piece.
        sent: is told when a message's cause arrived, once the message has left.
        done: is called when nothing waits here any more.
    """

    __slots__ = ("_begun", "_done", "_going_on", "_held", "_messages", "_send", "_sent", "waiting")

    def __init__(self, send: Send, sent: Callable[[float], None], done: Callable[[], None]) -> None:
        self._send = send
        self._sent = sent
        self._done = done
        self._messages: deque[tuple[Data, float]] = deque()
        self._begun = 0
        self._held = False
        self._going_on: asyncio.Handle | None = None
        self.waiting = 0

    def put(self, data: Data, received_at: float) -> None:
        """Send a message after those that wait; `received_at` is when its cause arrived."""
        self._messages.append((data, received_at))
        self.waiting += len(data)
        self._go_on_soon()

    def hold(self, held: bool) -> None:
        """Send no more, since what was sent has not left yet, or go on."""
        self._held = held
        if not held:
            self._go_on_soon()

    def drop(self) -> None:
        """Forget what waits."""
        self._messages.clear()
        self.waiting = self._begun = 0
        if self._going_on is not None:
            self._going_on.cancel()

    def _go_on_soon(self) -> None:
        if self._messages and not self._held and self._going_on is None:
            self._going_on = asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        """Send one fragment, or the messages that are none up to the next large one."""
        self._going_on = None
        room = FRAGMENT
        while self._messages and room > 0 and not self._held:
            data, received_at = self._messages[0]
            piece = data[self._begun : self._begun + room]
            first, self._begun = self._begun == 0, self._begun + len(piece)
            last = self._begun == len(data)
            if last:
                self._messages.popleft()
                self._begun = 0
            self.waiting -= len(piece)
            room -= max(len(piece), 1)
            self._send(piece, first, last)
            if last:
                self._sent(received_at)
        if self._messages:
            self._go_on_soon()
        else:
            self._done()
