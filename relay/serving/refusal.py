"""What the server itself refuses, before there is anybody to ask: in the API's error object, as all else is told."""

import json

HEADERS = [(b"content-type", b"application/json")]

INVALID_REQUEST = "invalid_request"
"""The code where the request itself is none that HTTP or RFC 6455 allows."""


def error_body(message: str, code: str = INVALID_REQUEST, kind: str = "invalid_request_error") -> bytes:
    """The body of such a response."""
    error = {"type": kind, "code": code, "message": message, "param": None}
    return json.dumps({"error": error}).encode()
