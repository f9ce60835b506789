"""Refusals and complaints as HTTP responses, with the API's error object."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from relay.core.causes import ROWS
from relay.core.closing import Ended


def refusal_response(how: Ended, error: Mapping[str, Any] | None = None, event_id: str | None = None) -> Response:
    """The response with the row's status, and with what a caller is to do next where HTTP has a header for it.

    Args:
        error: the error object, where it is not the row's own.
        event_id: names the refusal, for who asks why; it stands where an `error` event has its own.
    """
    row = ROWS[how.cause]
    retry_after = how.retry_after or how.retry_after_s
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if how.status == 401 and row.http_status == 401:  # not an upstream's 401, which the caller can do nothing about
        headers["WWW-Authenticate"] = "Bearer"
    body = {"error": error or how.error_object(), **({} if event_id is None else {"event_id": event_id})}
    return JSONResponse(body, status_code=how.status or 500, headers=headers)


def complaint(
    words: str, status: int = 400, code: str = "invalid_value", headers: Mapping[str, str] | None = None
) -> Response:
    """The response to a request that its sender has to mend; words that begin with a field and a colon name it."""
    field = words.partition(":")[0] if ": " in words else None
    error = {"type": "invalid_request_error", "code": code, "message": words, "param": field}
    return JSONResponse({"error": error}, status_code=status, headers=headers)
