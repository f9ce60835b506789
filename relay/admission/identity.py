"""Who a peer is, and what its credential lets it do."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

LIMITS = frozenset({"session_minutes", "cost_usd"})
"""What a credential can bound for its sessions: how long one may last, and what one may cost."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Identity:
    """What the admission has learnt about a peer.

    Attributes:
        subject: whose sessions these are; None where nobody had to say, on an open relay.
        profile: the only profile that the peer may use; None for any.
        limits: figures by their name in `LIMITS`; each is a bound below the relay's own.
        session: what its ticket brings for the session, merged over the profile's; its `model` is dialled.
        speaks_for_others: whether the credential names nobody, so that the peer says for whom it acts.
        is_ticket: whether it came with a ticket, which opens sessions, and shows what is kept of them.
        conversation: the only kept conversation that it may open and see; None for any of its subject's.
        expires_at: the Unix time, in seconds, up to which it may make tickets for; None for any.
    """

    subject: str | None = None
    profile: str | None = None
    limits: Mapping[str, float] = field(default_factory=lambda: _NOTHING)
    session: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    speaks_for_others: bool = False
    is_ticket: bool = False
    conversation: str | None = None
    expires_at: float | None = field(default=None, compare=False)

    @property
    def is_named(self) -> bool:
        """Whether its credential names a subject, so that one person's sessions can be told from another's."""
        return self.subject is not None and not self.speaks_for_others

    @property
    def subject_hash(self) -> str | None:
        """The subject as the upstream and the log may know it: its SHA-256 in 64 hexadecimal digits."""
        return None if self.subject is None else hashlib.sha256(self.subject.encode()).hexdigest()


ANYBODY = Identity(speaks_for_others=True)
"""Who a peer is where nobody is asked."""


def read_limits(given: Any) -> Mapping[str, float]:
    """Limits that a credential brings, checked.

    Raises:
        ValueError: names the one that is unknown or no positive number.
    """
    if not isinstance(given, dict):
        raise ValueError("limits: must be an object")  # noqa: TRY004 - one kind of complaint for one place
    for name, figure in given.items():
        if name not in LIMITS:
            raise ValueError(f"limits.{name}: there is no such limit; known are {', '.join(sorted(LIMITS))}")
        if isinstance(figure, bool) or not isinstance(figure, int | float) or not 0 < figure < float("inf"):
            raise ValueError(f"limits.{name}: must be a number above 0")
    return given
