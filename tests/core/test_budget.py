import json
from decimal import Decimal

from relay.core.bill import Bill
from relay.core.budget import Account, SessionBudget
from relay.core.prices import Price, Prices
from relay.core.session import Session
from relay.core.tally import Costs
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
