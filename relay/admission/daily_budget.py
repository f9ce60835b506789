"""What a scope may spend in a day: one sum for all its sessions here, and in all relays that share a store."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from decimal import ROUND_UP, Decimal
from time import time
from typing import TYPE_CHECKING

from relay.admission.ledger import Ledger
from relay.config.quotas import QuotaKey
from relay.core.budget import Verdict

if TYPE_CHECKING:
    from relay.admission.counters import Counters

NANO_USD = Decimal("1e-9")

RENEWED_S = 5.0
"""How often the shared store is asked what others have spent, and told that what is set aside still is."""

Run = Callable[[Coroutine[None, None, None]], None]


class ScopeMoney:
    """One scope's money of a day, as this process sees it.

    The ledger counts what this process does, in any case; where a store is shared, its answers count instead, as long
    as it gives some. What it is told of, it is told in order, so that no request overtakes the payment before it.

    Args:
        key: of the scope.
        limit_usd: in a day.
        ledger: of the process.
        counters: how to ask the shared store, if there is one.
        run: runs what has to be waited for.
    """

    def __init__(self, key: QuotaKey, limit_usd: Decimal, ledger: Ledger, counters: "Counters", run: Run) -> None:
        self._key = key
        self._limit = in_nanos(limit_usd)
        self._ledger = ledger
        self._counters = counters
        self._run = run
        self._in_order = asyncio.Lock()
        self._shared_left: int | None = None
        self._owed = 0
        self._aside: set[str] = set()
        self._renewed_at = 0.0

    @property
    def limit(self) -> int:
        """In nano-dollars."""
        return self._limit

    @property
    def left(self) -> int:
        """Of it, as far as is known: by the last answer of the store, less what it does not know of yet."""
        if self._shared_left is None:
            return self._limit - self._ledger.spent(self._key, time())
        return self._shared_left - self._owed

    @property
    def is_settled(self) -> bool:
        """Whether the store knows all that it has to be told."""
        return self._owed == 0 and not self._in_order.locked()

    def reserve(self, name: str, nanos: int, verdict: Verdict) -> None:
        """Set an amount aside, if it may be; without a shared store that is known at once."""
        if self._counters.money is None:
            verdict(self._ledger.reserve(self._key, name, nanos, self._limit, time()))
        else:
            self._run(self._reserve(name, nanos, verdict))

    def spend(self, nanos: int, name: str | None) -> None:
        """Take out what was spent, and free what was set aside under the name."""
        if nanos:
            self._ledger.spend(self._key, nanos, time())
        self._ledger.free(self._key, name)
        if self._counters.money is not None:
            self._owed += nanos
            self._run(self._pay([] if name is None else [name]))

    def tick(self, now: float) -> None:
        """Learn what others have spent, and keep what is set aside from lapsing, every `RENEWED_S`."""
        if self._counters.money is not None and now - self._renewed_at >= RENEWED_S:
            self._renewed_at = now
            self._run(self.look())

    async def look(self) -> None:
        """Learn what is left."""
        money = self._counters.money
        if money is None:
            return
        async with self._in_order:
            owed, names, place = self._owed, sorted(self._aside), self._place
            self._learn(owed, await self._counters.ask(lambda: money.renew(place, self._limit, owed, names)))

    async def _reserve(self, name: str, nanos: int, verdict: Verdict) -> None:
        money = self._counters.money
        assert money is not None  # noqa: S101 - or nothing has to be waited for
        async with self._in_order:
            owed, place = self._owed, self._place
            answer = await self._counters.ask(lambda: money.reserve(place, self._limit, owed, nanos, name))
            self._learn(owed, None if answer is None else answer[1])
            own = self._ledger.reserve(self._key, name, nanos, self._limit, time())
            may = own if answer is None else answer[0]
            if may:
                self._aside.add(name)
        verdict(may)

    async def _pay(self, names: list[str]) -> None:
        money = self._counters.money
        assert money is not None  # noqa: S101
        async with self._in_order:
            owed, place = self._owed, self._place
            self._learn(owed, await self._counters.ask(lambda: money.spend(place, self._limit, owed, names)))
            self._aside.difference_update(names)

    def _learn(self, owed: int, left: int | None) -> None:
        """Note the store's answer, which took in what was owed; what it did not answer is owed to it still."""
        if left is not None:
            self._owed -= owed
        self._shared_left = left

    @property
    def _place(self) -> str:
        from relay.admission.counters import money_key  # noqa: PLC0415 - 2 MB that only such quotas need

        return money_key(self._limit, *self._key)


class DailyBudget:
    """A scope's money as one of its sessions sees it. It is closed with the session, and then sets nothing aside."""

    def __init__(self, money: ScopeMoney) -> None:
        self._money = money
        self._prefix = secrets.token_hex(8)
        self._aside: set[str] = set()

    def reserve(self, name: str, usd: Decimal, verdict: Verdict) -> None:
        self._aside.add(name)
        self._money.reserve(f"{self._prefix}-{name}", in_nanos(usd), verdict)

    def spend(self, usd: Decimal, name: str | None = None) -> None:
        if name is not None:
            self._aside.discard(name)
        if usd or name is not None:
            self._money.spend(in_nanos(usd), None if name is None else f"{self._prefix}-{name}")

    def tick(self, now: float) -> None:
        self._money.tick(now)

    @property
    def spent_share(self) -> Decimal:
        return 1 - Decimal(self._money.left) / self._money.limit

    def close(self) -> None:
        """Free what is still set aside."""
        for name in sorted(self._aside):
            self.spend(Decimal(0), name)


def in_nanos(usd: Decimal) -> int:
    """The money as an integer, never less than it is."""
    return int((usd / NANO_USD).to_integral_value(ROUND_UP))
