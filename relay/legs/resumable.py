"""A peer's leg that outlives its connection: what was not proved to have arrived is sent again over the next one.

It stands before the socket's leg and behind all others, so that what it numbers is what the peer sees: a dialect and
audio in bytes are above it, and go on as if nothing had happened. What passes is numbered here, so there is no lane.

    CONNECTED ──► AWAY ──► CONNECTED        the connection was lost; the peer came back over another one
        │           └────► OVER             nobody came within the grace, or more was missed than is kept
        └────────────────► OVER             any other end

A ping that carries a number follows the message of that number, so its pong proves that all up to there have arrived.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from time import monotonic
from typing import Any, Protocol

from relay.core.close_codes import ABNORMAL
from relay.core.events import Data, write_event
from relay.core.leg import Closed, Listener
from relay.core.unconfirmed import Unconfirmed, is_counted
from relay.legs.beside import Beside
from relay.legs.choice import PeerLeg

ASK_BYTES = 64 * 1024
ASK_S = 1.0
"""Arrival is asked for behind so many bytes, or so long after it was asked last; one question at a time."""


class Tells(Protocol):
    """Who wants to know what becomes of the peer."""

    def began(self, now: float) -> None:
        """The leg runs: the peer can be told how it may come back."""
        ...

    def waits(self) -> bool:
        """Whether a peer whose connection was lost is to be waited for."""
        ...

    def lost(self) -> None:
        """The connection was lost, and the peer is waited for."""
        ...

    def arrived(self) -> None:
        """The peer has said something over this connection, or proved that it hears."""
        ...

    def over(self) -> None:
        """Nobody can come back any more."""
        ...


class ResumableLeg:
    """One connection of a peer after another.

    Attributes:
        tells: is told what becomes of the peer; to be set before it runs.
        heard: how many messages the peer has said.
        sent: the messages that it was sent.

    Args:
        leg: the first connection.
        grace_s: how long a peer is waited for whose connection was lost.
        heard: how many messages it has said already.
    """

    def __init__(self, leg: PeerLeg, grace_s: float, heard: int = 0) -> None:
        self.tells: Tells
        self.heard = heard
        self.sent = Unconfirmed()
        self._leg: PeerLeg | None = leg
        self._grace_s = grace_s
        self._frames_before = 0
        self._paused = False
        self._abandoned = False
        self._last_word: tuple[int, str] | None = None
        self._sent_when_lost = 0
        self._asked: int | None = None
        self._ask_at, self._ask_octets = 0.0, 0
        self._patience: asyncio.TimerHandle | None = None
        self._listener: Listener
        self._beside = Beside()

    # What the session asks for.

    lane_end = None
    """There is no lane to or from this leg: each message has its number."""

    @property
    def buffered_bytes(self) -> int:
        return self.sent.octets if self._leg is None else self._leg.buffered_bytes

    @property
    def extra_frames(self) -> int:
        return self._frames_before + (0 if self._leg is None else self._leg.extra_frames)

    def send(self, data: Data, received_at: float) -> int:
        counted = is_counted(data)
        if counted:
            self.sent.add(data)
        leg = self._leg
        if leg is None:
            if not self.sent.has_all_after(self._sent_when_lost):
                asyncio.get_running_loop().call_soon(self.give_up)  # the session is still sending
            return self.sent.octets
        waiting = leg.send(data, received_at)
        if counted and self._asked is None:
            self._ask(leg, received_at)
        return waiting

    def close(self, code: int, reason: str) -> None:
        """Close; a peer that is away, or lost before it answers, gets what it missed first, if it comes back."""
        self._last_word = code, reason
        if self._leg is not None:
            self._leg.close(code, reason)
        elif not self.tells.waits():
            self.give_up()

    def pause_reading(self) -> None:
        self._paused = True
        if self._leg is not None:
            self._leg.pause_reading()

    def resume_reading(self) -> None:
        self._paused = False
        if self._leg is not None:
            self._leg.resume_reading()

    async def run(self, listener: Listener) -> None:
        """Serve one connection after another, until there is none and nobody is waited for."""
        self._listener = listener
        try:
            self.tells.began(monotonic())
            if self._leg is not None:
                self._serve(self._leg)
            await self._beside.over
        finally:
            self.tells.over()
            if self._patience is not None:
                self._patience.cancel()
            await self._beside.end()
            del self._listener, self.tells  # who know this leg, too

    # What the relay around the session asks for.

    @property
    def is_over(self) -> bool:
        """Whether nobody can come back any more."""
        return self._beside.over.done() or self._abandoned

    def tell(self, body: Mapping[str, Any], now: float) -> None:
        """Send an event of the relay's own, where there is a connection; it has no number."""
        if self._leg is not None:
            self._leg.send(write_event(body).data, now)

    def connect(self, leg: PeerLeg) -> "asyncio.Task[None]":
        """Go on over this connection; one that still seems alive is let go.

        Returns:
            What ends when the connection does.
        """
        old, self._leg = self._leg, leg
        if old is not None:
            self._let_go(old)
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        self._asked = None
        return self._serve(leg)

    def send_again(self, number: int, now: float) -> None:
        """Send what is behind the message of this number, and go on; to be called once after `connect`."""
        leg = self._leg
        if leg is None:
            return
        for data in self.sent.after(number):
            leg.send(data, now)
        self._ask(leg, now)
        if self._last_word is not None:
            leg.close(*self._last_word)
        elif self._paused:
            leg.pause_reading()
        self._listener.on_drained(now)  # what waited for the peer waits no more, or in the connection

    def give_up(self) -> None:
        """Wait no longer for a peer that is away."""
        if self._leg is None:
            self._end(Closed(ABNORMAL), monotonic())

    def abandon(self) -> None:
        """End it, whether its peer is away or seems to be there."""
        self._abandoned = True
        if self._leg is None:
            self.give_up()
        else:
            self._leg.abort()

    # What the connections say.

    def _serve(self, leg: PeerLeg) -> "asyncio.Task[None]":
        leg.on_pong = partial(self._answered, leg)
        listener = Listener(partial(self._arrived, leg), partial(self._closed, leg), partial(self._drained, leg))
        return self._beside.start(leg.run(listener))

    def _hears(self, leg: PeerLeg) -> bool:
        """Whether what a connection says still counts: not after another one, and not when all is over."""
        return leg is self._leg and not self._beside.over.done()

    def _arrived(self, leg: PeerLeg, data: Data, now: float) -> None:
        if self._hears(leg):
            self.heard += 1
            self.tells.arrived()
            self._listener.on_message(data, now)

    def _drained(self, leg: PeerLeg, now: float) -> None:
        if self._hears(leg):
            self._listener.on_drained(now)

    def _closed(self, leg: PeerLeg, closed: Closed, now: float) -> None:
        if not self._hears(leg):
            return
        is_lost = closed.code == ABNORMAL and not closed.ours
        if not is_lost or self._abandoned or not self.tells.waits():
            self._end(closed, now)
            return
        self._let_go(leg)
        self._leg = None
        self._sent_when_lost = self.sent.sent
        self._patience = asyncio.get_running_loop().call_later(self._grace_s, self.give_up)
        self.tells.lost()
        self._listener.on_drained(now)  # what waited in the connection is among what is kept

    def _let_go(self, leg: PeerLeg) -> None:
        self._frames_before += leg.extra_frames
        leg.abort()

    # Whether it arrives.

    def _ask(self, leg: PeerLeg, now: float) -> None:
        """Send a ping with the latest number, where one is due."""
        if now < self._ask_at and self.sent.octets < self._ask_octets:
            return
        number = self.sent.sent
        if leg.ping(number.to_bytes(8)):
            self._asked = number
            self._ask_at = now + ASK_S

    def _answered(self, leg: PeerLeg, payload: bytes) -> None:
        """A pong came; one that nobody asked for proves nothing."""
        if leg is not self._leg or self._asked is None or payload != self._asked.to_bytes(8):
            return
        self.sent.confirm(self._asked)
        self._asked = None
        self._ask_octets = self.sent.octets + ASK_BYTES
        self.tells.arrived()

    # How it is done.

    def _end(self, closed: Closed, now: float) -> None:
        if not self._beside.over.done():
            self._beside.over.set_result(None)
            self._listener.on_closed(closed, now)
