"""What was said in sessions that their peers came back to too late, kept for a while to be said in new ones.

It is text alone, in the process' memory, for the peer that the session was: the same subject, from the same origin.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from relay.admission.session_request import AdmittedRequest
from relay.config.kinds import Kind
from relay.core.remembered import Remembered

KEPT_S = 600.0
"""How long after its session it is kept."""

MOST_BYTES = 16 * 1024 * 1024
"""So much is kept of all sessions; of more the oldest goes."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a session is."""

    kind: Kind
    subject: str | None
    origin: str | None

    @classmethod
    def of(cls, request: AdmittedRequest) -> "Owner":
        """Who requests this."""
        return cls(request.endpoint_kind, request.identity.subject, request.origin)


@dataclass(frozen=True, slots=True)
class _Kept:
    owner: Owner
    items: tuple[Remembered, ...]
    until: float
    octets: int


class Recollections:
    """The conversations of sessions that are over, by the tokens with which their peers could have come back."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._by_token: dict[str, _Kept] = {}
        self._octets = 0
        self._most_bytes = most_bytes

    def keep(self, tokens: Sequence[str], owner: Owner, items: Sequence[Remembered], now: float) -> None:
        """Keep these items for whoever comes with one of the tokens."""
        octets = sum(item.size_bytes for item in items)
        for token in tokens if items else ():
            self._by_token[token] = _Kept(owner, tuple(items), now + KEPT_S, octets)
            self._octets += octets
        self._forget(now)

    def has(self, token: str, owner: Owner | None, now: float) -> bool:
        """Whether there is something for this token and this owner, or anybody."""
        self._forget(now)
        kept = self._by_token.get(token)
        return kept is not None and owner in {None, kept.owner}

    def take(self, token: str, owner: Owner, now: float) -> tuple[Remembered, ...]:
        """What is kept for this token, once; nothing for somebody else."""
        self._forget(now)
        kept = self._by_token.get(token)
        if kept is None or kept.owner != owner:
            return ()
        self._drop(token)
        return kept.items

    def _forget(self, now: float) -> None:
        while self._by_token:
            oldest, kept = next(iter(self._by_token.items()))
            if kept.until > now and self._octets <= self._most_bytes:
                return
            self._drop(oldest)

    def _drop(self, token: str) -> None:
        self._octets -= self._by_token.pop(token).octets
