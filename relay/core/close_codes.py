"""Close codes of RFC 6455 and of the API, and what of a code and a reason may be sent at all.

The API's own practice: 3000 for credentials, 4000 for what cannot succeed on a retry, 1013 for "later", 1012 for a
restart.
"""

REASON_LIMIT_BYTES = 123
"""What a close frame can hold beside its code (RFC 6455, 5.5)."""

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


def sendable_code(code: int) -> int:
    """The code itself where RFC 6455 lets an endpoint send it, else the nearest that it may."""
    if 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999:
        return code
    return NORMAL if code == NO_CODE else INTERNAL


def fit_reason(reason: str) -> str:
    """The reason cut to what a close frame holds, between characters."""
    return reason.encode()[:REASON_LIMIT_BYTES].decode(errors="ignore")
