"""One connection of a cascade: its session, its ear, and those who carry out its orders, put together.

The session decides; this passes on: sound to the ear and what it says back, orders to the services and results back,
and wakes who writes to the peer when something may have come of it.
"""

import asyncio
from collections.abc import Sequence

from relay.cascade.ears import Ears
from relay.cascade.orders import Result
from relay.cascade.services.services import Services, Stages
from relay.cascade.session import CascadeSession
from relay.core.events import Data
from relay.engine.session_base import Closure
from relay.stand_ins.exchange import Exchange
from relay.stand_ins.wire import Wire


class CascadeConnection:
    """Serves one peer; see `relay.stand_ins.exchange.StandIn` for what the exchange asks of it.

    Args:
        wire: to the peer.
        session: what is said on it.
        stages: the ways to the services.
        ears: what hears speech.
    """

    def __init__(self, wire: Wire, session: CascadeSession, stages: Stages, ears: Ears) -> None:
        self._session = session
        self._now = asyncio.get_running_loop().time
        self._services = Services(stages, self._told)
        self._ear = ears.open(self._heard)
        self._exchange = Exchange(wire, self, lambda: None)

    async def run(self) -> None:
        """Serve the peer until its connection is closed, by either side."""
        try:
            await self._exchange.run()
        finally:
            self._session.end()
            self._ear.close()
            await self._services.close()
            # Each calls this object: together they would wait for the garbage collector, with what they hold.
            del self._exchange, self._ear, self._services

    @property
    def closing(self) -> Closure | None:
        return self._session.closing

    @property
    def backlog(self) -> int:
        return self._session.backlog

    @property
    def next_due(self) -> float | None:
        return self._session.next_due

    def receive(self, message: Data, now: float) -> None:
        self._session.receive(message, now)
        self._pass_on()

    def next_message(self, now: float) -> str | None:
        message = self._session.next_message(now)
        self._pass_on()
        return message

    def end(self) -> None:
        self._session.end()

    def _told(self, result: Result) -> None:
        self._session.take(result, self._now())
        self._pass_on()
        self._exchange.wake()

    def _heard(self, stretch: int, probabilities: Sequence[float]) -> None:
        self._session.hear(stretch, probabilities, self._now())
        self._pass_on()
        self._exchange.wake()

    def _pass_on(self) -> None:
        """Give what there is to the ear and to the services."""
        while (frames := self._session.take_frames()) is not None:
            self._ear.hear(frames.stretch, frames.pcm)
        for order in self._session.orders():
            self._services.give(order)
