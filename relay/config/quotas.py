"""Quotas as they stand in the settings: how much all sessions, a subject's or a profile's may take together."""

from dataclasses import dataclass
from decimal import Decimal

SCOPES = ("process", "subject", "profile")

QuotaKey = tuple[str, str]
"""A scope, and the name of one that it counts for, such as a profile's."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What one scope may take; None for as much as it likes.

    Attributes:
        sessions: at one time, in this process.
        sessions_per_minute: new ones.
        usd_per_day: in 24 hours from the first that was spent.
    """

    sessions: int | None = None
    sessions_per_minute: int | None = None
    usd_per_day: Decimal | None = None
