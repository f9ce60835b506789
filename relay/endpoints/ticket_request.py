"""The body of a request for a ticket: read, and checked field by field.

Beside the API's `expires_after` and `session` it may have an object `relay`, with the `profile`, the `origin`, the
`limits` and the `conversation` that the ticket is bound to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from relay.admission.identity import read_limits
from relay.admission.session_request import CONVERSATION_ID
from relay.admission.tickets import LIFETIME_S
from relay.config.errors import RequestInvalid
from relay.config.kinds import MINTED
from relay.config.request_body import read_json
from relay.config.session_types import check

LIFETIME_LEAST_S = 10
LIFETIME_MOST_S = 7200

BODY_LIMIT_BYTES = 128 * 1024
"""What is larger fits into no ticket."""


@dataclass(frozen=True, slots=True)
class TicketRequest:
    """A request for a ticket, read and checked but for its session."""

    lifetime_s: int = LIFETIME_S
    session: Mapping[str, Any] = field(default_factory=dict)
    profile: str | None = None
    origin: str | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    conversation: str | None = None


def read_request(body: bytes) -> TicketRequest:
    """Read the body; an empty one asks for a ticket with nothing special.

    Raises:
        RequestInvalid: with the first field that is wrong.
    """
    asked = _object(read_json(body or b"{}", "the body"), "the body", {"expires_after", "session", "relay"})
    ours = _object(asked.get("relay"), "relay", {"profile", "origin", "limits", "conversation"})
    try:
        limits = read_limits(ours.get("limits") or {})
    except ValueError as wrong:
        raise RequestInvalid(f"relay.{wrong}") from None
    conversation = _text(ours, "conversation")
    if conversation is not None and not CONVERSATION_ID.fullmatch(conversation):
        raise RequestInvalid("relay.conversation: must be 1 to 64 letters, digits, - and _")
    return TicketRequest(
        _read_lifetime(_object(asked.get("expires_after"), "expires_after", {"anchor", "seconds"})),
        _object(asked.get("session"), "session", None),
        _text(ours, "profile"),
        _text(ours, "origin"),
        limits,
        conversation,
    )


def check_session(session: Mapping[str, Any]) -> None:
    """Check a session against the `openai` package's types, which takes half a second to load the first time.

    Raises:
        RequestInvalid: with everything that is wrong.
    """
    if not session:
        return
    kind = session.get("type", "realtime")
    if kind not in MINTED:
        raise RequestInvalid(f"session.type: must be one of {', '.join(MINTED)}")
    if wrong := list(check(session, kind, "session", ())):
        raise RequestInvalid("; ".join(wrong))


def _read_lifetime(after: Mapping[str, Any]) -> int:
    if after.get("anchor", "created_at") != "created_at":
        raise RequestInvalid("expires_after.anchor: must be created_at")
    seconds = after.get("seconds", LIFETIME_S)
    if type(seconds) is not int or not LIFETIME_LEAST_S <= seconds <= LIFETIME_MOST_S:
        raise RequestInvalid(
            f"expires_after.seconds: must be a whole number from {LIFETIME_LEAST_S} to {LIFETIME_MOST_S}"
        )
    return seconds


def _object(value: Any, where: str, known: set[str] | None) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RequestInvalid(f"{where}: must be an object")
    for name in value if known is not None else ():
        if name not in (known or ()):
            raise RequestInvalid(
                f"{name}: there is no such field in {where}; known are {', '.join(sorted(known or ()))}"
            )
    return value


def _text(holder: Mapping[str, Any], name: str) -> str | None:
    value = holder.get(name)
    if value is not None and not isinstance(value, str):
        raise RequestInvalid(f"relay.{name}: must be a string")
    return value
