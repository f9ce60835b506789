"""Whoever gives orders to services, and waits for what comes of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from relay.cascade.orders import LAST, Order, Result
from relay.cascade.services.asking import Http
from relay.cascade.services.services import Services, Stages
from relay.config.cascade import Cascade, read_cascade
from relay.legs.target import DialOptions
from relay.stand_ins.services import ScriptedServices


class Orderer:
    """Gives orders of one session.

    Attributes:
        results: all that came, in order.
    """

    def __init__(self, stages: Stages) -> None:
        self.stages = stages
        self.results: list[Result] = []
        self.services = Services(stages, self._told)
        self._changed = asyncio.Condition()

    def _told(self, result: Result) -> None:
        self.results.append(result)
        self._telling = asyncio.ensure_future(self._tell())

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def give(self, order: Order) -> None:
        self.services.give(order)

    def of(self, number: int) -> list[Result]:
        """What came of an order so far."""
        return [result for result in self.results if result.number == number]

    async def until(self, number: int, count: int = 1) -> list[Result]:
        """Wait for so many results of an order."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.of(number)) >= count)
        return self.of(number)

    async def carry_out(self, order: Order) -> list[Result]:
        """Give an order and wait for its end; what came of it."""
        self.give(order)
        return await self.until_over(order.number)

    async def until_over(self, number: int) -> list[Result]:
        """Wait for the end of an order."""
        async with self._changed:
            await self._changed.wait_for(lambda: any(isinstance(result, LAST) for result in self.of(number)))
        return self.of(number)


def cascade_at(services: ScriptedServices, **stages: dict[str, Any]) -> Cascade:
    """Settings for scripted services, with further fields of a stage's."""
    given = {
        stage: {"url": services.url, "model": f"{stage}-model", **stages.pop(stage, {})}
        for stage in ("hear", "think", "speak")
    }
    return read_cascade({**given, **stages}, "cascade", openai_key=None, environment={})


@asynccontextmanager
async def ordering(cascade: Cascade) -> AsyncIterator[Orderer]:
    """Give orders to the services of a cascade until the context is left."""
    http = Http()
    orderer = Orderer(Stages(cascade, http, DialOptions(max_message_bytes=1 << 20)))
    try:
        yield orderer
    finally:
        await orderer.services.close()
        await http.close()
