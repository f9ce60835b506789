"""What a peer requests: its handshake, read once, and what the admission makes of it.

Nothing behind this file looks at a header, a path or a query again.
"""

import re
import secrets
from dataclasses import dataclass, field, fields
from typing import Any

from starlette.requests import HTTPConnection

from relay.admission.credentials import offered_subprotocols, read_credentials
from relay.admission.identity import ANYBODY, Identity
from relay.admission.request_ids import SCOPE_KEY
from relay.admission.resume_offer import RESUME, ResumeOffer, read_resume_offer
from relay.config.dialects import DIALECTS
from relay.config.kinds import REALTIME, Kind
from relay.config.profiles import Profile
from relay.core.binary_audio import SUBPROTOCOL as BINARY_AUDIO
from relay.core.causes import Cause
from relay.core.closing import Refused, ended
from relay.core.dialect import BETA, Table

SUBJECT_HEADER = "openai-safety-identifier"
"""Where the API's own clients say for whom they act."""

SUBJECT_LENGTH_LIMIT = 256

CONVERSATION = "conversation"
CONVERSATION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

BETA_HEADER = "openai-beta"
BETA_VERSION = "realtime=v1"
BETA_SUBPROTOCOL = "openai-beta.realtime-v1"

SDK_HEADER = "x-openai-agents-sdk"
SDK_SUBPROTOCOL = "openai-agents-sdk."
SDK_USER_AGENT = "Agents/"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest:
    """What a peer requested, as it said it; nothing of it has been checked.

    Attributes:
        endpoint_kind: the kind of session that there is at the path.
        other_id: the session that the path names, where it names one.
        query: the query string's pairs, in order, as they came.
        credentials: the different ones that came with it; see `read_credentials`.
        subprotocols: those that it offers, in order.
        origin: of the page that asks; None for what is no page.
        host: the relay's own name, as the peer sees it.
        address: where the peer is, as far as the proxies that are trusted tell.
        event_id: names what the relay answers before there is a session; see `relay.admission.request_ids`.
        subject: for whom it says to act; empty where it does not say.
        speaks_beta: whether it says so, as clients of the beta do.
        is_agents_sdk: whether it says so; such a peer may name its model in its first message.
        resume: the session that it comes back to, where it does.
    """

    endpoint_kind: Kind = REALTIME
    other_id: str = ""
    query: tuple[tuple[str, str], ...] = ()
    credentials: tuple[str, ...] = ()
    subprotocols: tuple[str, ...] = ()
    origin: str | None = None
    host: str = ""
    address: str | None = None
    event_id: str | None = None
    subject: str = ""
    speaks_beta: bool = False
    is_agents_sdk: bool = False
    resume: ResumeOffer | None = None

    @property
    def is_resumable(self) -> bool:
        """Whether it asks for a session that it can come back to."""
        return self.resume is not None or RESUME in self.subprotocols or dict(self.query).get("resume") == "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmittedRequest(SessionRequest):
    """A request that may have its session.

    Attributes:
        profile: what its session gets.
        identity: who it is from.
        worked_out: what is worth working out of it but once, by name; see `relay.upstreams.query`.
    """

    profile: Profile
    identity: Identity = ANYBODY
    worked_out: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, request: SessionRequest, identity: Identity, profile: Profile) -> "AdmittedRequest":
        """The request, from this identity and with this profile."""
        said = {each.name: getattr(request, each.name) for each in fields(SessionRequest)}
        return cls(**said, identity=identity, profile=profile)

    def conversation_id(self) -> str:
        """The id of the kept conversation that its session is in: the one that is named, or a new one.

        Raises:
            Refused: none can have that id, or the ticket is for another.
        """
        own, named = self.identity.conversation, dict(self.query).get(CONVERSATION)
        id_ = named or own or f"conv_{secrets.token_hex(12)}"
        if own not in {None, id_} or not CONVERSATION_ID.fullmatch(id_):
            raise Refused(ended(Cause.CONVERSATION_REFUSED))
        return id_

    @property
    def scopes(self) -> dict[str, str | None]:
        """Whose quotas its session is counted for."""
        return {"process": "all", "subject": self.identity.subject_hash, "profile": self.profile.name}

    @property
    def dialect(self) -> Table | None:
        """What the peer speaks, if not GA: as its profile says, else as itself does; other kinds have but one form."""
        if self.endpoint_kind is not REALTIME:
            return None
        if self.profile.dialect is not None:
            return DIALECTS[self.profile.dialect]
        return BETA if self.speaks_beta else None

    @property
    def is_dialect_sure(self) -> bool:
        """Whether the profile says it, and not the request: GA clients are about that still send the beta's header."""
        return self.profile.dialect is not None


def read_session_request(connection: HTTPConnection, endpoint_kind: Kind = REALTIME) -> SessionRequest:
    """Read a WebSocket's handshake, or a request to the REST interface, which says the same in the same places."""
    headers = connection.headers
    offered = offered_subprotocols(headers)
    return SessionRequest(
        endpoint_kind=endpoint_kind,
        other_id=connection.path_params.get("session_id", ""),
        query=tuple(connection.query_params.multi_items()),
        credentials=read_credentials(headers, offered),
        subprotocols=offered,
        origin=headers.get("origin"),
        host=headers.get("host", ""),
        address=connection.client.host if connection.client else None,
        event_id=ids.event_id if (ids := connection.scope.get(SCOPE_KEY)) else None,
        subject=headers.get(SUBJECT_HEADER, "")[:SUBJECT_LENGTH_LIMIT],
        speaks_beta=BETA_SUBPROTOCOL in offered or any(BETA_VERSION in value for value in headers.getlist(BETA_HEADER)),
        is_agents_sdk=BINARY_AUDIO not in offered
        and (
            SDK_HEADER in headers
            or headers.get("user-agent", "").startswith(SDK_USER_AGENT)
            or any(name.startswith(SDK_SUBPROTOCOL) for name in offered)
        ),
        resume=read_resume_offer(offered),
    )
