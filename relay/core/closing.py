"""How one session ended, or why it never began: a row of `relay.core.causes`, with what is known beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from relay.core.causes import ROWS, Cause
from relay.core.close_codes import ABNORMAL, CREDENTIALS, HOPELESS, INTERNAL, NORMAL, TOO_BIG, fit_reason
from relay.core.leg import Closed

_OURS = MappingProxyType({TOO_BIG: Cause.PEER_TOO_BIG, INTERNAL: Cause.MEDIA_LOST})
"""What ended a peer's connection from this end, by the code; the rest is that it broke the protocol."""

PRINTABLE_LENGTH = 120
"""So much of an origin or a name is shown; hardly a real one is longer."""


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
        cause = _OURS.get(closed.code, Cause.PEER_INVALID)
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


def printable(text: str) -> str:
    """Somebody else's words, as they may stand in the log and in a sentence: bounded, with nothing that steers."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text[:PRINTABLE_LENGTH])


class Refused(Exception):  # noqa: N818 - the fact, not the fault: a refusal is an ordinary end
    """A session that never began.

    Attributes:
        ended: the row and what to tell the peer.
    """

    def __init__(self, how: Ended) -> None:
        super().__init__(how.cause.value)
        self.ended = how
