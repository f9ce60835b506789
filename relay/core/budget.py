"""Budgets: who pays for a session, what its peer is told of that, and its end when the money is gone.

What an answer costs is known when it is done. So its likely cost is set aside when it is asked for, in each budget that
will pay for it. While money is left one answer may be under way; a further one only beside it where all of them
together are likely to be paid by what is left. So a budget is overrun by one answer at most, or by as much as answers
cost more than is likely.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Generic, Protocol, TypeVar

from relay.core.bill import Bill
from relay.core.causes import Cause
from relay.core.closing import ended
from relay.core.session import Session
from relay.core.usage import ZERO

WARN_AT = Decimal("0.8")

Verdict = Callable[[bool], None]

Money = TypeVar("Money", int, Decimal)


class Budget(Protocol):
    """Money that a session may spend, alone or with others."""

    def reserve(self, name: str, usd: Decimal, verdict: Verdict) -> None:
        """Set money aside under a name of the session's, if it may be; `verdict` is told once, now or later."""

    def keep(self, name: str, usd: Decimal) -> None:
        """Set money aside, even if there is less, for what cannot be refused any more."""

    def spend(self, usd: Decimal, name: str | None = None) -> None:
        """Take out what was spent, even if there is less, and free what was set aside under the name."""

    def tick(self, now: float) -> None:
        """About a second has gone by."""

    @property
    def spent_share(self) -> Decimal:
        """How much of it is gone, by whomever it was spent: 0 when none is, 1 or more when all is."""


class SetAside(Generic[Money]):
    """What is set aside in a budget, by name: for answers, and for what is kept for all else."""

    def __init__(self) -> None:
        self._amounts: dict[str, Money] = {}
        self._kept: dict[str, Money] = {}

    def __len__(self) -> int:
        return len(self._amounts) + len(self._kept)

    def reserve(self, name: str, amount: Money, left: Money) -> bool:
        """Set the amount aside for an answer, if what is left of the budget allows it."""
        left = left - sum(self._kept.values())
        may = left > 0 and (not self._amounts or sum(self._amounts.values()) + amount <= left)
        if may:
            self._amounts[name] = amount
        return may

    def keep(self, name: str, amount: Money) -> None:
        """Set the amount aside, whatever is left."""
        self._kept[name] = amount

    def free(self, name: str | None) -> None:
        """Set nothing aside under this name any more."""
        if name is not None:
            self._amounts.pop(name, None)
            self._kept.pop(name, None)


class SessionBudget:
    """What one session may spend, in USD."""

    def __init__(self, limit_usd: Decimal) -> None:
        self._limit = limit_usd
        self._spent = ZERO
        self._aside: SetAside[Decimal] = SetAside()

    def reserve(self, name: str, usd: Decimal, verdict: Verdict) -> None:
        verdict(self._aside.reserve(name, usd, self._limit - self._spent))

    def keep(self, name: str, usd: Decimal) -> None:
        self._aside.keep(name, usd)

    def spend(self, usd: Decimal, name: str | None = None) -> None:
        self._spent += usd
        self._aside.free(name)

    def tick(self, now: float) -> None:
        """Nobody else spends of it."""

    @property
    def spent_share(self) -> Decimal:
        return self._spent / self._limit


class Account:
    """Pays for one session from each of its budgets.

    Args:
        bill: what it costs.
        budgets: each of them pays for all of it.
        on_warning: is called once, when `WARN_AT` of a budget is spent.
    """

    def __init__(self, bill: Bill, budgets: Sequence[Budget], on_warning: Callable[[Decimal], None]) -> None:
        self._bill = bill
        self._budgets = budgets
        self._on_warning = on_warning
        self._warned = False
        self._names = 0

    @property
    def share(self) -> Decimal:
        """How much of the emptiest budget is gone, 1 or more when all is."""
        return max((budget.spent_share for budget in self._budgets), default=ZERO)

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self.share >= 1

    def reserve(self, usd: Decimal, verdict: Verdict) -> str:
        """Set money aside in all budgets or in none; returns the name under which it is, or would be.

        One budget is asked after the other, in the same order by all, so that of two who ask at once one gets it.
        """
        name = self._new_name()
        self._reserve_from(0, name, usd, verdict)
        return name

    def keep(self, usd: Decimal) -> str:
        """Set money aside in all budgets, whatever is left; returns the name under which it is."""
        name = self._new_name()
        for budget in self._budgets:
            budget.keep(name, usd)
        return name

    def pay(self, usd: Decimal, name: str | None = None) -> None:
        """Take out of each budget what was added to the bill, and free what was set aside for it."""
        for budget in self._budgets:
            budget.spend(usd, name)

    def tick(self, now: float) -> None:
        """Let the budgets see the time."""
        for budget in self._budgets:
            budget.tick(now)

    def settle(self, session: Session, now: float, *, may_end: bool = True) -> None:
        """Tell what was spent, and draw the consequence, which is the session's end if it may be."""
        share = self.share
        spent_usd = self._bill.spent_usd
        spent = {"spent_usd": str(spent_usd), "spent_share": round(float(share), 4) if self._budgets else None}
        session.tell("relay.cost", spent, now)
        if share >= WARN_AT and not self._warned:
            self._warned = True
            self._on_warning(spent_usd)
        if share >= 1 and may_end:
            session.end(ended(Cause.BUDGET_SPENT), now)

    def _new_name(self) -> str:
        self._names += 1
        return str(self._names)

    def _reserve_from(self, number: int, name: str, usd: Decimal, verdict: Verdict) -> None:
        if number == len(self._budgets):
            verdict(True)
        else:
            self._budgets[number].reserve(name, usd, partial(self._answered, number, name, usd, verdict))

    def _answered(self, number: int, name: str, usd: Decimal, verdict: Verdict, may: bool) -> None:
        if may:
            self._reserve_from(number + 1, name, usd, verdict)
            return
        for budget in self._budgets[:number]:
            budget.spend(ZERO, name)
        verdict(False)
