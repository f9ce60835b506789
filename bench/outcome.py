"""What one load showed."""

from dataclasses import dataclass, field
from typing import Any

from bench.usage import Usage


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of one load on one contestant.

    Attributes:
        sessions: at one time.
        events_up, events_down: in the window that was measured, of all sessions together.
        window_s: its length.
        used: what the contestant used in it.
        at_start, at_end: what it had used before the first session, and at the end of the window, all sessions open.
        round_trip_us: percentiles; of sessions that come and go, how long one took to be opened and greeted.
        late_us: how late the generator sent, in percentiles; large figures mean that the generator was the limit.
        cycles: sessions that were opened and closed again within the window.
        overloaded: answers fell too far behind.
        faults: what must not happen, by name, with its count; empty when all is well.
    """

    sessions: int
    window_s: float
    used: Usage
    at_start: Usage
    at_end: Usage
    events_up: int = 0
    events_down: int = 0
    round_trip_us: dict[str, float] = field(default_factory=dict)
    late_us: dict[str, float] = field(default_factory=dict)
    cycles: int = 0
    overloaded: bool = False
    faults: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, known: dict[str, Any]) -> "Outcome":
        """An outcome from what `dataclasses.asdict` made of it."""
        usages = {name: Usage(**known[name]) for name in ("used", "at_start", "at_end")}
        return cls(**{**known, **usages})
