"""Metering of sessions without responses: time, at the model's price for a minute.

There is no answer to wait for, so a session whose budget is spent ends at once.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from relay.core.bill import Bill
from relay.core.budget import Account, Budget
from relay.core.events import BINARY, MALFORMED, Event
from relay.core.interceptor import Interceptor
from relay.core.payers import Place
from relay.core.prices import Prices
from relay.core.session import Session
from relay.core.tally import Costs
from relay.core.usage import ZERO, read_number

PCM_BYTES_PER_S = 48_000
"""PCM16 at 24 kHz, which is all that a translation session takes."""

SETTLED_BYTES = PCM_BYTES_PER_S
"""How much audio is paid for at a time: microphones send many pieces a second."""

APPEND = "session.input_audio_buffer.append"
START = "session.start"
SESSION_EVENTS = frozenset({"session.created", "session.started", "session.updated"})
USAGE_EVENTS = frozenset({"session.usage.updated", "session.closed"})
DELEGATED = "response.event"
DELEGATED_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})


class TimeMeter(Interceptor):
    """Pays for time, tells the peer that asked, and ends the session when a budget is empty; see `Meter`."""

    down = SESSION_EVENTS

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
        self._session: Session

    @property
    def spent_usd(self) -> Decimal:
        """So far."""
        return self._bill.spent_usd

    def opened(self, session: Session, now: float) -> None:
        self._session = session

    def on_down(self, event: Event, now: float) -> Event | None:
        session = event.body.get("session")
        self._bill.learn(session)
        self._place.name(session.get("id") if isinstance(session, Mapping) else None)
        return event

    def tick(self, now: float) -> None:
        """Others may have spent what is shared."""
        self._account.tick(now)
        if self._account.is_spent:
            self._account.settle(self._session, now)

    def _pay(self, seconds: Decimal) -> None:
        self._account.pay(self._bill.lasted(seconds))
        self._session.afterwards(self._settle)

    def _settle(self, now: float) -> None:
        self._account.settle(self._session, now)


class AppendMeter(TimeMeter):
    """Pays for the audio that the peer appends; the API says nothing of what it used.

    What cannot be read here is paid for as if it were audio: an upstream may be able to read it.
    """

    up = frozenset({APPEND, BINARY, MALFORMED})

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._unpaid_bytes = 0

    def on_up(self, event: Event, now: float) -> Event | None:
        audio = event.body.get("audio") if event.body else event.data
        if isinstance(audio, str):
            self._unpaid_bytes += len(audio) // 4 * 3 - audio.count("=", -2)
        elif isinstance(audio, bytes):
            self._unpaid_bytes += len(audio)
        if self._unpaid_bytes >= SETTLED_BYTES:
            self._pay(self._take())
        return event

    def closed(self, ended: Any, now: float) -> None:
        self._account.pay(self._bill.lasted(self._take()))

    def _take(self) -> Decimal:
        unpaid, self._unpaid_bytes = self._unpaid_bytes, 0
        return Decimal(unpaid) / PCM_BYTES_PER_S


class UsageMeter(TimeMeter):
    """Pays for the time that the API says was used, which it says again and again, as a sum.

    A session that another connection has started is paid for from the first sum on, and not at all while that one is of
    this process. What is delegated is billed by the token, at prices that are not known here: those responses are
    counted as unbilled.
    """

    up = frozenset({START})
    down = frozenset({*SESSION_EVENTS, *USAGE_EVENTS, DELEGATED})

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._paid_s: Decimal | None = None
        self._started_at = 0.0

    def opened(self, session: Session, now: float) -> None:
        super().opened(session, now)
        self._started_at = now

    def on_up(self, event: Event, now: float) -> Event | None:
        if self._paid_s is None:
            self._paid_s = ZERO
            self._bill.learn(event.body.get("session"))
        return event

    def on_down(self, event: Event, now: float) -> Event | None:
        if event.type == DELEGATED:
            self._costs.unbilled += _has_ended(event.body.get("event"))
            return event
        super().on_down(event, now)
        if event.type in USAGE_EVENTS and isinstance(usage := event.body.get("usage"), Mapping):
            self._used(usage.get("seconds"), now)
        return event

    def _used(self, seconds: Any, now: float) -> None:
        """Pay for what is new; a sum that cannot be understood is all the time that has gone by."""
        used = read_number(seconds)
        if used is None and seconds is not None:
            used = max(self._paid_s or ZERO, Decimal(str(now - self._started_at)))
        if used is None:
            return
        paid = used if self._paid_s is None else self._paid_s
        self._paid_s = max(paid, used)
        if self._place.pays:
            self._pay(self._paid_s - paid)


def _has_ended(delegated: Any) -> bool:
    return isinstance(delegated, dict) and delegated.get("type") in DELEGATED_ENDS
