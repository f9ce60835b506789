"""A refusal as an HTTP response, with the API's error object."""

from starlette.responses import JSONResponse, Response

from relay.core.closing import ROWS, Ended


def refusal_response(how: Ended) -> Response:
    """The response with the row's status, and with what a caller is to do next where HTTP has a header for it."""
    row = ROWS[how.cause]
    headers = {} if how.retry_after_s is None else {"Retry-After": str(how.retry_after_s)}
    if how.status == 401 and row.http_status == 401:  # not an upstream's 401, which the caller can do nothing about
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"error": how.error_object()}, status_code=how.status or 500, headers=headers)
