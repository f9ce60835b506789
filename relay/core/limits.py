"""What one session may take: time, silence, messages, bytes, frames.

Once a second it is looked at what the session counts anyhow, and said up to which count the peer is read on. So a
message costs two comparisons, and a peer that sends everything at once is stopped at the very message.
"""

from dataclasses import dataclass
from decimal import Decimal

from relay.core.causes import Cause
from relay.core.closing import ended
from relay.core.events import Event
from relay.core.interceptor import Interceptor
from relay.core.session import Session
from relay.core.turn_state import TurnState

TURN_MAY_TAKE_S = 60.0
"""How long a session may outlast its time to finish a turn."""

KEEPALIVE_EVENTS = frozenset({"ping", "session.usage.updated"})
"""What xAI and Live sessions send again and again: no sign that something happens in them."""

WINDOW_S = 10.0
"""Over how many seconds a rate is bounded: so many seconds' worth may come at once, and then no more in that time."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one session may take.

    Attributes:
        session_minutes: how long it may last; its last turn may end.
        idle_minutes: how long the upstream may have nothing to say.
        messages_per_s, bytes_per_s: from the peer, in any `WINDOW_S`; a peer that sends more is read more slowly.
        frames_per_s: pings, pongs and fragments from the peer, in any `WINDOW_S`; one that sends more is closed.
        cost_usd: see `Meter`.
    """

    session_minutes: float = 65
    idle_minutes: float = 15
    messages_per_s: float = 500
    bytes_per_s: float = 4_000_000
    frames_per_s: float = 2_000
    cost_usd: Decimal = Decimal(50)


DEFAULT_LIMITS = Limits()


class Allowance:
    """Bounds a rate over any `WINDOW_S`, as a total that may be reached before the time is told again.

    What went beyond it, as the last message may, is still owed: it counts for the windows that follow until it has been
    waited for. An allowance looks at the time where it is told it, so its window is up to one such step longer.

    Attributes:
        up_to: the total that may be reached.

    Args:
        per_s: how much there may be in a second, on the average of a window.
        now: since when it counts, from a total of 0.
    """

    def __init__(self, per_s: float, now: float) -> None:
        self._most = per_s * WINDOW_S
        self._granted = [(now, 0.0)]  # a deque takes 600 bytes for the first
        self.up_to = self._most

    def tick(self, total: float, now: float) -> None:
        """Note the total so far; what came before the window is no longer counted."""
        granted, total = self._granted, min(total, self.up_to)
        if total != granted[-1][1]:
            granted.append((now, total))
        while len(granted) > 1 and granted[1][0] <= now - WINDOW_S:
            del granted[0]
        self.up_to = granted[0][1] + self._most


class Bounds(Interceptor):
    """Keeps a session within its limits."""

    down = KEEPALIVE_EVENTS

    def __init__(self, limits: Limits, turn_state: TurnState) -> None:
        self._limits = limits
        self._turn_state = turn_state
        self._heard = 0
        self._keepalives = 0
        self._heard_at = self._opened_at = 0.0
        self._messages: Allowance
        self._octets: Allowance
        self._frames: list[tuple[float, int]]
        self._session: Session

    def opened(self, session: Session, now: float) -> None:
        self._session = session
        self._heard_at = self._opened_at = now
        self._messages = Allowance(self._limits.messages_per_s, now)
        self._octets = Allowance(self._limits.bytes_per_s, now)
        self._frames = [(now, session.up.source.extra_frames)]
        self._read_on()

    def on_down(self, event: Event, now: float) -> Event | None:
        self._keepalives += 1
        return event

    def tick(self, now: float) -> None:
        self._check_rates(now)
        self._check_frames(now)
        self._check_silence(now)
        overtime = now - self._opened_at - self._limits.session_minutes * 60
        if overtime > 0 and (self._turn_state.is_between_turns(now) or overtime > TURN_MAY_TAKE_S):
            self._session.end(ended(Cause.TIME_OVER), now)

    def _check_rates(self, now: float) -> None:
        flow = self._session.up
        self._messages.tick(flow.events, now)
        self._octets.tick(flow.octets, now)
        self._read_on()

    def _check_frames(self, now: float) -> None:
        frames = self._session.up.source.extra_frames
        if frames == self._frames[0][1] and len(self._frames) == 1:
            self._frames[0] = now, frames
            return
        self._frames.append((now, frames))
        while self._frames[0][0] < now - WINDOW_S:
            del self._frames[0]
        if frames - self._frames[0][1] > self._limits.frames_per_s * WINDOW_S:
            self._session.end(ended(Cause.TOO_MANY_FRAMES), now)

    def _read_on(self) -> None:
        """Read the peer until it has sent what it may, be that now."""
        flow = self._session.up
        flow.let(self._messages.up_to, self._octets.up_to)
        self._session.hold_up(flow.spent)

    def _check_silence(self, now: float) -> None:
        heard = self._session.down.events - self._keepalives
        if self._heard != heard:
            self._heard, self._heard_at = heard, now
        elif now - self._heard_at > self._limits.idle_minutes * 60:
            self._session.end(ended(Cause.IDLE), now)
