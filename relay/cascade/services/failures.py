"""What goes wrong when a service is asked, in a sentence for an operator."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from relay.cascade.orders import Fault
from relay.config.cascade import Address
from relay.core.upstream_answer import one_line, read_error

if TYPE_CHECKING:
    import httpx2

LONGEST_WAIT_S = 3600.0
"""No `Retry-After` is taken for more."""

_BY_STATUS: Mapping[int, Fault] = {408: Fault.BROKEN, 425: Fault.BUSY, 429: Fault.BUSY, 503: Fault.BUSY}

_ABOUT_THE_RELAY = frozenset({401, 402, 403, 404, 429})
"""What such an answer says is about the key, the model or the account, and not about what somebody said."""


class ServiceFailed(Exception):  # noqa: N818 - the fact, not the fault
    """A service could not do what it was asked.

    Attributes:
        reason: a sentence without secrets, and without anything that was said.
    """

    def __init__(
        self, fault: Fault, reason: str, *, status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(reason)
        self.fault = fault
        self.reason = reason
        self.status = status
        self.retry_after_s = retry_after_s


def timed_out(seconds: float, address: Address) -> ServiceFailed:
    """Nothing came for so long."""
    return ServiceFailed(Fault.TIMEOUT, f"{address.place} gave no result for {seconds:g} s")


def unreadable(address: Address, what: str) -> ServiceFailed:
    """It said something that it was not asked for."""
    return ServiceFailed(Fault.UNREADABLE, f"{address.place} answered with {what}")


def cut_off(address: Address) -> ServiceFailed:
    """Its answer broke off."""
    return ServiceFailed(Fault.CUT_OFF, f"{address.place} broke its answer off")


def unreachable(address: Address, failure: BaseException) -> ServiceFailed:
    """There is no connection to it."""
    return ServiceFailed(Fault.UNREACHABLE, f"{address.place} cannot be reached: {_said(failure)}")


def refused(address: Address, status: int, headers: Mapping[str, str], body: bytes) -> ServiceFailed:
    """It answered with a status that is no success.

    Args:
        headers: their names in lower case.
        body: as much of it as was read.
    """
    fault = _BY_STATUS.get(status, Fault.BROKEN if status >= 500 else Fault.REFUSED)
    words = [f"{address.place} answered {status}", *_words(status, body, address)]
    if 300 <= status < 400:
        words.append("a redirect, which is not followed, since the key was meant for this address alone")
    return ServiceFailed(
        fault, ": ".join(words), status=status, retry_after_s=_retry_after_s(headers.get("retry-after", ""))
    )


def of_http(failure: "httpx2.HTTPError", address: Address) -> ServiceFailed:
    """What the HTTP client met."""
    import httpx2  # noqa: PLC0415 - 1 MB, loaded by now

    if isinstance(failure, httpx2.RemoteProtocolError):
        is_cut = "disconnected" in str(failure) or "closed" in str(failure)
        return cut_off(address) if is_cut else unreadable(address, "something that is no HTTP")
    if isinstance(failure, httpx2.ReadError | httpx2.WriteError | httpx2.CloseError):
        return cut_off(address)
    if isinstance(failure, httpx2.SSEError | httpx2.DecodingError):
        return unreadable(address, "a stream that cannot be read")
    return unreachable(address, failure)


def _words(status: int, body: bytes, address: Address) -> list[str]:
    """What the answer says itself, where that can have nothing of a conversation in it."""
    error = read_error(body)
    named = [str(error[name]) for name in ("code", "type") if isinstance(error.get(name), str | int)]
    said = error.get("message") if status in _ABOUT_THE_RELAY else None
    words = [*named[:1], *([said] if isinstance(said, str) else [])]
    return [line for word in words if (line := _redacted(word, address))]


def _redacted(text: str, address: Address) -> str:
    def redact(text: str) -> str:
        for value in address.headers.values():
            text = text.replace(value.removeprefix("Bearer "), "[redacted]")
        return text

    return one_line(text, redact)


def _retry_after_s(value: str) -> float | None:
    """Seconds, or a date, as RFC 9110, 10.2.3, has them."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT_S) if seconds == seconds else None  # noqa: PLR0124 - not a number


def _said(failure: BaseException) -> str:
    """What the operating system or TLS said, below what a library makes of it."""
    below = failure.__cause__ or failure.__context__
    if isinstance(below, BaseExceptionGroup):
        below = below.exceptions[0]
    if below is not None:
        return _said(below)
    return getattr(failure, "strerror", None) or str(failure) or type(failure).__name__
