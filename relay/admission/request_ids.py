"""The names of one request: for who sent it, who reads the log, and who traces it through several services.

Both are taken over from whoever asks where they have the form, and made otherwise.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

REQUEST_ID = "x-request-id"
TRACEPARENT = "traceparent"

SCOPE_KEY = "relay.request_ids"
"""Where an ASGI scope has them."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:=+/@-]{1,128}")
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")
"""W3C Trace Context, 3.2: versions to come may have more behind it."""


@dataclass(frozen=True, slots=True)
class RequestIds:
    """What one request is called.

    Attributes:
        request_id: in the log, in the answer's header, and in the `event_id` of a refusal.
        trace_id: of the trace that it belongs to, 32 hexadecimal digits.
        traceparent: the answer's header: the trace, and the relay's own span in it.
    """

    request_id: str
    trace_id: str
    traceparent: str

    @property
    def event_id(self) -> str:
        """Of what the relay says to this request before there is a session."""
        return f"relay_{self.request_id}"


def read_request_ids(headers: Mapping[str, str]) -> RequestIds:
    """The names that a request came with, or new ones.

    Args:
        headers: by their names in lower case.
    """
    said = headers.get(REQUEST_ID, "")
    traced = _TRACEPARENT.fullmatch(headers.get(TRACEPARENT, ""))
    trace_id, flags = (traced[1], traced[2]) if traced else (secrets.token_hex(16), "00")
    return RequestIds(
        said if _REQUEST_ID.fullmatch(said) else secrets.token_hex(8),
        trace_id,
        f"00-{trace_id}-{secrets.token_hex(8)}-{flags}",
    )
