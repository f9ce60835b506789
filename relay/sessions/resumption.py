"""Peers that come back: which token stands for which session, and what each side is told.

A token is good for whoever it was given to: the same subject, from the same origin. It stands for its session until the
peer has shown that it has the next one: the answer to a return may be lost as well as anything else.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic

import structlog

from relay.admission.resume_offer import ResumeOffer
from relay.admission.session_request import AdmittedRequest
from relay.config.kinds import REALTIME
from relay.core.remembered import Remembered, latest
from relay.core.unconfirmed import Return
from relay.legs.choice import PeerLeg
from relay.legs.resumable import ResumableLeg
from relay.sessions.recollections import Owner, Recollections
from relay.telemetry.fellow_workers import Connect, FellowWorkers
from relay.telemetry.metrics import Metrics
from relay.upstreams.query import session_kind

GRACE_S = 30.0
"""As long as a tunnel, or a walk from one network to another, takes."""

BILLS_SILENCE = frozenset({"xai"})
"""Upstreams that bill the time of a connection, whatever is said in it."""

TOKEN_BYTES = 24

KNOWS = "resume"
"""What workers ask each other: whether a token's session is theirs."""

_log = structlog.stdlib.get_logger("relay")


class Resumptions:
    """The sessions of this process whose peers may come back.

    Args:
        upstream: as the settings name it.
        may_wait: whether a peer that is away now is waited for; not by a process that has to go.
        fellows: the other workers, who are asked for the sessions that are not here.
    """

    def __init__(
        self, metrics: Metrics, upstream: str, may_wait: Callable[[], bool], fellows: FellowWorkers | None = None
    ) -> None:
        self._metrics = metrics
        self._upstream = upstream
        self._may_wait = may_wait
        self._fellows = fellows or FellowWorkers()
        self._fellows.answers[KNOWS] = lambda token: b"yes" if self._knows(token) else b""
        self._recollections = Recollections()
        self._by_token: dict[str, Resumption] = {}
        self._away: dict[Resumption, None] = {}

    def grace_s(self, request: AdmittedRequest) -> float:
        """For how long this peer may be away without losing its session; 0 where it did not ask, or may not."""
        if not request.is_resumable:
            return 0.0
        if request.profile.grace_s is not None:
            return request.profile.grace_s
        return GRACE_S if session_kind(request) is REALTIME and self._upstream not in BILLS_SILENCE else 0.0

    def begin(
        self, request: AdmittedRequest, leg: PeerLeg, grace_s: float, session_id: str, heard: int
    ) -> "Resumption":
        """Put a leg before a peer's first connection to which it can come back for as long as that leg runs.

        Args:
            heard: how many messages the peer has said already.
        """
        resumable = ResumableLeg(leg, grace_s, heard)
        resumable.tells = resumption = Resumption(self, request, resumable, grace_s, session_id)
        return resumption

    def find(self, request: AdmittedRequest, offer: ResumeOffer) -> "Resumption | Return":
        """The session that the peer may go on with, or why there is none.

        Somebody else learns no more than that there is none.
        """
        resumption = self._by_token.get(offer.token)
        if resumption is None or not resumption.is_for(request):
            is_over = self._recollections.has(offer.token, Owner.of(request), monotonic())
            return Return.OVER if is_over else Return.UNKNOWN
        if not resumption.has_all_after(offer.received):
            resumption.abandon()
            return Return.MISSED
        return resumption

    def recall(self, request: AdmittedRequest, offer: ResumeOffer) -> tuple[Remembered, ...]:
        """What was said in a session that this peer cannot go on with, for the new one that it has."""
        return self._recollections.take(offer.token, Owner.of(request), monotonic())

    async def elsewhere(self, offer: ResumeOffer) -> Connect | None:
        """What opens connections to the worker that has the session; None where none has."""
        if self._knows(offer.token):
            return None
        knowing = next(iter(await self._fellows.ask(KNOWS, offer.token)), None)
        if knowing is None:
            return None
        _log.info("peer.handed_over", to_worker=int(knowing))
        return partial(self._fellows.connect, knowing)

    def count(self, outcome: Return) -> None:
        """Count somebody's coming back, and say why it was in vain."""
        self._metrics.count_return(outcome)
        if outcome is not Return.RECOVERED:
            _log.info("peer.not_recovered", reason=outcome.value)

    def give_up_all(self) -> None:
        """Wait for nobody any more."""
        for resumption in list(self._away):
            resumption.give_up()

    # What the sessions say.

    def know(self, token: str, resumption: "Resumption") -> None:
        self._by_token[token] = resumption

    def forget(self, token: str) -> None:
        self._by_token.pop(token, None)

    def note_away(self, resumption: "Resumption", *, is_away: bool) -> None:
        if is_away:
            self._away[resumption] = None
        else:
            self._away.pop(resumption, None)
        self._metrics.peers_awaited.set(len(self._away))

    def may_wait(self) -> bool:
        return self._may_wait()

    def recollect(self, tokens: Sequence[str], owner: Owner, items: Sequence[Remembered]) -> None:
        self._recollections.keep(tokens, owner, latest(items), monotonic())

    def _knows(self, token: str) -> bool:
        return token in self._by_token or self._recollections.has(token, None, monotonic())


class Resumption:
    """How the peer of one session comes back.

    Attributes:
        leg: the peer's, over all its connections.
        items: what was said in the session, as far as somebody remembers it.
    """

    def __init__(
        self, all_: Resumptions, request: AdmittedRequest, leg: ResumableLeg, grace_s: float, session_id: str
    ) -> None:
        self._all = all_
        self.leg = leg
        self.items: Callable[[], Sequence[Remembered]] = tuple
        self._owner = Owner.of(request)
        self._grace_s = grace_s
        self._session_id = session_id
        self._events_said = 0
        self._tokens: list[str] = []
        self._lost_at: float | None = None
        self._log = _log.bind(**structlog.contextvars.get_contextvars())

    def is_for(self, request: AdmittedRequest) -> bool:
        """Whether the session is this peer's, and can still be had."""
        return not self.leg.is_over and Owner.of(request) == self._owner

    def has_all_after(self, received: int) -> bool:
        """Whether a peer that has so many messages can be sent all others."""
        return self.leg.sent.has_all_after(received)

    async def go_on(self, leg: PeerLeg, offer: ResumeOffer) -> None:
        """Go on over this connection, until it ends."""
        now, away_since, sent = monotonic(), self._lost_at, self.leg.sent.sent
        self._lost_at = None
        self._all.note_away(self, is_away=False)
        over = self.leg.connect(leg)
        for token in self._tokens:
            if token != offer.token:
                self._all.forget(token)
        self._tokens = [offer.token]
        self._offer(now)
        told = {"recovered": True, "from": offer.received, "received": self.leg.heard}
        self.leg.tell({"type": "relay.resumed", "event_id": self._event_id(), **told}, now)
        self.leg.send_again(offer.received, now)
        self._all.count(Return.RECOVERED)
        away_s = 0.0 if away_since is None else round(now - away_since, 3)
        self._log.info("peer.returned", away_s=away_s, sent_again=sent - offer.received)
        await asyncio.wait({over})

    def left_at(self) -> float | None:
        """When the connection was lost, if the peer has been away since."""
        return self._lost_at

    def give_up(self) -> None:
        """Wait no longer, if the peer is away."""
        self.leg.give_up()

    def abandon(self) -> None:
        """End the session, which its peer cannot go on with."""
        self._recollect()
        self.items = tuple
        self.leg.abandon()

    # What the leg says.

    def began(self, now: float) -> None:
        self._offer(now)

    def waits(self) -> bool:
        return self._all.may_wait()

    def lost(self) -> None:
        self._lost_at = monotonic()
        self._all.note_away(self, is_away=True)
        self._log.info("peer.awaited", grace_s=self._grace_s)

    def arrived(self) -> None:
        """The peer has what it needs to come back again: what it came with is used up."""
        while len(self._tokens) > 1:
            self._all.forget(self._tokens.pop(0))

    def over(self) -> None:
        self._all.note_away(self, is_away=False)
        if self._lost_at is not None:
            self._recollect()
        self.items = tuple
        for token in self._tokens:
            self._all.forget(token)

    def _recollect(self) -> None:
        """Have what was said kept, for a peer that comes and cannot go on."""
        self._all.recollect(self._tokens, self._owner, self.items())

    def _offer(self, now: float) -> None:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._tokens.append(token)
        self._all.know(token, self)
        told = {"token": token, "grace_s": self._grace_s}
        self.leg.tell({"type": "relay.resumable", "event_id": self._event_id(), **told}, now)

    def _event_id(self) -> str:
        self._events_said += 1
        return f"relay_{self._session_id}_resume_{self._events_said}"
