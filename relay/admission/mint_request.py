"""What a request for a ticket may say.

Beside the API's `expires_after` and `session` it may have an object `relay`, with the `profile`, the `origin` and the
`limits` that the ticket is bound to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from relay.admission.identity import read_limits
from relay.kinds import MINTED
from relay.session_types import check

LIFETIME_S = 600
LIFETIME_LEAST_S = 10
LIFETIME_MOST_S = 7200

BODY_LIMIT_BYTES = 128 * 1024
"""What is larger fits into no ticket."""


class RequestWrong(ValueError):  # noqa: N818 - the fact, not the fault
    """What the caller has to mend. The words begin with the field."""


@dataclass(frozen=True, slots=True)
class MintRequest:
    """A request for a ticket, read and checked but for its session."""

    lifetime_s: int = LIFETIME_S
    session: Mapping[str, Any] = field(default_factory=dict)
    profile: str | None = None
    origin: str | None = None
    limits: Mapping[str, float] = field(default_factory=dict)


def read_request(body: bytes) -> MintRequest:
    """Read the body; an empty one asks for a ticket with nothing special.

    Raises:
        RequestWrong: with the first field that is wrong.
    """
    try:
        asked = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        raise RequestWrong("the body is no JSON") from None
    asked = _object(asked, "the body", {"expires_after", "session", "relay"})
    ours = _object(asked.get("relay"), "relay", {"profile", "origin", "limits"})
    try:
        limits = read_limits(ours.get("limits") or {})
    except ValueError as wrong:
        raise RequestWrong(f"relay.{wrong}") from None
    return MintRequest(
        _read_lifetime(_object(asked.get("expires_after"), "expires_after", {"anchor", "seconds"})),
        _object(asked.get("session"), "session", None),
        _text(ours, "profile"),
        _text(ours, "origin"),
        limits,
    )


def check_session(session: Mapping[str, Any]) -> None:
    """Check a session against the `openai` package's types, which takes half a second to load the first time.

    Raises:
        RequestWrong: with everything that is wrong.
    """
    if not session:
        return
    kind = session.get("type", "realtime")
    if kind not in MINTED:
        raise RequestWrong(f"session.type: must be one of {', '.join(MINTED)}")
    if wrong := list(check(session, kind, "session", ())):
        raise RequestWrong("; ".join(wrong))


def _read_lifetime(after: Mapping[str, Any]) -> int:
    if after.get("anchor", "created_at") != "created_at":
        raise RequestWrong("expires_after.anchor: must be created_at")
    seconds = after.get("seconds", LIFETIME_S)
    if type(seconds) is not int or not LIFETIME_LEAST_S <= seconds <= LIFETIME_MOST_S:
        raise RequestWrong(
            f"expires_after.seconds: must be a whole number from {LIFETIME_LEAST_S} to {LIFETIME_MOST_S}"
        )
    return seconds


def _object(value: Any, where: str, known: set[str] | None) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RequestWrong(f"{where}: must be an object")
    for name in value if known is not None else ():
        if name not in (known or ()):
            raise RequestWrong(f"{name}: there is no such field in {where}; known are {', '.join(sorted(known or ()))}")
    return value


def _text(holder: Mapping[str, Any], name: str) -> str | None:
    value = holder.get(name)
    if value is not None and not isinstance(value, str):
        raise RequestWrong(f"relay.{name}: must be a string")
    return value
