"""Money of a day and a store whose answers get lost on their way."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from decimal import Decimal
from typing import Any

from relay.admission.counters import Counters
from relay.admission.daily_budget import DailyBudget, ScopeMoney
from relay.admission.ledger import Ledger
from tests.fakes.redis import redis_server


class ForgetfulCounters(Counters):
    """Asks the store, and loses the answer while `loses`."""

    loses = False

    async def ask(self, question: Callable[[], Awaitable[Any]]) -> Any:
        answer = await super().ask(question)
        return None if self.loses else answer


class Running:
    """Runs what has to be waited for, and can wait for all of it."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def __call__(self, asking: Coroutine[None, None, None]) -> None:
        self._tasks.append(asyncio.ensure_future(asking))

    async def settled(self) -> None:
        while self._tasks:
            await self._tasks.pop(0)


async def test_a_payment_whose_answer_is_lost_counts_once() -> None:
    """It is told again, under its name, and before what was spent since; the store takes it in once."""
    async with redis_server() as redis:
        counters, running = ForgetfulCounters(redis.url), Running()
        shared = [ScopeMoney(("subject", "anna"), Decimal(1), Ledger(), counters, running) for _ in range(2)]
        ours, theirs = map(DailyBudget, shared)
        counters.loses = True
        for _ in range(2):
            ours.spend(Decimal("0.1"))
            await running.settled()
        assert ours.spent_share == Decimal("0.2")
        counters.loses = False
        ours.spend(Decimal("0.3"))
        await running.settled()
        assert ours.spent_share == Decimal("0.5")
        assert shared[0].is_settled
        theirs.tick(1000.0)
        await running.settled()
        assert theirs.spent_share == Decimal("0.5")
        await counters.close()
