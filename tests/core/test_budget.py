import json
from decimal import Decimal

import pytest

from relay.core.bill import Bill
from relay.core.budget import Account, Budget, SessionBudget, SetAside
from relay.core.prices import Price, Prices
from relay.core.session import Session
from relay.core.tally import Costs
from tests.fakes.budgets import SlowBudget
from tests.fakes.legs import Joined

PRICES = Prices({"a": Price(minute=Decimal(60))})


def spending(*limits: str) -> tuple[Joined, Bill, Account, list[Decimal]]:
    """A session with a budget for each limit, and the warnings that its account gives."""
    joined = Joined()
    joined.session = Session("s1", joined.peer, joined.upstream, [], joined.tally, relay_events=True)
    warnings: list[Decimal] = []
    bill = Bill(PRICES, "a", Costs())
    account = Account(bill, [SessionBudget(Decimal(limit)) for limit in limits], warnings.append)
    return joined.opened(), bill, account, warnings


def test_the_emptiest_budget_counts() -> None:
    """Each budget pays for all of it, and the one of which most is gone says how much is left."""
    _, bill, account, _ = spending("10", "4")
    account.pay(bill.lasted(Decimal(1)))
    assert account.share == Decimal("0.25")


def test_without_a_budget_nothing_is_ever_spent() -> None:
    """A session that nobody limits goes on."""
    joined, bill, account, warnings = spending()
    account.pay(bill.lasted(Decimal(1000)))
    account.settle(joined.session, 0.0)
    assert account.share == 0
    assert json.loads(joined.peer.sent[0])["spent_share"] is None, "there is no budget"
    assert warnings == []
    assert joined.peer.closes == []


def test_what_is_spent_is_told() -> None:
    """A peer that asked learns the sum and the share of it, exactly."""
    joined, bill, account, _ = spending("8")
    account.pay(bill.lasted(Decimal("0.5")))
    account.settle(joined.session, 0.0)
    told = json.loads(joined.peer.sent[0])
    assert (told["type"], told["spent_usd"], told["spent_share"]) == ("relay.cost", "0.5", 0.0625)


def test_a_warning_is_given_once() -> None:
    """When four fifths are gone, the operator is warned, and not again."""
    joined, bill, account, warnings = spending("5")
    for _ in range(4):
        account.pay(bill.lasted(Decimal(1)))
        account.settle(joined.session, 0.0)
    account.pay(bill.lasted(Decimal("0.5")))
    account.settle(joined.session, 0.0)
    assert warnings == [Decimal(4)]


def test_an_end_can_be_put_off() -> None:
    """With nothing left the session ends, unless something is still being said."""
    joined, bill, account, _ = spending("1")
    account.pay(bill.lasted(Decimal(1)))
    account.settle(joined.session, 0.0, may_end=False)
    assert joined.peer.closes == []
    account.settle(joined.session, 0.0)
    assert joined.peer.closes == [(4000, "budget_spent")]


@pytest.mark.parametrize(
    ("left", "aside", "amount", "may"),
    [
        (10, [], 50, True),
        (0, [], 0, False),
        (-1, [], 0, False),
        (10, [50], 0, False),
        (10, [4], 6, True),
        (10, [4], 7, False),
        (10, [4, 5], 1, True),
        (10, [4, 5], 2, False),
    ],
)
def test_what_may_be_set_aside(left, aside, amount, may) -> None:
    """While money is left one answer may be under way; a further one where all of them fit into what is left."""
    account: SetAside[int] = SetAside()
    for number, other in enumerate(aside):
        assert account.reserve(str(number), other, 1000)
    assert account.reserve("new", amount, left) is may
    assert len(account) == len(aside) + may


def test_what_is_freed_may_be_set_aside_again() -> None:
    """An answer that is done, or does not come, makes room for another."""
    budget = SessionBudget(Decimal(1))
    verdicts: list[bool] = []
    budget.reserve("1", Decimal(5), verdicts.append)
    budget.reserve("2", Decimal(5), verdicts.append)
    budget.spend(Decimal("0.5"), "1")
    budget.reserve("3", Decimal(5), verdicts.append)
    assert verdicts == [True, False, True]


def reserving(*budgets: Budget) -> tuple[Account, list[bool]]:
    """An account of these budgets, and the verdict on a dollar to be set aside in all of them."""
    account = Account(Bill(PRICES, "a", Costs()), budgets, lambda spent_usd: None)
    verdicts: list[bool] = []
    assert account.reserve(Decimal(1), verdicts.append) == "1"
    return account, verdicts


def test_money_is_set_aside_in_all_budgets_or_in_none() -> None:
    """Where one of several budgets refuses, the others are freed, and those behind it are not asked."""
    first, second, third = SlowBudget(), SlowBudget(), SlowBudget()
    _, verdicts = reserving(first, second, third)
    first.verdicts[0](True)
    assert verdicts == []
    second.verdicts[0](False)
    assert verdicts == [False]
    assert (first.freed, second.freed, third.verdicts) == (["1"], [], [])


def test_money_may_be_set_aside_when_all_have_agreed() -> None:
    """A budget that takes its time is waited for."""
    slow = SlowBudget()
    _, verdicts = reserving(SessionBudget(Decimal(1)), slow)
    assert verdicts == []
    slow.verdicts[0](True)
    assert verdicts == [True]


def test_without_budgets_everything_may_be_set_aside() -> None:
    """A session that nobody limits asks for as much as it likes."""
    assert reserving()[1] == [True]


def test_what_is_kept_is_no_answer() -> None:
    """What cannot be refused any more leaves less for answers, and does not count as one of them."""
    budget = SessionBudget(Decimal(1))
    verdicts: list[bool] = []
    budget.keep("t1", Decimal("0.4"))
    budget.reserve("1", Decimal(5), verdicts.append)
    budget.spend(Decimal(0), "1")
    budget.keep("t2", Decimal("0.6"))
    budget.reserve("2", Decimal(5), verdicts.append)
    budget.spend(Decimal(0), "t1")
    budget.reserve("3", Decimal("0.1"), verdicts.append)
    assert verdicts == [True, False, True]


def test_money_is_kept_in_all_budgets() -> None:
    """Nobody is asked."""
    first, second = SlowBudget(), SlowBudget()
    account = Account(Bill(PRICES, "a", Costs()), [first, second], lambda spent_usd: None)
    assert account.keep(Decimal(1)) == "1"
    assert first.kept == second.kept == [Decimal(1)]
