"""What one session may take: time, silence, messages, bytes.

All is checked once a second from what the session counts anyhow, so a limit costs a message nothing.
"""

from dataclasses import dataclass
from decimal import Decimal

from relay.core.closing import Cause, ended
from relay.core.events import Event
from relay.core.interceptor import Interceptor
from relay.core.session import Session
from relay.core.turn_state import TurnState

TURN_MAY_TAKE_S = 60.0
"""How long a session may outlast its time to finish a turn."""

KEEPALIVE_EVENTS = frozenset({"ping", "session.usage.updated"})
"""What xAI and Live sessions send again and again: no sign that something happens in them."""

BURST_S = 10.0
"""How many seconds' worth of messages and bytes may come at once, and how long a peer is at most held up for more."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one session may take.

    Attributes:
        session_minutes: how long it may last; its last turn may end.
        idle_minutes: how long the upstream may have nothing to say.
        messages_per_s, bytes_per_s: from the peer, over `BURST_S`; a peer that sends more is read more slowly.
        cost_usd: see `Meter`.
    """

    session_minutes: float = 65
    idle_minutes: float = 15
    messages_per_s: float = 500
    bytes_per_s: float = 4_000_000
    cost_usd: Decimal = Decimal(50)


DEFAULT_LIMITS = Limits()


class Allowance:
    """A token bucket."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._left = per_s * BURST_S

    def take(self, amount: float, seconds: float) -> bool:
        """Take what was used in these seconds; returns whether it was there."""
        most = self._per_s * BURST_S
        self._left = max(-most, min(most, self._left + self._per_s * seconds) - amount)
        return self._left >= 0


class Bounds(Interceptor):
    """Keeps a session within its limits."""

    down = KEEPALIVE_EVENTS

    def __init__(self, limits: Limits, turn_state: TurnState) -> None:
        self._limits = limits
        self._turn_state = turn_state
        self._messages = Allowance(limits.messages_per_s)
        self._octets = Allowance(limits.bytes_per_s)
        self._seen = (0, 0)
        self._heard = 0
        self._keepalives = 0
        self._heard_at = self._opened_at = self._ticked_at = 0.0
        self._session: Session

    def opened(self, session: Session, now: float) -> None:
        self._session = session
        self._heard_at = self._opened_at = self._ticked_at = now

    def on_down(self, event: Event, now: float) -> Event | None:
        self._keepalives += 1
        return event

    def tick(self, now: float) -> None:
        self._check_rates(now)
        self._check_silence(now)
        overtime = now - self._opened_at - self._limits.session_minutes * 60
        if overtime > 0 and (self._turn_state.is_between_turns(now) or overtime > TURN_MAY_TAKE_S):
            self._session.end(ended(Cause.TIME_OVER), now)

    def _check_rates(self, now: float) -> None:
        seconds, self._ticked_at = now - self._ticked_at, now
        flow = self._session.up
        (messages, octets), self._seen = self._seen, (flow.events, flow.octets)
        fits = [
            self._messages.take(flow.events - messages, seconds),
            self._octets.take(flow.octets - octets, seconds),
        ]
        self._session.hold_up(not all(fits))

    def _check_silence(self, now: float) -> None:
        heard = self._session.down.events - self._keepalives
        if self._heard != heard:
            self._heard, self._heard_at = heard, now
        elif now - self._heard_at > self._limits.idle_minutes * 60 and self._turn_state.is_between_turns(now):
            self._session.end(ended(Cause.IDLE), now)
