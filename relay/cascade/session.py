"""One session of a cascade, without a socket, without a clock, and without a service: client events and results in,
server events and orders out.

    session = CascadeSession(settings, "any", frame_ms=32, now=0.0, unix_now=1.7e9)
    session.receive('{"type": "input_audio_buffer.append", …}', now)
    session.take_frames()            # for the ear, whose answer goes to session.hear(…)
    session.orders()                 # for the services, whose results go to session.take(…)
    while message := session.next_message(now): ...
"""

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import proxy

from relay.cascade.completeness import Completeness
from relay.cascade.hearing import Hints
from relay.cascade.mind import CascadeMind
from relay.cascade.order_book import OrderBook
from relay.cascade.orders import Order, Result
from relay.cascade.stopwatch import Clock
from relay.cascade.turn_work import Counts
from relay.cascade.turns import Frames, TurnTaker
from relay.config.cascade import Cascade
from relay.engine.mind import Request
from relay.engine.session import EngineSession
from relay.engine.session_base import SESSION_SECONDS, Closure

INSTRUCTIONS = "You are talking with somebody. Answer briefly and in plain sentences: what you write is read aloud."
"""Those of a session that nobody gave any."""


class CascadeSession:
    """One conversation through services.

    Args:
        settings: which services, and how turns are found.
        model: what the session was opened for; None makes it a transcription session.
        frame_ms: how long a frame of the ear is.
        now: the time, on the clock of all later calls, in seconds.
        unix_now: the same moment in Unix seconds.
        session_seconds: how long the session may last.
    """

    def __init__(
        self,
        settings: Cascade,
        model: str | None,
        *,
        frame_ms: int,
        now: float,
        unix_now: float,
        session_seconds: float = SESSION_SECONDS,
    ) -> None:
        self._clock = Clock(now)
        self._book = OrderBook()
        self._mind = CascadeMind(settings, self._book, self._clock)
        self._mind.host = proxy(self)  # it would hold what holds it
        self._turns = TurnTaker(self._mind, frame_ms=frame_ms, hold_ms=settings.hold_ms)
        self.engine = EngineSession(
            model,
            mind=self._mind,
            listener=self._turns,
            now=now,
            unix_now=unix_now,
            instructions=INSTRUCTIONS,
            session_seconds=session_seconds,
        )

    @property
    def counts(self) -> Counts:
        """What was done ahead."""
        return self._mind.counts

    @property
    def dropped(self) -> int:
        """How many results came for orders that were void."""
        return self._book.dropped

    @property
    def closing(self) -> Closure | None:
        """How the connection is to end, once there is no message left; None while it goes on."""
        return self.engine.closing

    @property
    def backlog(self) -> int:
        """How many messages are ready."""
        return self.engine.backlog

    @property
    def next_due(self) -> float:
        """When there may be something to send, if nothing comes before."""
        return self.engine.next_due

    def receive(self, message: str | bytes, now: float) -> None:
        """Take in one message of the client."""
        self._clock.now = now
        self.engine.receive(message, now)

    def next_message(self, now: float) -> str | None:
        """The next message to send; None if there is nothing to send by now."""
        self._clock.now = now
        return self.engine.next_message(now)

    def next_event(self, now: float) -> dict[str, Any] | None:
        """The same, as an event."""
        self._clock.now = now
        return self.engine.next_event(now)

    def take_frames(self) -> Frames | None:
        """Sound for the ear, if there is any that it has not been given."""
        return self._turns.take_frames()

    def hear(self, stretch: int, probabilities: Sequence[float], now: float) -> None:
        """Take what the ear says of frames that it was given, in order."""
        self._clock.now = now
        for found in self._turns.hear(stretch, probabilities):
            self.engine.found(found, now)

    def orders(self) -> list[Order]:
        """The orders to carry out since this was last asked."""
        return self._book.orders()

    def take(self, result: Result, now: float) -> None:
        """Take the result of an order."""
        self._clock.now = now
        if self._mind.take(result):
            self.engine.wake(now)

    def end(self) -> None:
        """Let go of everything: the connection is gone."""
        self.engine.end()
        self._mind.end()

    # What the mind asks; `relay.cascade.mind.Host` says why.

    def draft(self) -> Request | None:
        """See `relay.cascade.mind.Host`."""
        return self.engine.draft()

    def hints(self) -> Hints:
        """See `relay.cascade.mind.Host`."""
        transcription: Mapping[str, Any] | None = self.engine.realtime.hearing["transcription"]
        return Hints.of(transcription)

    def judge(self, completeness: Completeness) -> None:
        """See `relay.cascade.mind.Host`."""
        self._turns.judge(completeness)
