"""The orders of one session that are under way, and whom their results are for.

This is the one place where a result is dropped: that of an order which was voided, or is over already.
"""

from collections.abc import Callable
from typing import TypeAlias

from relay.cascade.orders import LAST, Cancel, HearMore, Order, Result

Taker: TypeAlias = Callable[[Result], None]


class OrderBook:
    """Numbers orders, and hands their results on.

    Attributes:
        dropped: how many results came for nobody.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._number = 0
        self._takers: dict[int, Taker] = {}
        self._going_out: list[Order] = []

    def give(self, make: Callable[[int], Order], taker: Taker) -> int:
        """Order something; `taker` gets its results until the last, or until it is voided. Returns its number."""
        self._number += 1
        self._takers[self._number] = taker
        self._going_out.append(make(self._number))
        return self._number

    def add(self, order: Order) -> None:
        """More for an order that is under way; nothing if it is over or void."""
        if order.number in self._takers:
            self._going_out.append(order)

    def void(self, number: int) -> bool:
        """Nobody wants the results of this order any more; returns whether it was under way."""
        if self._takers.pop(number, None) is None:
            return False
        self._going_out.append(Cancel(number))
        return True

    def void_all(self) -> None:
        """Nobody wants any result any more."""
        for number in list(self._takers):
            self.void(number)

    def take(self, result: Result) -> bool:
        """Hand a result to whom it is for; returns whether there was anybody."""
        taker = self._takers.get(result.number)
        if taker is None:
            self.dropped += 1
            return False
        if isinstance(result, LAST):
            del self._takers[result.number]
        taker(result)
        return True

    def is_open(self, number: int) -> bool:
        """Whether results of this order are still awaited."""
        return number in self._takers

    def orders(self) -> list[Order]:
        """The orders since this was last asked, oldest first; one that was voided meanwhile is left out."""
        given, self._going_out = self._going_out, []
        begun = {order.number for order in given if not isinstance(order, Cancel)}
        void = {order.number for order in given if isinstance(order, Cancel)}
        unborn = {number for number in begun & void if not _is_more(given, number)}
        return [order for order in given if order.number not in unborn]


def _is_more(orders: list[Order], number: int) -> bool:
    """Whether the first of these for the number only adds to an order that went out before."""
    first = next(order for order in orders if order.number == number)
    return isinstance(first, HearMore)
