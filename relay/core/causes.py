"""Every way a session can end, one row each, and what each side is told.

`docs/closing.md` shows this table. Before the peer is accepted an end is an HTTP status; a browser cannot read one,
so a peer that sends `Origin` is accepted, told by an `error` event, and closed with the row's code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from relay.core.close_codes import (
    CREDENTIALS,
    GOING_AWAY,
    HOPELESS,
    INTERNAL,
    INVALID_PAYLOAD,
    POLICY,
    PROTOCOL_ERROR,
    RESTART,
    TOO_BIG,
    TRY_LATER,
)


class Cause(Enum):
    """Why a session ended. The values are metric labels and part of the contract."""

    PEER_CLOSED = "peer_closed"
    PEER_LOST = "peer_lost"
    PEER_INVALID = "peer_invalid"
    PEER_TOO_BIG = "peer_too_big"
    TOO_MANY_FRAMES = "too_many_frames"
    SLOW_PEER = "slow_peer"
    MEDIA_LOST = "media_lost"
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
    CONVERSATION_REFUSED = "conversation_refused"
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
    Cause.MEDIA_LOST: Row(
        "The process that held the call's media (`webrtc.workers`) crashed or hung, or there is none; see the log.",
        "The relay lost what carries the sound of calls. Make a new call to go on.",
        INTERNAL,
        http_status=503,
        retry_after_s=2,
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
    Cause.CONVERSATION_REFUSED: Row(
        "The peer named a conversation with an id that none can have, or another one than its ticket is for.",
        "This conversation cannot be opened. An id is 1 to 64 letters, digits, - and _; a ticket may be for one alone.",
        HOPELESS,
        http_status=400,
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
