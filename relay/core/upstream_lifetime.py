"""When an upstream ends, by its own word, and what is to be done how long before."""

from dataclasses import dataclass
from typing import Any

DIAL_BEFORE_S = 300.0
SHORT_S = 900.0
"""In a session that is shorter the successor is dialled after two thirds of it."""

LATE_BEFORE_S, LAST_BEFORE_S = 20.0, 5.0
"""How long before the end no pause is waited for, and how long before it no answer."""


SHORTEST_S = 3.0
"""An upstream that says less has another clock, or is a recording: a successor would have to be dialled at once, and
its own one, too."""

NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Lifetime:
    """On the session's clock; never, where the upstream does not say when it ends.

    Attributes:
        dial_at: when its successor is dialled.
        late_at: from when no pause is waited for, and the end of an answer will do.
        last_at: from when an answer is cut.
    """

    dial_at: float = NEVER
    late_at: float = NEVER
    last_at: float = NEVER


def read_lifetime(session: Any, unix_offset: float, now: float) -> Lifetime:
    """Read it in a session object, which says `expires_at` in Unix seconds."""
    expires_at = session.get("expires_at") if isinstance(session, dict) else None
    if not isinstance(expires_at, int | float):
        return Lifetime()
    ends_at = expires_at - unix_offset
    lasts_s = ends_at - now
    if lasts_s < SHORTEST_S:
        return Lifetime()
    return Lifetime(
        ends_at - DIAL_BEFORE_S if lasts_s >= SHORT_S else now + lasts_s * 2 / 3,
        ends_at - min(LATE_BEFORE_S, lasts_s / 6),
        ends_at - min(LAST_BEFORE_S, lasts_s / 12),
    )
