"""An upstream's leg that owns two: when the one is about to end, or is lost, the other goes on, and nobody sees it.

`relay.core.succession` says when, and what the successor is told; here it is dialled, waited for and put in the other
one's place. What the session sends while there is no upstream waits here, and counts as what waits for a slow end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, Protocol

from relay.core.close_codes import NORMAL
from relay.core.closing import Refused
from relay.core.events import Body, Data, read_upstream_event, size_bytes, write_event
from relay.core.handover import Phase, Reason
from relay.core.leg import Closed, Listener
from relay.core.succession import Succession
from relay.legs.beside import Beside
from relay.legs.choice import UpstreamLeg

BACKOFF_S = (0.0, 0.5, 1.5)
"""Waits before each dial after a loss."""

REPLACED_WITHIN_S = 30.0
"""How long all of that may take: a user who hears nothing for so long has gone."""

MOST_LOSSES, LOSSES_WITHIN_S = 5, 60.0
"""An upstream that is lost again and again is not the cable's fault."""

AGAIN_S = 30.0
"""After so long a successor that could not be had is dialled again, while the old one still goes on."""

BRIEFED_WITHIN_S = 10.0
"""How long a successor may take to take the session."""

LOOK_S = 0.1
"""How often it is looked whether this is the pause that a successor waits for."""

LINGERS_S = 5.0
"""How long the old one may still bring transcripts."""

MOST_HEARD = 64
"""Messages of a successor before its turn: hardly more than that it has begun, and taken the session."""

LATE = frozenset({
    "conversation.item.input_audio_transcription.completed",
    "conversation.item.input_audio_transcription.failed",
})  # fmt: skip


class Tells(Protocol):
    """Who wants to know what became of an upstream."""

    def relink(self) -> None:
        """Another connection has taken over: the lanes are to lead there."""
        ...

    def swapped(self, reason: Reason, answers_failed: int, took_s: float, now: float) -> None:
        """It is done, and held up everybody for so long."""
        ...

    def failed(self, reason: Reason, now: float) -> None:
        """No successor could be had, or told."""
        ...


class NotBriefed(Exception):  # noqa: N818 - the fact, not the fault
    """A successor that did not take the session."""


class _Successor:
    """A connection that is to take over: what it has said so far."""

    def __init__(self, leg: UpstreamLeg) -> None:
        self.leg = leg
        self.created: Body = {}
        self.updated: Body = {}
        self.heard: asyncio.Queue[Data | Closed] = asyncio.Queue(MOST_HEARD)

    def end(self, closed: Closed) -> None:
        """It has gone before it took over."""
        if self.heard.full():
            self.heard.get_nowait()
        self.heard.put_nowait(closed)

    async def until(self, kind: str) -> Body:
        """Wait for this type; any error before it, or an end, is the end."""
        while True:
            data = await self.heard.get()
            if isinstance(data, Closed):
                raise NotBriefed(f"closed with {data.code}")
            event = read_upstream_event(data)
            if event.type == kind:
                return event.body
            if event.type == "error":
                raise NotBriefed("an error")


class SuccessiveLeg:
    """One upstream after another.

    Attributes:
        tells: is told what becomes of upstreams; to be set before it runs.

    Args:
        leg: the first, which is open.
        dial: opens another.
    """

    def __init__(self, leg: UpstreamLeg, dial: Callable[[], Awaitable[UpstreamLeg]], succession: Succession) -> None:
        self.tells: Tells
        self._leg = leg
        self._dial = dial
        self._succession = succession
        self._successor: _Successor | None = None
        self._late: UpstreamLeg | None = None
        self._held: list[Data] | None = None
        self._held_bytes = 0
        self._paused = False
        self._closing = False
        self._expiry: Data | None = None
        self._preparing: asyncio.Task[None] | None = None
        self._lost_at: list[float] = []
        self._look: asyncio.TimerHandle | None = None
        self._listener: Listener
        self._beside: Beside

    # What the session asks for.

    @property
    def lane_end(self) -> Any:
        return self._leg.lane_end

    @property
    def buffered_bytes(self) -> int:
        return self._leg.buffered_bytes + self._held_bytes

    @property
    def extra_frames(self) -> int:
        return self._leg.extra_frames

    def send(self, data: Data, received_at: float) -> int:
        if self._held is None:
            return self._leg.send(data, received_at)
        if not self._closing:
            self._held.append(data)
            self._held_bytes += size_bytes(data)
        return self._held_bytes

    def close(self, code: int, reason: str) -> None:
        self._closing = True
        if self._held is not None:
            self._end(Closed(code, reason))
        self._leg.close(code, reason)

    def pause_reading(self) -> None:
        self._paused = True
        self._leg.pause_reading()

    def resume_reading(self) -> None:
        self._paused = False
        self._leg.resume_reading()

    def abort(self) -> None:
        self._leg.abort()

    async def run(self, listener: Listener) -> None:
        """Serve one upstream after another, until there is none."""
        self._listener = listener
        self._beside = Beside()
        self._succession.deliver = self._deliver
        self._beside.start(self._serve(self._leg))
        self._look_later()
        try:
            await self._beside.over
        finally:
            if self._look is not None:
                self._look.cancel()
            await self._beside.end()
            successor = None if self._successor is None else self._successor.leg
            for leg in (self._leg, self._late, successor):
                if leg is not None:
                    leg.abort()
            del self.tells, self._listener  # who is told knows this leg, too

    # What the connections say.

    async def _serve(self, leg: UpstreamLeg) -> None:
        try:
            await leg.run(Listener(
                partial(self._arrived, leg), partial(self._closed, leg), partial(self._drained, leg)
            ))  # fmt: skip
        finally:
            leg.abort()

    def _arrived(self, leg: UpstreamLeg, data: Data, now: float) -> None:
        if leg is self._leg:
            if self._succession.swallows(data):
                return
            if self._succession.is_expiry(data) and self._succession.can_be_told:
                self._expiry = data
                return
            self._listener.on_message(data, now)
        elif self._successor is not None and leg is self._successor.leg:
            with suppress(asyncio.QueueFull):  # of what it says before its turn little is of interest
                self._successor.heard.put_nowait(data)
        elif read_upstream_event(data).type in LATE:
            self._listener.on_message(data, now)

    def _closed(self, leg: UpstreamLeg, closed: Closed, now: float) -> None:
        if self._successor is not None and leg is self._successor.leg:
            if self._succession.phase is Phase.READY and self._held is None:
                self._drop_successor(now)
            else:
                self._successor.end(closed)
        elif leg is self._leg and (self._closing or not self._succession.outlives(closed)):
            self._end(closed)
        elif leg is self._leg and self._held is None:
            self._held = []
            self._succession.lost()
            self._beside.start(self._replace_lost(closed))

    def _drained(self, leg: UpstreamLeg, now: float) -> None:
        if leg is self._leg:
            self._listener.on_drained(now)

    # A successor, in time.

    def _look_later(self) -> None:
        loop, succession = asyncio.get_running_loop(), self._succession
        wait_s = LOOK_S if succession.phase is Phase.READY else max(LOOK_S, succession.dials_at() - monotonic())
        self._look = loop.call_later(min(wait_s, 1.0), self._look_now)

    def _look_now(self) -> None:
        now = monotonic()
        if not self._closing and self._held is None:
            if self._succession.dials_at() <= now:
                self._succession.dialling()
                self._preparing = self._beside.start(self._prepare())
            elif self._successor is not None and self._succession.may_swap(now):
                self._swap(self._successor, Reason.EXPIRY, now)
        self._look_later()

    async def _prepare(self) -> None:
        """Have a successor that knows the session, while the old one goes on."""
        try:
            await self._brief()
        except (Refused, NotBriefed, TimeoutError):
            self._drop_successor(monotonic())
            return
        finally:
            self._preparing = None
        for data in self._succession.ready(monotonic()):
            self._leg.send(data, monotonic())

    async def _brief(self) -> _Successor:
        """Dial another upstream and tell it the session.

        Raises:
            Refused, NotBriefed, TimeoutError: it is not to be had.
        """
        successor = self._successor = _Successor(await self._dial())
        self._beside.start(self._serve(successor.leg))
        async with asyncio.timeout(BRIEFED_WITHIN_S):
            successor.created = await successor.until("session.created")
            successor.leg.send(self._succession.update(), monotonic())
            successor.updated = await successor.until("session.updated")
        return successor

    def _drop_successor(self, now: float) -> None:
        successor, self._successor = self._successor, None
        if successor is not None:
            successor.leg.abort()
        if self._held is None:
            self._succession.failed(now, AGAIN_S)
            self.tells.failed(Reason.EXPIRY, now)

    # A loss.

    async def _replace_lost(self, closed: Closed) -> None:
        """The upstream is gone: try another, and tell of the end if there is none."""
        reason = Reason.LOSS if self._expiry is None else Reason.EXPIRY
        if self._preparing is not None:
            await asyncio.wait({self._preparing})
        successor = self._successor if self._succession.phase is Phase.READY else None
        if successor is None and not self._is_lost_too_often(monotonic()):
            with suppress(TimeoutError):
                async with asyncio.timeout(REPLACED_WITHIN_S):
                    successor = await self._another()
        if successor is None:
            self.tells.failed(reason, monotonic())
            self._end(closed)
        else:
            self._swap(successor, reason, monotonic())

    async def _another(self) -> _Successor | None:
        """A successor after a loss; None where none is to be had."""
        for wait_s in BACKOFF_S:
            await asyncio.sleep(wait_s)
            try:
                return await self._brief()
            except (NotBriefed, TimeoutError):
                self._drop_successor(monotonic())
            except Refused as refusal:
                if refusal.ended.status in {401, 402, 403, 404}:
                    break
        return None

    def _is_lost_too_often(self, now: float) -> bool:
        self._lost_at = [at for at in self._lost_at if now - at < LOSSES_WITHIN_S] + [now]
        return len(self._lost_at) > MOST_LOSSES

    # The swap.

    def _swap(self, successor: _Successor, reason: Reason, now: float) -> None:
        """Put the successor in the old one's place: in one go, so that nothing comes between."""
        old, self._leg, self._successor = self._leg, successor.leg, None
        was_lost, self._expiry = self._held is not None, None
        handover = self._succession.swap(successor.created, successor.updated, now, is_lost=was_lost)
        held, self._held, self._held_bytes = self._held or [], None, 0
        for data in (*handover.up, *held):
            self._leg.send(data, now)
        self.tells.relink()
        if self._paused:
            self._leg.pause_reading()
        for data in handover.down:
            self._listener.on_message(data, now)
        while not successor.heard.empty():  # what it said since it was told the session
            data_or_end = successor.heard.get_nowait()
            if not isinstance(data_or_end, Closed):
                self._arrived(self._leg, data_or_end, now)
        self._listener.on_drained(now)  # what waited for the old one waits no more
        if not was_lost:
            self._late = old
            asyncio.get_running_loop().call_later(LINGERS_S, old.close, NORMAL, "")
        self.tells.swapped(reason, handover.answers_failed, monotonic() - now, now)

    def _deliver(self, body: Body, now: float) -> None:
        self._listener.on_message(write_event(body).data, now)

    def _end(self, closed: Closed) -> None:
        if not self._beside.over.done():
            self._beside.over.set_result(None)
            if self._expiry is not None:
                self._listener.on_message(self._expiry, monotonic())
            self._listener.on_closed(closed, monotonic())
