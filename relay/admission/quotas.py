"""Quotas: sessions at one time, new ones in a minute, and money in a day.

That can be bounded for all, for each subject, and for each profile. Sessions at one time are counted in this process;
new ones in a minute and money in a day by `counters`, which several relays can share.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from relay.admission.daily_budget import DailyBudget, ScopeMoney
from relay.admission.ledger import Ledger
from relay.config.quotas import Quota, QuotaKey
from relay.core.causes import Cause
from relay.core.closing import Refused, ended

if TYPE_CHECKING:
    from relay.admission.counters import Counters


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
        self._ledger = Ledger()
        self._money: dict[QuotaKey, ScopeMoney] = {}
        self._asking: set[asyncio.Task[None]] = set()

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
        budgets: list[DailyBudget] = []
        try:
            await self._admit(scopes, budgets)
            yield budgets
        finally:
            for budget in budgets:
                budget.close()
            self._open.subtract(keys)
            self._open += Counter()  # forget those that are gone
            for key in keys:
                self._forget(key)

    async def close(self) -> None:
        """Let go of the shared store, once everything is paid."""
        await self.settled()
        if self._counters is not None:
            await self._counters.close()

    async def settled(self) -> None:
        """Wait until the common store knows what was spent and set aside so far."""
        while self._asking:
            await asyncio.wait(self._asking)

    async def _admit(self, scopes: Sequence[tuple[Quota, QuotaKey]], budgets: list[DailyBudget]) -> None:
        windows = [(quota.sessions_per_minute, key) for quota, key in scopes if quota.sessions_per_minute is not None]
        moneys = [self._money_of(quota.usd_per_day, key) for quota, key in scopes if quota.usd_per_day is not None]
        if self._counters is None or not (windows or moneys):
            return
        full, wait_s, spent = await self._counters.admit(windows, [money.place for money in moneys])
        if full is not None:
            quota = {"quota": f"{full[0]}.sessions_per_minute"}
            raise Refused(ended(Cause.TOO_FREQUENT, retry_after_s=wait_s, named=quota))
        for number, money in enumerate(moneys):
            money.learn(None if spent is None else spent[number])
            if money.left <= 0:
                raise Refused(ended(Cause.BUDGET_SPENT, named={"quota": f"{money.scope}.usd_per_day"}))
            budgets.append(DailyBudget(money))

    def _money_of(self, usd: Decimal, key: QuotaKey) -> ScopeMoney:
        assert self._counters is not None  # noqa: S101 - made with the quotas
        if key not in self._money:
            self._money[key] = ScopeMoney(key, usd, self._ledger, self._counters, partial(self._run, key))
        return self._money[key]

    def _run(self, key: QuotaKey, asking: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(asking)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        task.add_done_callback(lambda _: self._forget(key))

    def _forget(self, key: QuotaKey) -> None:
        """Keep nothing of a scope without sessions of which the store knows all."""
        if key in self._money and key not in self._open and self._money[key].is_settled:
            del self._money[key]
