"""Metering of sessions with responses: what they cost, and their end when that is more than they may.

Cost is known when the API says so: with `response.done`, and with the transcript of the input. A budget is therefore
overrun by one response at most. When it is spent, no further response is asked for, what is being said is said to its
end, and then the session ends.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from relay.core.bill import Bill
from relay.core.budget import Account, Budget
from relay.core.closing import Cause
from relay.core.events import Event
from relay.core.interceptor import Interceptor
from relay.core.prices import Prices
from relay.core.session import Session
from relay.core.tally import Costs

RESPONSE_CREATE = "response.create"
RESPONSE_CREATED = "response.created"
RESPONSE_DONE = "response.done"
TRANSCRIBED = "conversation.item.input_audio_transcription.completed"
SESSION_EVENTS = frozenset({"session.created", "session.updated"})


class Meter(Interceptor):
    """Sums what the session costs, tells the peer that asked, and ends the session when a budget is empty.

    Args:
        prices: by model.
        model: what the session was dialled for, until the upstream says what it is.
        budgets: each of them pays for all of it.
        costs: where the process counts.
        on_warning: is called once, when most of a budget is spent.
    """

    up = frozenset({RESPONSE_CREATE})
    down = frozenset({RESPONSE_CREATED, RESPONSE_DONE, TRANSCRIBED, *SESSION_EVENTS})

    def __init__(
        self,
        prices: Prices,
        model: str | None,
        budgets: Sequence[Budget],
        costs: Costs,
        on_warning: Callable[[Decimal], None] = lambda spent_usd: None,
    ) -> None:
        self._bill = Bill(prices, model, costs)
        self._account = Account(self._bill, budgets, on_warning)
        self._costs = costs
        self._running = 0
        self._session: Session

    @property
    def spent_usd(self) -> Decimal:
        """So far."""
        return self._bill.spent_usd

    def opened(self, session: Session, now: float) -> None:
        self._session = session

    def on_up(self, event: Event, now: float) -> Event | None:
        if self._account.share < 1:
            return event
        self._session.refuse_event(event, Cause.BUDGET_SPENT.value, "The session's budget is spent.", now)
        return None

    def on_down(self, event: Event, now: float) -> Event | None:
        if event.type == RESPONSE_CREATED:
            self._running += 1
        elif event.type == RESPONSE_DONE:
            self._running = max(0, self._running - 1)
            self._pay(self._bill.responded(event.body))
        elif event.type == TRANSCRIBED:
            self._pay(self._bill.transcribed(event.body.get("usage")))
        else:
            self._bill.learn(event.body.get("session"))
        return event

    def closed(self, ended: Any, now: float) -> None:
        self._costs.unbilled += self._running

    def _pay(self, usd: Decimal) -> None:
        self._account.pay(usd)
        self._session.afterwards(self._settle)

    def _settle(self, now: float) -> None:
        self._account.settle(self._session, now, may_end=self._running == 0)
