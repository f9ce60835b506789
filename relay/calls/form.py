"""The body of a request for a call: the caller's SDP offer, and perhaps a session.

The body is the SDP itself, or `multipart/form-data` (RFC 7578) with the parts `sdp` and `session`; the API takes both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any

from relay.config.errors import RequestInvalid
from relay.config.request_body import read_json

SDP = "application/sdp"
FORM = "multipart/form-data"
FIELDS = frozenset({"sdp", "session"})


@dataclass(frozen=True, slots=True)
class Offer:
    """What the caller offers.

    Attributes:
        sdp: its description of its end, as it came.
        session: what it brings for the session; its `model` is asked for.
    """

    sdp: bytes
    session: Mapping[str, Any] = field(default_factory=dict)


def read_offer(content_type: str, body: bytes) -> Offer:
    """Read the body.

    Raises:
        RequestInvalid: with the first thing that is wrong.
    """
    header = Message()
    header["Content-Type"] = content_type
    kind = header.get_content_type()
    if kind == SDP:
        return Offer(_described(body))
    if kind != FORM:
        raise RequestInvalid(f"the body has to be {SDP}, or {FORM} with the parts sdp and session")
    parts = _parts(body, str(header.get_param("boundary", "")))
    return Offer(_described(parts.get("sdp", b"")), _session(parts.get("session", b"{}")))


def _described(sdp: bytes) -> bytes:
    if not sdp.startswith(b"v="):
        raise RequestInvalid("sdp: there is no SDP, which begins with v=")
    return sdp


def _session(text: bytes) -> Mapping[str, Any]:
    session = read_json(text, "session:")
    if not isinstance(session, dict):
        raise RequestInvalid("session: must be an object")
    return session


def _parts(body: bytes, boundary: str) -> dict[str, bytes]:
    """The form's parts by name."""
    delimiter = b"\r\n--" + boundary.encode()
    preamble, *pieces = (b"\r\n" + body).split(delimiter)
    if not boundary or preamble or not pieces or not pieces[-1].startswith(b"--"):
        raise RequestInvalid(f"the body is no {FORM} with the boundary that it names")
    parts: dict[str, bytes] = {}
    for piece in pieces[:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        name = BytesHeaderParser().parsebytes(head.lstrip() + b"\r\n\r\n").get_param("name", "", "content-disposition")
        if name not in FIELDS or name in parts:
            raise RequestInvalid(
                f"the form has a part {name!r} too many; it takes {' and '.join(sorted(FIELDS))}, each once"
            )
        parts[str(name)] = content
    return parts
