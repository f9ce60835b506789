"""The receiving half of a leg: messages delivered at once, or kept while reading is paused or others have their turn.

A read buffer that was grown by a large message holds many small ones, so much may have been read when a leg is paused.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic

from relay.core.events import Data
from relay.core.leg import Closed, Listener

SLICE_S = 0.002
"""For how long frames of one connection are taken in a row; then the others have their turn."""

GAP_S = 0.001
"""What comes so long after the frame before does not come in a row."""

LARGE = 64 * 1024
"""A message of more characters or bytes is the last of its slice: some take milliseconds to read."""


class Intake:
    """Hands on what arrives, in order, and after it the end.

    Attributes:
        on_message: what takes a message that arrives now.
        over: done when the connection has ended and who listens was told; at once where nobody listens.
        taken_at: when the leg had dealt with the latest frame.
        slice_ends: when others have their turn, if frames go on to come in a row. The leg minds both for each frame; a
            method that did would cost as much as the rest of a frame.

    Args:
        read: turns reading from the connection on or off.
        direct: is told whether messages are handed on at once from now on.
    """

    __slots__ = (
        "_awaited", "_closed", "_direct", "_failure", "_going_on", "_kept", "_listener", "_loop", "_paused", "_read",
        "_shut", "on_message", "over", "slice_ends", "taken_at",
    )  # fmt: skip

    def __init__(self, read: Callable[[bool], None], direct: Callable[[bool], None]) -> None:
        self._read = read
        self._direct = direct
        self._loop = asyncio.get_running_loop()
        self.over: asyncio.Future[None] = self._loop.create_future()
        self._awaited: asyncio.Future[None] | None = None
        self._failure: BaseException | None = None
        self.on_message: Callable[[Data, float], None] = self._keep
        self._kept: deque[Data] | None = None  # an empty one takes 760 bytes, and mostly nothing is kept
        self._listener: Listener | None = None
        self._paused = False
        self._shut = False
        self._going_on: asyncio.Handle | None = None
        self.taken_at = self.slice_ends = 0.0
        self._closed: Closed | None = None

    def listen(self, listener: Listener) -> None:
        """Hand on to `listener` what arrived so far, and from now on what arrives."""
        self._listener = listener
        if self._closed is None:
            self._go_on()
            return
        while self._kept:
            self.deliver(listener.on_message, self._kept.popleft(), monotonic())
        self._is_over()
        listener.on_closed(self._closed, monotonic())
        self._let_go()

    async def ended(self) -> None:
        """Wait until the connection has ended, and raise at once what a listener raises. One at a time may wait."""
        if self._failure is None and not self.over.done():
            self._awaited = self._loop.create_future()
            await self._awaited
        if self._failure is not None:
            raise self._failure

    def put_back(self, unread: Sequence[Data]) -> None:
        """Keep these messages, and those that come now, for whoever listens next."""
        if unread and self._kept is None:
            self._kept = deque()
        if self._kept is not None:
            self._kept.extendleft(reversed(unread))
        self._listener = None
        self._paused = False
        self._hold()

    def pause(self) -> None:
        self._paused = True
        self._hold()

    def resume(self) -> None:
        self._paused = False
        if self._kept:
            self._go_on_soon()
        else:
            self._go_on()

    def shut(self) -> None:
        """Take nothing more. What was kept is still handed on, and reading goes on for the answer to a close."""
        self._shut = True
        self.on_message = _ignore
        self._direct(False)

    def drop(self) -> None:
        """Take nothing more, and hand on nothing but the end."""
        self.shut()
        self._paused = False
        self._forget_kept()
        self._tell_end()

    def end(self, closed: Closed) -> None:
        """The connection has ended: say so after all that was kept."""
        self._closed = closed
        self.shut()
        if self._listener is None or not self._kept:
            self._tell_end()

    def drained(self) -> None:
        """What waited to be sent has gone."""
        if self._listener is not None:
            self._listener.on_drained(monotonic())

    @property
    def waits(self) -> bool:
        """Whether others have their turn: what has been read already comes now, and is to cost little."""
        return self._going_on is not None

    def let_others(self) -> None:
        """Keep what comes from here on for the next turn of the loop."""
        if self._listener is not None and not self._paused and not self.waits:
            self._hold()
            self._go_on_soon()

    def deliver(self, on_message: Callable[[Data, float], None], data: Data, now: float) -> None:
        """Hand on one message; what that raises is carried to whoever waits for the end."""
        try:
            on_message(data, now)
        except BaseException as failure:
            self.fail(failure)

    def fail(self, failure: BaseException) -> None:
        self.shut()
        self._forget_kept()
        if self._failure is None:
            self._failure = failure
        self._tell_waiting()

    def _keep(self, data: Data, now: float) -> None:
        if self._kept is None:
            self._kept = deque()
        self._kept.append(data)

    def _forget_kept(self) -> None:
        if self._kept is not None:
            self._kept.clear()  # which ends the handing on of what was kept, too

    def _hold(self) -> None:
        if not self._shut:
            self.on_message = self._keep
            self._direct(False)
        self._read(False)

    def _go_on_soon(self) -> None:
        if self._going_on is None:
            self._going_on = self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        """Hand on what was kept, a slice in each turn of the loop, and then what comes, unless reading is paused."""
        self._going_on = None
        listener, kept = self._listener, self._kept
        if listener is None:
            return
        now = monotonic()
        self.slice_ends = now + SLICE_S
        while kept and not self._paused and now < self.slice_ends:
            self.deliver(listener.on_message, kept.popleft(), now)
            now = monotonic()
        self.taken_at = now
        if not kept:
            self._kept = None
        if self._paused and (kept or self._closed is None):
            return
        if kept:
            self._go_on_soon()
        elif self._closed is not None:
            self._tell_end()
        else:
            if not self._shut:
                self.on_message = listener.on_message
                self._direct(True)
            self._read(True)

    def _tell_end(self) -> None:
        """Say that the connection has ended, once."""
        if self._closed is None or self.over.done():
            return
        self._is_over()
        if self._listener is not None:
            self._listener.on_closed(self._closed, monotonic())
            self._let_go()

    def _is_over(self) -> None:
        if not self.over.done():
            self.over.set_result(None)
        self._tell_waiting()

    def _tell_waiting(self) -> None:
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_result(None)

    def _let_go(self) -> None:
        """Forget the listener and the leg, which know this intake: a circle would outlive its session."""
        self._listener = None
        self._read = self._direct = _tell_nobody


def _ignore(data: Data, now: float) -> None:
    """What comes after the end."""


def _tell_nobody(on: bool) -> None:
    """The leg has been let go."""
