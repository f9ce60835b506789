"""Budgets: who pays for a session, what its peer is told of that, and its end when the money is gone."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Protocol

from relay.core.bill import Bill
from relay.core.closing import Cause, ended
from relay.core.session import Session
from relay.core.usage import ZERO

WARN_AT = Decimal("0.8")


class Budget(Protocol):
    """Money that a session may spend."""

    def spend(self, usd: Decimal) -> None:
        """Take out what was spent, even if there is less."""

    @property
    def spent_share(self) -> Decimal:
        """How much of it is gone: 0 when none is, 1 or more when all is."""


class SessionBudget:
    """What one session may spend, in USD."""

    def __init__(self, limit_usd: Decimal) -> None:
        self._limit = limit_usd
        self._spent = ZERO

    def spend(self, usd: Decimal) -> None:
        self._spent += usd

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

    @property
    def share(self) -> Decimal:
        """How much of the emptiest budget is gone, 1 or more when all is."""
        return max((budget.spent_share for budget in self._budgets), default=ZERO)

    def pay(self, usd: Decimal) -> None:
        """Take out of each budget what was added to the bill."""
        for budget in self._budgets:
            budget.spend(usd)

    def settle(self, session: Session, now: float, *, may_end: bool = True) -> None:
        """Tell what was spent, and draw the consequence, which is the session's end if it may be."""
        share = self.share
        spent_usd = self._bill.spent_usd
        spent = {"spent_usd": str(spent_usd), "spent_share": round(float(share), 4)}
        session.tell("relay.cost", spent, now)
        if share >= WARN_AT and not self._warned:
            self._warned = True
            self._on_warning(spent_usd)
        if share >= 1 and may_end:
            session.end(ended(Cause.BUDGET_SPENT), now)
