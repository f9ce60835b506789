"""Metering of sessions with responses: what they cost, and their end when that is more than they may.

Cost is known when the API says so: with `response.done`, and with the transcript of the input. Until then it is set
aside (`relay.core.budget`): a request for an answer that could not be paid for is refused, and so is a turn of speech
that the upstream would answer by itself (`relay.core.heard`). An answer that it begins all the same is cancelled where
a request for it would have been refused; the session of an upstream that does not heed that ends.

When a budget is spent, nothing that could be a request goes up any more, what is being said is said to its end, and
then the session ends; and after `SPENT_MAY_TAKE_S` in any case.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from relay.core.answers import Answer, Answers
from relay.core.bill import Bill
from relay.core.budget import Account, Budget
from relay.core.causes import Cause
from relay.core.closing import ended
from relay.core.events import BINARY, MALFORMED, Event
from relay.core.harmless import is_harmless, may_ask_for_an_answer
from relay.core.heard import HEARD, TRANSCRIBED, Heard
from relay.core.interceptor import EVERY, Interceptor
from relay.core.payers import Place
from relay.core.prices import Prices
from relay.core.session import Session
from relay.core.tally import Costs
from relay.core.usage import ZERO

RESPONSE_CREATE = "response.create"
RESPONSE_CREATED = "response.created"
RESPONSE_DONE = "response.done"
RESPONSE_CANCEL = "response.cancel"
ERROR = "error"
SESSION_EVENTS = frozenset({"session.created", "session.updated"})
READ_BY_THE_NEXT_ANSWER = frozenset({"conversation.item.create", "session.update"})

SPENT_MAY_TAKE_S = 30.0
"""How long a session may outlast its budget for what is being said: answers are made faster than they are heard."""


UNREADABLE = "unreadable"
"""Stands for the usage of a response that no reader can read: it was not free."""


class Meter(Interceptor):
    """Sums what the session costs, tells the peer that asked, and ends the session when a budget is empty.

    Args:
        prices: by model.
        model: what the session was dialled for, until the upstream says what it is.
        budgets: each of them pays for all of it.
        costs: where the process counts.
        on_warning: is called once, when most of a budget is spent.
        place: among the sessions that see the same call.
    """

    up = frozenset({RESPONSE_CREATE, BINARY, MALFORMED, *READ_BY_THE_NEXT_ANSWER})
    down = frozenset({RESPONSE_CREATED, RESPONSE_DONE, ERROR, TRANSCRIBED, *HEARD, *SESSION_EVENTS})

    def __init__(
        self,
        prices: Prices,
        model: str | None,
        budgets: Sequence[Budget],
        costs: Costs,
        on_warning: Callable[[Decimal], None] = lambda spent_usd: None,
        place: Place | None = None,
    ) -> None:
        self._place = place or Place()
        self._bill = Bill(prices, model, costs)
        self._account = Account(self._bill, budgets, on_warning)
        self._costs = costs
        self._answers = Answers()
        self._heard = Heard(self._bill, self._account, self._answers)
        self._unread_chars = 0
        self._spent_at: float | None = None
        self._cancelling: set[str] = set()
        self._session: Session

    @property
    def spent_usd(self) -> Decimal:
        """So far."""
        return self._bill.spent_usd

    def opened(self, session: Session, now: float) -> None:
        self._session = session

    def on_up(self, event: Event, now: float) -> Event | None:
        if not self._place.pays:
            return event
        if event.type in READ_BY_THE_NEXT_ANSWER:
            self._unread_chars += len(event.data)
            return event
        return self._ask(event, now) if may_ask_for_an_answer(event) else event

    def on_down(self, event: Event, now: float) -> Event | None:
        if event.type in SESSION_EVENTS:
            self._bill.learn(event.body.get("session"))
            self._heard.learn(event.body.get("session"))
        elif not self._place.pays:
            return event
        elif event.type == RESPONSE_CREATED:
            self._begun(_id_of(event), now)
        elif event.type == RESPONSE_DONE:
            self._done(event)
        elif event.type == ERROR:
            return self._refused(event)
        elif event.type in HEARD:
            self._heard.on_down(event, self._session, now, self._unread_chars)
        else:
            self._pay(self._bill.transcribed(event.body.get("usage")), self._heard.transcribed(event))
        return event

    def tick(self, now: float) -> None:
        self._account.tick(now)
        for answer in self._answers.expired(now):
            self._account.pay(ZERO, answer.name)
        self._heard.tick(now)
        if self._answers.is_unheeded(now):
            self._session.end(ended(Cause.BUDGET_SPENT), now)
        elif self._account.is_spent:
            self._while_spent(now)

    def closed(self, ended: Any, now: float) -> None:
        """What is being said costs something, too, though nobody will say how much."""
        self._heard.close()
        self._costs.unbilled += self._answers.running
        for answer in self._answers.all():
            heard = self._session.down.octets - answer.heard_from
            partly = min(answer.usd, self._bill.partly_usd(heard)) if answer.has_begun else ZERO
            self._account.pay(partly, answer.name)

    # A request, and what becomes of it.

    def _ask(self, event: Event, now: float) -> Event | None:
        """Set money aside for the answer. Where that takes its time, the peer is read no further until it is known."""
        self._heard.give_up_turn()
        self._unread_chars += len(event.data)
        usd = self._bill.likely_usd(event.body.get("response"), self._unread_chars)
        answer = Answer(usd, now, event.body.get("event_id"))
        self._answers.add(answer)
        answer.name = self._account.reserve(usd, partial(self._told, answer, event, now))
        if answer.may is not None:
            return self._judged(answer, event, now)
        answer.is_held = True
        self._session.hold_up(True, by=answer)
        return None

    def _told(self, answer: Answer, event: Event, now: float, may: bool) -> None:
        """What the budgets say of a request, at once or after it was held."""
        answer.may = may
        if not answer.is_held:
            return
        answer.is_held = False
        if self._session.ended is not None:
            self._account.pay(ZERO, answer.name)
        elif self._judged(answer, event, now) is not None:
            self._session.forward_up(event, now, self.on_up)
        self._session.hold_up(False, by=answer)

    def _judged(self, answer: Answer, event: Event, now: float) -> Event | None:
        if answer.may:
            return event
        self._answers.drop(answer)
        self._refuse(event, now)
        return None

    def _begun(self, response_id: Any, now: float) -> None:
        answer, is_the_upstreams_own = self._answers.begun(response_id, now)
        if answer is None:
            return
        answer.heard_from = self._session.down.octets
        if is_the_upstreams_own:
            self._heard.give_up_turn()
            answer.usd = self._bill.likely_usd(None, self._unread_chars)
            answer.name = self._account.reserve(answer.usd, partial(self._told_of_its_own, answer, now))
            answer.is_held = answer.may is None

    def _told_of_its_own(self, answer: Answer, now: float, may: bool) -> None:
        """What the budgets say of an answer that nobody asked for, which may be over by now."""
        answer.may = may
        if answer not in self._answers.all():
            self._account.pay(ZERO, answer.name)
        elif not may and answer.is_held:
            self._cancel(answer, now)
        elif not may:
            self._session.afterwards(partial(self._cancel, answer))
        answer.is_held = False

    def _cancel(self, answer: Answer, now: float) -> None:
        answer.cancelled_at = now
        event_id = self._session.own_event_id()
        self._cancelling.add(event_id)
        named = {} if answer.response_id is None else {"response_id": answer.response_id}
        self._session.send_up({"type": RESPONSE_CANCEL, "event_id": event_id, **named}, now)
        self._refuse(Event("", RESPONSE_CREATED, {}), now)

    def _done(self, event: Event) -> None:
        answer = self._answers.done(_id_of(event))
        self._unread_chars = 0
        done = event.body or {"usage": UNREADABLE}
        usd = self._bill.responded(done)
        self._bill.bounds_hold &= answer is None or usd <= answer.usd
        self._pay(usd, None if answer is None else answer.name)

    def _refused(self, event: Event) -> Event | None:
        """An error of the upstream's: of a request, or of a cancelling of ours that came too late."""
        error = event.body.get("error")
        event_id = error.get("event_id") if isinstance(error, dict) else None
        if isinstance(event_id, str) and event_id in self._cancelling:
            return None
        if (answer := self._answers.refused(event_id)) is not None:
            self._account.pay(ZERO, answer.name)
        return event

    # A budget that is spent.

    def _pay(self, usd: Decimal, name: str | None = None) -> None:
        self._account.pay(usd, name)
        self._session.afterwards(self._settle)

    def _settle(self, now: float) -> None:
        self._account.settle(self._session, now, may_end=self._answers.running == 0)
        if self._account.is_spent:
            self._while_spent(now)

    def _while_spent(self, now: float) -> None:
        """Let nothing up that could cost more, and end the session when nothing is said any more, or time is over."""
        if self._spent_at is None:
            self._spent_at = now
            self._session.up.hook({EVERY}, self._harmless_alone)
        if self._answers.running == 0 or now - self._spent_at > SPENT_MAY_TAKE_S:
            self._session.end(ended(Cause.BUDGET_SPENT), now)

    def _harmless_alone(self, event: Event, now: float) -> Event | None:
        if is_harmless(event):
            return event
        self._refuse(event, now)
        return None

    def _refuse(self, event: Event, now: float) -> None:
        why = "The budget is spent." if self._account.is_spent else "What is left does not pay for one more answer now."
        self._session.refuse_event(event, Cause.BUDGET_SPENT.value, why, now)


def _id_of(event: Event) -> Any:
    response = event.body.get("response")
    return response.get("id") if isinstance(response, dict) else None
