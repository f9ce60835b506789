"""What a scope may spend in a day: one sum for all its sessions here, and in all relays that share a store."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from decimal import ROUND_UP, Decimal
from time import time
from typing import TYPE_CHECKING

from relay.admission.ledger import Ledger
from relay.config.quotas import QuotaKey
from relay.core.budget import Verdict

if TYPE_CHECKING:
    from relay.admission.counters import Counters
    from relay.admission.shared_money import Payment, SharedMoney

NANO_USD = Decimal("1e-9")

RENEWED_S = 5.0
"""How often the shared store is asked what others have spent, and told that what is set aside still is."""

Run = Callable[[Coroutine[None, None, None]], None]

Answer = tuple[bool, int]
Step = Callable[["SharedMoney", "Payment"], Awaitable[Answer]]


class ScopeMoney:
    """One scope's money of a day, as this process sees it.

    The ledger counts what this process does, in any case; where a store is shared, its answers count instead, as long
    as it gives some. What it is told of, it is told in order, so that no request overtakes the payment before it. A
    payment that it did not answer to is told again under its name, since it may have been taken in.

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
        self._told: Payment | None = None
        self._aside: set[str] = set()
        self._renewed_at = 0.0

    @property
    def limit(self) -> int:
        """In nano-dollars."""
        return self._limit

    @property
    def scope(self) -> str:
        """Whose it is, in the settings' words."""
        return self._key[0]

    @property
    def place(self) -> str:
        """Where the store keeps it."""
        from relay.admission.counters import money_key  # noqa: PLC0415 - 2 MB that only such quotas need

        return money_key(self._limit, *self._key)

    @property
    def left(self) -> int:
        """Of it, as far as is known: by the last answer of the store, less what it does not know of yet."""
        if self._shared_left is None:
            return self._limit - self._ledger.spent(self._key, time())
        return self._shared_left - self._unknown_nanos

    @property
    def is_settled(self) -> bool:
        """Whether the store knows all that it has to be told."""
        return self._unknown_nanos == 0 and not self._in_order.locked()

    def reserve(self, name: str, nanos: int, verdict: Verdict) -> None:
        """Set an amount aside, if it may be; without a shared store that is known at once."""
        if self._counters.money is None:
            verdict(self._ledger.reserve(self._key, name, nanos, self._limit, time()))
        else:
            self._run(self._reserve(name, nanos, verdict))

    def keep(self, name: str, nanos: int) -> None:
        """Set an amount aside, whatever is left."""
        self._ledger.keep(self._key, name, nanos)
        if self._counters.money is not None:
            self._run(self._keep(name, nanos))

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
            self._run(self._look())

    def learn(self, spent: int | None) -> None:
        """Note what the store says was spent; None where it says nothing."""
        self._shared_left = None if spent is None else self._limit - spent

    @property
    def _unknown_nanos(self) -> int:
        """What the store may not know of yet."""
        return self._owed + (0 if self._told is None else self._told.nanos)

    async def _look(self) -> None:
        """Learn what is left."""
        place = self.place
        async with self._in_order:
            names = sorted(self._aside)
            await self._tell(lambda money, payment: money.renew(place, self._limit, payment, names))

    async def _keep(self, name: str, nanos: int) -> None:
        place = self.place
        async with self._in_order:
            self._aside.add(name)
            await self._tell(lambda money, payment: money.keep(place, self._limit, payment, nanos, name))

    async def _reserve(self, name: str, nanos: int, verdict: Verdict) -> None:
        place = self.place
        async with self._in_order:
            answer = await self._tell(lambda money, payment: money.reserve(place, self._limit, payment, nanos, name))
            own = self._ledger.reserve(self._key, name, nanos, self._limit, time())
            may = own if answer is None else answer[0]
            if may:
                self._aside.add(name)
        verdict(may)

    async def _pay(self, names: list[str]) -> None:
        place = self.place
        async with self._in_order:
            await self._tell(lambda money, payment: money.spend(place, self._limit, payment, names))
            self._aside.difference_update(names)

    async def _tell(self, step: Step) -> Answer | None:
        """Ask the store, and tell it what it is owed: the payment that it did not answer to goes before all else."""
        from relay.admission.shared_money import NOTHING, Payment  # noqa: PLC0415 - an extra, 4 MB

        if self._told is not None and self._owed:
            place = self.place
            if await self._ask(lambda money, payment: money.spend(place, self._limit, payment, []), self._told) is None:
                return None
        if self._owed and self._told is None:
            self._told, self._owed = Payment(secrets.token_hex(8), self._owed), 0
        return await self._ask(step, self._told or NOTHING)

    async def _ask(self, step: Step, payment: "Payment") -> Answer | None:
        money = self._counters.money
        assert money is not None  # noqa: S101 - or nothing has to be waited for
        answer = await self._counters.ask(lambda: step(money, payment))
        if answer is not None:
            self._told = None
        self._shared_left = None if answer is None else answer[1]
        return answer


class DailyBudget:
    """A scope's money as one of its sessions sees it. It is closed with the session, and then sets nothing aside."""

    def __init__(self, money: ScopeMoney) -> None:
        self._money = money
        self._prefix = secrets.token_hex(8)
        self._aside: set[str] = set()

    def reserve(self, name: str, usd: Decimal, verdict: Verdict) -> None:
        self._aside.add(name)
        self._money.reserve(f"{self._prefix}-{name}", in_nanos(usd), verdict)

    def keep(self, name: str, usd: Decimal) -> None:
        self._aside.add(name)
        self._money.keep(f"{self._prefix}-{name}", in_nanos(usd))

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
