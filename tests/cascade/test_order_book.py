"""Orders under way, and what becomes of results that nobody wants."""

from relay.cascade.order_book import OrderBook
from relay.cascade.orders import Cancel, Hear, Heard, HeardDelta, HearMore, Result, StageUsage

USAGE = StageUsage("a-model")


def hear(number: int) -> Hear:
    return Hear(number, b"", is_whole=False)


def test_results_go_to_whom_they_are_for() -> None:
    """Each order has a number of its own, and its results go to whoever gave it, up to the last."""
    book, first, second = OrderBook(), list[Result](), list[Result]()
    book.give(hear, first.append)
    book.give(hear, second.append)
    assert [order.number for order in book.orders()] == [1, 2]
    assert book.take(HeardDelta(2, "Good"))
    assert book.take(Heard(2, "Good day.", USAGE))
    assert not book.take(HeardDelta(2, "!"))
    assert (first, len(second), book.dropped) == ([], 2, 1)


def test_a_voided_order() -> None:
    """Of a voided order nothing more is taken; the service is told once, and more for it is not sent."""
    book, taken = OrderBook(), list[Result]()
    number = book.give(hear, taken.append)
    book.orders()
    assert book.void(number)
    assert not book.void(number)
    book.add(HearMore(number, b"ab"))
    assert not book.take(Heard(number, "Too late.", USAGE))
    assert (book.orders(), taken, book.dropped) == ([Cancel(number)], [], 1)


def test_an_order_that_never_went_out() -> None:
    """An order that is voided before anybody carried it out is not sent, nor is its cancelling."""
    book = OrderBook()
    number = book.give(hear, lambda result: None)
    book.add(HearMore(number, b"ab"))
    kept = book.give(hear, lambda result: None)
    book.void(number)
    assert book.orders() == [hear(kept)]


def test_all_is_void_at_the_end() -> None:
    """At the end of a session every order under way is cancelled, and no other."""
    book = OrderBook()
    over, open_ = book.give(hear, lambda result: None), book.give(hear, lambda result: None)
    book.orders()
    book.take(Heard(over, "", USAGE))
    book.void_all()
    assert book.orders() == [Cancel(open_)]


def test_more_for_an_order_that_is_cancelled_afterwards() -> None:
    """Where the order went out before, what was added to it and its cancelling go out."""
    book = OrderBook()
    number = book.give(hear, lambda result: None)
    book.orders()
    book.add(HearMore(number, b"ab"))
    book.void(number)
    assert book.orders() == [HearMore(number, b"ab"), Cancel(number)]
