"""Every way a session can end, one row each, and what each side is told.

`docs/closing.md` shows this table. Before the peer is accepted an end is an HTTP status; a browser cannot read one,
so a peer that sends `Origin` is accepted, told by an `error` event, and closed with the row's code. The codes follow
the API's own practice: 3000 for credentials, 4000 for what cannot succeed on a retry, 1013 for "later", 1012 for a
restart. RFC 6455, 7.4, says which codes may be sent at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

from relay.core.leg import Closed

REASON_LIMIT_BYTES = 123
"""What a close frame can hold beside its code (RFC 6455, 5.5)."""

PRINTABLE_LENGTH = 120
"""So much of an origin or a name is shown; hardly a real one is longer."""

NORMAL = 1000
GOING_AWAY = 1001
PROTOCOL_ERROR = 1002
NO_CODE = 1005
ABNORMAL = 1006
INVALID_PAYLOAD = 1007
POLICY = 1008
TOO_BIG = 1009
INTERNAL = 1011
RESTART = 1012
TRY_LATER = 1013
CREDENTIALS = 3000
HOPELESS = 4000

FAULTS = frozenset({PROTOCOL_ERROR, INVALID_PAYLOAD, TOO_BIG})
"""With which an end is failed that breaks the protocol or the limit (RFC 6455, 7.1.7)."""


class Cause(Enum):
    """Why a session ended. The values are metric labels and part of the contract."""

    PEER_CLOSED = "peer_closed"
    PEER_LOST = "peer_lost"
    PEER_INVALID = "peer_invalid"
    PEER_TOO_BIG = "peer_too_big"
    TOO_MANY_FRAMES = "too_many_frames"
    SLOW_PEER = "slow_peer"
    UPSTREAM_CLOSED = "upstream_closed"
    UPSTREAM_LOST = "upstream_lost"
    UPSTREAM_INVALID = "upstream_invalid"
    UPSTREAM_TOO_BIG = "upstream_too_big"
    SLOW_UPSTREAM = "slow_upstream"
    UPSTREAM_DENIED = "upstream_denied"
    UPSTREAM_REJECTED = "upstream_rejected"
    UPSTREAM_BUSY = "upstream_busy"
    UPSTREAM_EXHAUSTED = "upstream_exhausted"
    UPSTREAM_UNREACHABLE = "upstream_unreachable"
    UPSTREAM_TIMEOUT = "upstream_timeout"
    ORIGIN_REFUSED = "origin_refused"
    CREDENTIALS_MISSING = "credentials_missing"
    CREDENTIALS_REFUSED = "credentials_refused"
    CREDENTIALS_EXPIRED = "credentials_expired"
    SIGN_IN_UNAVAILABLE = "sign_in_unavailable"
    PROFILE_REFUSED = "profile_refused"
    PROFILE_UNKNOWN = "profile_unknown"
    CALL_UNKNOWN = "call_id_not_found"
    NO_CALLS = "no_calls"
    KIND_REFUSED = "kind_refused"
    PATH_UNKNOWN = "path_unknown"
    FULL = "full"
    DRAINING = "draining"
    TOO_MANY_SESSIONS = "too_many_sessions"
    TOO_FREQUENT = "too_frequent"
    BUDGET_SPENT = "budget_spent"
    TIME_OVER = "time_over"
    IDLE = "idle"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True)
class Row:
    """What one cause means.

    Attributes:
        meaning: what happened, for the operator.
        message: what the peer is told and can do; None where nothing is left to tell.
        peer_code: the close code that the peer gets; None where the other end's own code is passed on.
        upstream_code: the close code that the upstream gets; None where the peer's own is passed on.
        http_status: the status of a refusal before the peer was accepted; None where that cannot be.
        retry_after_s: when to come again, as `Retry-After`.
    """

    meaning: str
    message: str | None
    peer_code: int | None
    upstream_code: int | None = GOING_AWAY
    http_status: int | None = None
    retry_after_s: int | None = None


ROWS: Mapping[Cause, Row] = MappingProxyType({
    Cause.PEER_CLOSED: Row("The peer closed its connection.", None, None, None),
    Cause.PEER_LOST: Row("The peer's connection broke or stopped answering.", None, None),
    Cause.PEER_INVALID: Row(
        "The peer broke the WebSocket protocol or sent text that is not UTF-8.", None, INVALID_PAYLOAD
    ),
    Cause.PEER_TOO_BIG: Row("The peer sent a message above the limit.", None, TOO_BIG),
    Cause.TOO_MANY_FRAMES: Row(
        "The peer sent more pings, pongs and fragments than it may (`frames_per_s`).",
        "Too many pings, pongs or fragments came from this end. Send whole messages, and start again.",
        POLICY,
    ),
    Cause.SLOW_PEER: Row(
        "The peer did not read what was sent to it.",
        "The connection was too slow to take the audio that was waiting for it. Check the network and start again.",
        POLICY,
    ),
    Cause.UPSTREAM_CLOSED: Row(
        "The upstream closed its connection; its code and reason are passed on.",
        "The upstream ended the session with close code {code}. Start a new session to go on.",
        None,
    ),
    Cause.UPSTREAM_LOST: Row(
        "The upstream's connection broke or stopped answering.",
        "The connection to the upstream was lost. Start a new session to go on.",
        INTERNAL,
    ),
    Cause.UPSTREAM_INVALID: Row(
        "The upstream broke the WebSocket protocol or sent text that is not UTF-8; the log says how.",
        "The upstream broke the WebSocket protocol. Start a new session to go on.",
        INTERNAL,
        PROTOCOL_ERROR,
    ),
    Cause.UPSTREAM_TOO_BIG: Row(
        "The upstream sent a message above the limit.",
        "The upstream sent a message larger than the relay takes. Raise max_message_bytes if it was meant.",
        TOO_BIG,
        TOO_BIG,
    ),
    Cause.SLOW_UPSTREAM: Row(
        "The upstream did not read what was sent to it.",
        "The upstream stopped taking what was sent to it. Start a new session to go on.",
        INTERNAL,
    ),
    Cause.UPSTREAM_DENIED: Row(
        "The upstream refused the relay's credentials (401 or 403).",
        "The upstream refused the relay's credentials. The relay's operator has to check its API key.",
        CREDENTIALS,
    ),
    Cause.UPSTREAM_REJECTED: Row(
        "The upstream refused the session for good (another 4xx, or a redirect).",
        "The upstream refused this session with HTTP status {status}. Check the model and the query.",
        HOPELESS,
    ),
    Cause.UPSTREAM_BUSY: Row(
        "The upstream refused for now (429 or 5xx).",
        "The upstream cannot take the session now (HTTP status {status}). Try again later.",
        TRY_LATER,
        retry_after_s=5,
    ),
    Cause.UPSTREAM_EXHAUSTED: Row(
        "The upstream refused because the account behind the key has no credit left (402, or insufficient_quota).",
        "The account behind the relay has no credit left. The relay's operator has to check plan and billing.",
        HOPELESS,
    ),
    Cause.UPSTREAM_UNREACHABLE: Row(
        "The upstream's name or address could not be reached, or did not speak WebSocket.",
        "The upstream could not be reached. Try again later.",
        TRY_LATER,
        http_status=502,
        retry_after_s=5,
    ),
    Cause.UPSTREAM_TIMEOUT: Row(
        "The upstream did not answer the handshake in time.",
        "The upstream did not answer in time. Try again later.",
        TRY_LATER,
        http_status=504,
        retry_after_s=5,
    ),
    Cause.ORIGIN_REFUSED: Row(
        "The page's origin is not allowed here.",
        "This page's origin is not allowed to use the relay. Its operator can add it to allowed_origins.",
        CREDENTIALS,
        http_status=403,
    ),
    Cause.CREDENTIALS_MISSING: Row(
        "The peer came without a credential, and the relay asks for one.",
        "The relay asks for a credential: a bearer token, or the subprotocol openai-insecure-api-key.<ticket>.",
        CREDENTIALS,
        http_status=401,
    ),
    Cause.CREDENTIALS_REFUSED: Row(
        "The peer's token, JWT or ticket is none of the relay's.",
        "The relay does not know this credential.",
        CREDENTIALS,
        http_status=401,
    ),
    Cause.CREDENTIALS_EXPIRED: Row(
        "The peer's ticket or JWT was right, and its time is over.",
        "This credential has expired. Get a new one and start again.",
        CREDENTIALS,
        http_status=401,
    ),
    Cause.SIGN_IN_UNAVAILABLE: Row(
        "The keys that JWTs are checked with could not be fetched.",
        "The relay cannot check credentials now. Try again later.",
        TRY_LATER,
        http_status=503,
        retry_after_s=10,
    ),
    Cause.PROFILE_REFUSED: Row(
        "The peer asked for another profile than its credential is for.",
        "This credential is for another profile. Leave the profile out, or get a credential for this one.",
        CREDENTIALS,
        http_status=403,
    ),
    Cause.PROFILE_UNKNOWN: Row(
        "The peer asked for a profile that the settings do not have.",
        "There is no such profile on this relay.",
        HOPELESS,
        http_status=404,
    ),
    Cause.CALL_UNKNOWN: Row(
        "The peer named a call or Live session of another subject, or one that this process does not know.",
        "There is no such call or session here. It may have ended, or be another one's.",
        HOPELESS,
        http_status=404,
    ),
    Cause.NO_CALLS: Row(
        "A WebRTC call was asked for where the upstream makes none, or the profile locks what could be changed in it.",
        "No calls are made here: the upstream has none, or the profile locks what one could change. Use the WebSocket.",
        HOPELESS,
        http_status=403,
    ),
    Cause.KIND_REFUSED: Row(
        "The peer asked for a kind of session that its profile or the upstream does not have.",
        "There is no session of this kind here. Check that the path and the profile go together, and the upstream.",
        HOPELESS,
        http_status=404,
    ),
    Cause.PATH_UNKNOWN: Row(
        "The peer asked at an address where the relay has nothing.",
        "There is nothing at this address. The Realtime API is at /v1/realtime of the relay's address; check the path.",
        HOPELESS,
        http_status=404,
    ),
    Cause.FULL: Row(
        "The relay has as many sessions as it may have.",
        "The relay is full. Try again later.",
        TRY_LATER,
        http_status=503,
        retry_after_s=5,
    ),
    Cause.DRAINING: Row(
        "The relay is restarting: it admits nobody, and sessions end with their turn or at the deadline.",
        "The relay is restarting. Connect again.",
        RESTART,
        http_status=503,
        retry_after_s=1,
    ),
    Cause.TOO_MANY_SESSIONS: Row(
        "Whoever asked, or the profile, has as many sessions as it may.",
        "There are as many sessions as there may be. End one, or try again later.",
        TRY_LATER,
        http_status=429,
        retry_after_s=10,
    ),
    Cause.TOO_FREQUENT: Row(
        "Whoever asked, or the profile, opened as many sessions in a minute as it may.",
        "Sessions are opened too soon one after another. Try again in a minute.",
        TRY_LATER,
        http_status=429,
        retry_after_s=60,
    ),
    Cause.BUDGET_SPENT: Row(
        "The session, or its subject, spent what it may.",
        "The budget is spent. Ask the operator for more before you start again.",
        HOPELESS,
        http_status=429,
    ),
    Cause.TIME_OVER: Row(
        "The session lasted as long as it may.",
        "The session has lasted as long as it may. Start a new one to go on.",
        GOING_AWAY,
    ),
    Cause.IDLE: Row(
        "The upstream had nothing to say for as long as it may.",
        "Nothing happened for a while, so the session was ended. Start a new one to go on.",
        GOING_AWAY,
    ),
    Cause.INTERNAL_ERROR: Row(
        "The relay failed. The log has the trace.",
        "The relay failed. Start a new session to go on.",
        INTERNAL,
        INTERNAL,
        http_status=500,
    ),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ended:
    """How a session ended, or why it never began.

    Attributes:
        cause: the row.
        code: the close code that came from the end that closed, else the one that the peer gets.
        reason: the words with it, safe to log and to send.
        status: the HTTP status of a refusal; the upstream's own where it gave one.
        retry_after_s: when to come again.
        retry_after: the same as the upstream said it, in seconds or as a date; it goes first.
        told: the sentence for the peer, where more is known than the row says.
        named: what exactly was refused, such as the page's origin, by what it is.
    """

    cause: Cause
    code: int
    reason: str = ""
    status: int | None = None
    retry_after_s: int | None = None
    retry_after: str | None = None
    told: str | None = None
    named: tuple[tuple[str, str], ...] = ()

    @property
    def message(self) -> str | None:
        """The sentence for the peer, or None where there is nobody to tell."""
        if self.told is not None:
            return self.told
        words = ROWS[self.cause].message
        if words is None:
            return None
        about = "; ".join(f"{name}: {value}" for name, value in self.named)
        return words.format(code=self.code, status=self.status) + (f" ({about})" if about else "")

    def error(self, event_id: str) -> dict[str, Any]:
        """The `error` event for it, in the API's own shape."""
        return {"type": "error", "event_id": event_id, "error": self.error_object()}

    def error_object(self) -> dict[str, Any]:
        """The API's error object, as an event and as an HTTP body have it."""
        hopeless = ROWS[self.cause].peer_code in {CREDENTIALS, HOPELESS}
        return {
            "type": "invalid_request_error" if hopeless else "server_error",
            "code": self.cause.value,
            "message": self.message,
            "param": None,
            "event_id": None,
        }


def ended(
    cause: Cause,
    *,
    code: int | None = None,
    reason: str | None = None,
    status: int | None = None,
    retry_after_s: int | None = None,
    named: Mapping[str, str] = MappingProxyType({}),
) -> Ended:
    """Make the end for `cause` with the row's own code and words where none are given."""
    row = ROWS[cause]
    return Ended(
        cause,
        code if code is not None else row.peer_code or NORMAL,
        fit_reason(cause.value if reason is None else reason),
        status if status is not None else row.http_status,
        retry_after_s if retry_after_s is not None else row.retry_after_s,
        named=tuple((name, printable(value)) for name, value in named.items()),
    )


def refused_by_upstream(status: int) -> Ended:
    """The end for an HTTP status with which the upstream answered the handshake."""
    if status in {401, 403}:
        return ended(Cause.UPSTREAM_DENIED, status=status)
    if status == 429 or status >= 500:
        passed_on = status if status in {429, 503, 504} else 502
        return ended(Cause.UPSTREAM_BUSY, status=passed_on)
    return ended(Cause.UPSTREAM_REJECTED, status=status if 400 <= status < 500 else 502)


def peer_ended(closed: Closed) -> Ended:
    """The end for a peer's connection that has ended."""
    if closed.ours:
        cause = Cause.PEER_TOO_BIG if closed.code == TOO_BIG else Cause.PEER_INVALID
    else:
        cause = Cause.PEER_LOST if closed.code == ABNORMAL else Cause.PEER_CLOSED
    return ended(cause, code=closed.code, reason=closed.reason)


def upstream_ended(closed: Closed) -> Ended:
    """The end for an upstream's connection that has ended."""
    if closed.ours:
        if closed.code == TOO_BIG:
            return ended(Cause.UPSTREAM_TOO_BIG)
        return ended(Cause.UPSTREAM_INVALID, reason=closed.reason or None)
    if closed.code == ABNORMAL:
        return ended(Cause.UPSTREAM_LOST)
    return ended(Cause.UPSTREAM_CLOSED, code=closed.code, reason=closed.reason)


def sendable_code(code: int) -> int:
    """The code itself where RFC 6455 lets an endpoint send it, else the nearest that it may."""
    if 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999:
        return code
    return NORMAL if code == NO_CODE else INTERNAL


def printable(text: str) -> str:
    """Somebody else's words, as they may stand in the log and in a sentence: bounded, with nothing that steers."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text[:PRINTABLE_LENGTH])


def fit_reason(reason: str) -> str:
    """The reason cut to what a close frame holds, between characters."""
    return reason.encode()[:REASON_LIMIT_BYTES].decode(errors="ignore")


class Refused(Exception):  # noqa: N818 - the fact, not the fault: a refusal is an ordinary end
    """A session that never began.

    Attributes:
        ended: the row and what to tell the peer.
    """

    def __init__(self, how: Ended) -> None:
        super().__init__(how.cause.value)
        self.ended = how
