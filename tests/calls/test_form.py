"""What a request for a call may bring."""

import httpx2 as httpx
import pytest

from relay.calls.form import Offer, read_offer
from relay.config.errors import RequestInvalid
from tests.fakes.webrtc import OFFER

SDP = OFFER.encode()
FORM = "multipart/form-data; boundary=x"
JSON = b'{"type":"realtime"}'


def form(**parts: tuple[str | None, bytes] | tuple[str | None, bytes, str]) -> tuple[str, bytes]:
    """A form as somebody else's library writes it."""
    request = httpx.Request("POST", "http://relay", files=parts, headers={"Content-Type": FORM})
    return FORM, request.read()


@pytest.mark.parametrize("kind", ["application/sdp", "Application/SDP; charset=utf-8"])
def test_the_description_alone(kind) -> None:
    """A body of SDP is taken to the byte."""
    assert read_offer(kind, SDP) == Offer(SDP)


@pytest.mark.parametrize(
    "parts",
    [
        {"sdp": (None, SDP, "application/sdp"), "session": (None, JSON, "application/json")},
        {"session": (None, JSON), "sdp": ("offer.sdp", SDP)},
    ],
)
def test_a_form(parts) -> None:
    """A form brings the description to the byte, and a session; what its parts' types are does not matter."""
    assert read_offer(*form(**parts)) == Offer(SDP, {"type": "realtime"})


def test_a_form_without_a_session() -> None:
    """The session may be left out."""
    assert read_offer(*form(sdp=(None, SDP))) == Offer(SDP)


def test_a_boundary_in_quotes() -> None:
    """A boundary may be quoted, and text may stand behind the parts."""
    body = b"--a b\r\nContent-Disposition: form-data; name=sdp\r\n\r\nv=0\r\n\r\n--a b--\r\nthe end"
    assert read_offer('multipart/form-data; boundary="a b"', body) == Offer(b"v=0\r\n")


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("application/json", b"{}", "has to be application/sdp"),
        ("", SDP, "has to be application/sdp"),
        ("application/sdp", b"", "there is no SDP"),
        ("application/sdp", b"hello", "there is no SDP"),
        (*form(session=(None, JSON)), "there is no SDP"),
        (*form(sdp=(None, SDP), session=(None, b"{")), "session: is no JSON"),
        (*form(sdp=(None, SDP), session=(None, b"[]")), "session: must be an object"),
        (*form(sdp=(None, SDP), model=(None, b"m")), "'model' too many"),
        (FORM, b"", "with the boundary"),
        (FORM, b"--y\r\n\r\n\r\n--y--", "with the boundary"),
        (FORM, b"--x\r\nContent-Disposition: form-data; name=sdp\r\n\r\nv=0", "with the boundary"),
        (FORM, b"--x\r\n\r\nv=0\r\n--x--", "'' too many"),
        (FORM, (b"--x\r\nContent-Disposition: form-data; name=sdp\r\n\r\nv=0\r\n" * 2) + b"--x--", "'sdp' too many"),
        ("multipart/form-data", b"--\r\n\r\n----", "with the boundary"),
    ],
)
def test_what_is_no_offer(kind, body, words) -> None:
    """Another type, a form that is not whole, with a part too many, or without SDP is told what is wrong with it."""
    with pytest.raises(RequestInvalid, match=words):
        read_offer(kind, body)
