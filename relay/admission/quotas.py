"""Quotas: sessions at one time, new ones in a minute, and money in a day.

That can be bounded for all, for each subject, and for each profile. Sessions at one time are counted in this process;
new ones in a minute and money in a day by `counters`, which several relays can share.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING, Any

from relay.config.quotas import Quota, QuotaKey
from relay.core.closing import Cause, Refused, ended

if TYPE_CHECKING:
    from relay.admission.counters import Counters

NANO_USD = Decimal("1e-9")
"""What money is counted in where only integers can be: no token costs a fraction of it."""


class DailyBudget:
    """What a scope may spend in a day, as a session sees it: what others spend shows when it pays itself.

    Args:
        limit_usd: in all.
        left: of it, in nano-dollars.
        pay: takes nano-dollars out of the common budget and returns what is left.
    """

    def __init__(self, limit_usd: Decimal, left: int, pay: Callable[[int], "asyncio.Future[int]"]) -> None:
        self._limit = int(limit_usd / NANO_USD)
        self._left = left
        self._pay = pay

    def spend(self, usd: Decimal) -> None:
        nanos = int((usd / NANO_USD).to_integral_value(ROUND_UP))
        self._left -= nanos
        self._pay(nanos).add_done_callback(self._learn)

    @property
    def spent_share(self) -> Decimal:
        return 1 - Decimal(self._left) / self._limit

    def _learn(self, paying: "asyncio.Future[int]") -> None:
        if not paying.cancelled() and paying.exception() is None:
            self._left = min(self._left, paying.result())


def make_quotas(quotas: Mapping[Any, Quota], store: str, on_failure: Callable[[], None]) -> "Quotas":
    """Quotas whose minutes and days are counted in `store`, which is opened only if one of them needs it."""
    if not any(quota.sessions_per_minute or quota.usd_per_day for quota in quotas.values()):
        return Quotas(quotas)
    from relay.admission.counters import Counters  # noqa: PLC0415 - 2 MB that only such quotas need

    return Quotas(quotas, Counters(store, on_failure))


class Quotas:
    """Keeps each scope within its quota.

    Args:
        quotas: by scope, or by scope and name, which goes first.
        counters: what counts minutes and days; None where no quota needs it.
    """

    def __init__(self, quotas: Mapping[Any, Quota], counters: "Counters | None" = None) -> None:
        self._quotas = quotas
        self._counters = counters
        self._open: Counter[QuotaKey] = Counter()
        self._payments: set[asyncio.Future[int]] = set()

    @asynccontextmanager
    async def reserve(self, names: Mapping[str, str | None]) -> AsyncIterator[list[DailyBudget]]:
        """Hold a session's place in each scope while the context is open; yields what pays for it.

        Args:
            names: of the scopes; a scope whose name is None does not count.

        Raises:
            Refused: a quota is full.
        """
        keys = [(scope, name) for scope, name in names.items() if name]
        scopes = [(quota, key) for key in keys if (quota := self._quotas.get(key) or self._quotas.get(key[0]))]
        for quota, key in scopes:
            if quota.sessions is not None and self._open[key] >= quota.sessions:
                raise Refused(ended(Cause.TOO_MANY_SESSIONS, named={"quota": f"{key[0]}.sessions"}))
        self._open.update(keys)
        try:
            yield [budget async for budget in self._admit(scopes)]
        finally:
            self._open.subtract(keys)
            self._open += Counter()  # forget those that are gone

    async def close(self) -> None:
        """Let go of the shared store, once everything is paid."""
        await self.settled()
        if self._counters is not None:
            await self._counters.close()

    async def settled(self) -> None:
        """Wait until what was spent so far has been taken out of the common budgets."""
        await asyncio.gather(*self._payments)

    async def _admit(self, scopes: Iterable[tuple[Quota, QuotaKey]]) -> AsyncIterator[DailyBudget]:
        for quota, key in scopes:
            if quota.sessions_per_minute is not None:
                await self._count_one(quota.sessions_per_minute, key)
            if quota.usd_per_day is not None:
                yield await self._budget(quota.usd_per_day, key)

    async def _count_one(self, per_minute: int, key: QuotaKey) -> None:
        assert self._counters is not None  # noqa: S101 - made with the quotas
        wait_s = await self._counters.admit(per_minute, *key)
        if wait_s is not None:
            quota = {"quota": f"{key[0]}.sessions_per_minute"}
            raise Refused(ended(Cause.TOO_FREQUENT, retry_after_s=wait_s, named=quota))

    async def _budget(self, usd: Decimal, key: QuotaKey) -> DailyBudget:
        assert self._counters is not None  # noqa: S101
        per_day = int(usd / NANO_USD)
        left = await self._counters.spend(per_day, *key, amount=0)
        if left <= 0:
            raise Refused(ended(Cause.BUDGET_SPENT, named={"quota": f"{key[0]}.usd_per_day"}))
        return DailyBudget(usd, left, lambda nanos: self._pay(per_day, key, nanos))

    def _pay(self, per_day: int, key: QuotaKey, nanos: int) -> "asyncio.Future[int]":
        assert self._counters is not None  # noqa: S101
        payment = asyncio.ensure_future(self._counters.spend(per_day, *key, amount=nanos))
        self._payments.add(payment)
        payment.add_done_callback(self._payments.discard)
        return payment
