"""Who is at the peer's end of a session."""

from collections.abc import Sequence
from dataclasses import dataclass

from relay.admission.session_request import AdmittedRequest
from relay.core.budget import Budget
from relay.core.interceptor import Interceptor
from relay.core.payers import Place
from relay.core.remembered import Remembered
from relay.history.history import Conversation
from relay.sessions.resumption import Resumption
from relay.upstreams.query import dialled_model


@dataclass(frozen=True, slots=True)
class PeerInfo:
    """Who is at the peer's end of a session.

    Attributes:
        session_id: names the session.
        request: what was requested.
        budgets: what pays, besides the session's own.
        subprotocol: what it and the relay have agreed on.
        relay_events: whether it asked to be told `relay.…` events.
        model: what it talks to, where that is not in what is dialled.
        place: among the sessions that see the same call, where it has one already.
        interceptors: what its end needs of its own, before all that policies want.
        conversation: the one that is kept of its session; None where none is.
        recalled: what its session goes on with, where nothing of its conversation is kept.
        resumption: how it comes back; None where it cannot.
        dial_s: how long its upstream took to open; None where nobody waited for that.
    """

    session_id: str
    request: AdmittedRequest
    budgets: Sequence[Budget] = ()
    subprotocol: str | None = None
    relay_events: bool = False
    model: str | None = None
    place: Place | None = None
    interceptors: tuple[Interceptor, ...] = ()
    dial_s: float | None = None
    conversation: Conversation | None = None
    recalled: tuple[Remembered, ...] = ()
    resumption: Resumption | None = None

    @property
    def said_before(self) -> tuple[Remembered, ...]:
        """What its session goes on with."""
        return self.conversation.items if self.conversation is not None else self.recalled

    @property
    def dialled_model(self) -> str | None:
        """What it talks to, as far as that is known before the upstream says so."""
        return self.model or dialled_model(self.request)
