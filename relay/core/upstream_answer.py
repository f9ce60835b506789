"""An upstream's HTTP answer that is no session, read for its operator: what it refused, and in which words."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from relay.core.dial_failure import DialFailure, Phase, Reason
from relay.core.redaction import REDACTED

SAID_LIMIT_BYTES = 300
"""What the log keeps of an upstream's words."""

REQUEST_ID_HEADERS = ("x-request-id", "apim-request-id", "request-id", "cf-ray")
"""Where services say by which id their support finds a request, the API's own first."""

SPENT = frozenset({
    "insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_credits",
    "insufficient_balance", "credits_exhausted",
})  # fmt: skip
"""Codes and types of errors that no waiting mends, whatever the status says."""

PAYMENT_REQUIRED = 402

_KEY_LIKE = re.compile(r"(?i)\b(?:sk|ek|rk|xai|gsk)-[\w*.-]{6,}|\bBearer\s+\S+")
_TITLE = re.compile(r"(?is)<title[^>]*>(.*?)</title>")
_UNREAD = re.compile(r"(?is)<(script|style)\b.*?</\1>|<[^>]*>")
_REQUEST_ID = re.compile(r"[\w.:=+/-]{1,128}", re.ASCII)
_RETRY_AFTER = re.compile(r"\d{1,9}|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", re.ASCII)

_BY_STATUS: Mapping[int, Reason] = {
    401: Reason.KEY_REFUSED,
    403: Reason.NOT_ALLOWED,
    404: Reason.NOT_FOUND,
    410: Reason.NOT_FOUND,
    429: Reason.RATE_LIMITED,
    502: Reason.GATEWAY_FAILED,
    503: Reason.OVERLOADED,
    504: Reason.GATEWAY_FAILED,
}
_BY_CLASS: Mapping[int, Reason] = {
    1: Reason.NOT_UPGRADED,
    2: Reason.NOT_UPGRADED,
    3: Reason.REDIRECTED,
    4: Reason.REQUEST_REFUSED,
    5: Reason.SERVICE_FAILED,
}


def read_answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    redact: Callable[[str], str],
    phase: Phase = Phase.UPGRADE,
    address: str = "",
) -> DialFailure:
    """What an answer says about why there is no session.

    Args:
        headers: the names in lower case.
        body: as much of it as came.
        redact: takes secrets out of a text.
    """
    error = read_error(body)
    said = error.get("message")
    is_quotable = isinstance(said, str) and not looks_like_page(said)
    return DialFailure(
        phase,
        _reason(status, error),
        address,
        status=status,
        request_id=_request_id(headers),
        said=one_line(said if isinstance(said, str) else _page_text(body), redact),
        is_quotable=is_quotable,
        retry_after=_retry_after(headers),
        detail=one_line(_redirects_to(headers), redact) if 300 <= status < 400 else "",
    )


def read_error(body: bytes) -> dict[str, Any]:
    """The error object of a JSON body, in the API's shape or near it; empty where there is none."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(answer, dict):
        return {}
    error = answer.get("error", answer)
    if isinstance(error, dict):
        return {"message": error.get("detail"), **error}
    return {**answer, "message": error}


def one_line(text: str, redact: Callable[[str], str]) -> str:
    """The text without secrets, what looks like a key among them, on one line, cut to what the log keeps."""
    safe = _KEY_LIKE.sub(REDACTED, redact(text))
    line = " ".join("".join(char if char.isprintable() else " " for char in safe).split())
    return line.encode()[:SAID_LIMIT_BYTES].decode(errors="ignore")


def looks_like_page(text: str) -> bool:
    """Whether a text is HTML."""
    return text.lstrip().startswith("<")


def _reason(status: int, error: Mapping[str, Any]) -> Reason:
    if status == PAYMENT_REQUIRED or (400 <= status < 500 and _is_spent(error)):
        return Reason.QUOTA_SPENT
    return _BY_STATUS.get(status) or _BY_CLASS[status // 100]


def _is_spent(error: Mapping[str, Any]) -> bool:
    return any(isinstance(word, str) and word.lower() in SPENT for word in (error.get("code"), error.get("type")))


def _page_text(body: bytes) -> str:
    """What a page or a plain text says to a reader: its title, or its words."""
    text = body.decode(errors="replace")
    if not looks_like_page(text):
        return text
    title = _TITLE.search(text)
    return title[1] if title else _UNREAD.sub(" ", text)


def _request_id(headers: Mapping[str, str]) -> str:
    given = (headers.get(name, "") for name in REQUEST_ID_HEADERS)
    return next((value for value in given if _REQUEST_ID.fullmatch(value)), "")


def _retry_after(headers: Mapping[str, str]) -> str:
    given = headers.get("retry-after", "")
    return given if _RETRY_AFTER.fullmatch(given) else ""


def _redirects_to(headers: Mapping[str, str]) -> str:
    """Where to, without a query, which may hold what was in ours."""
    return headers.get("location", "").partition("?")[0]
