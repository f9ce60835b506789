from collections.abc import Mapping
from dataclasses import replace

import pytest
from starlette.requests import HTTPConnection

from relay.admission.identity import ANYBODY
from relay.admission.session_request import AdmittedRequest, SessionRequest, read_session_request
from relay.config.kinds import LIVE_SIDEBAND, REALTIME, TRANSLATION
from relay.config.profiles import read_profile
from relay.core.dialect import BETA

PROFILE = read_profile("default", {})


def handshake(headers: Mapping[str, str], query: str = "", **path_params: str) -> HTTPConnection:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return HTTPConnection({
        "type": "websocket", "headers": raw, "query_string": query.encode(), "path_params": path_params,
        "client": ("192.0.2.7", 40000),
    })  # fmt: skip


def test_a_handshake_is_read_once() -> None:
    """All that the relay wants to know of a handshake is in the request, which cannot be changed."""
    headers = {
        "host": "relay.example",
        "origin": "https://shop.example",
        "authorization": "Bearer abc",
        "sec-websocket-protocol": "realtime, openai-beta.realtime-v1",
        "openai-safety-identifier": "ann" * 1000,
    }
    request = read_session_request(handshake(headers, "model=m&a=1&a=2", session_id="live_1"), LIVE_SIDEBAND)
    assert request == SessionRequest(
        endpoint_kind=LIVE_SIDEBAND,
        other_id="live_1",
        query=(("model", "m"), ("a", "1"), ("a", "2")),
        credentials=("abc",),
        subprotocols=("realtime", "openai-beta.realtime-v1"),
        origin="https://shop.example",
        host="relay.example",
        address="192.0.2.7",
        subject=("ann" * 1000)[:256],
        speaks_beta=True,
    )
    with pytest.raises(AttributeError):
        request.host = "other"  # type: ignore[misc]


def test_a_handshake_that_says_nothing() -> None:
    """A peer that says nothing about itself is at `/v1/realtime`, with no credential, page or dialect."""
    assert read_session_request(handshake({})) == SessionRequest(address="192.0.2.7")


@pytest.mark.parametrize(
    ("headers", "is_sdk"),
    [
        ({"x-openai-agents-sdk": "openai-agents-sdk.0.4"}, True),
        ({"user-agent": "Agents/Python 0.24"}, True),
        ({"sec-websocket-protocol": "realtime, openai-agents-sdk.0.20.0"}, True),
        ({"sec-websocket-protocol": "relay.binary.v1, openai-agents-sdk.0.20.0"}, False),
        ({"user-agent": "Mozilla/5.0"}, False),
    ],
)
def test_who_is_an_agents_sdk(headers, is_sdk) -> None:
    """The Agents SDKs say who they are by a header, their user agent or a subprotocol; our own page is none."""
    assert read_session_request(handshake(headers)).is_agents_sdk is is_sdk


def test_other_kinds_have_one_form() -> None:
    """Whatever its header says, a peer at another kind's path speaks GA."""
    request = read_session_request(handshake({"openai-beta": "realtime=v1"}), TRANSLATION)
    assert AdmittedRequest(endpoint_kind=REALTIME, speaks_beta=request.speaks_beta, profile=PROFILE).dialect is BETA
    assert AdmittedRequest.of(request, ANYBODY, PROFILE).dialect is None


@pytest.mark.parametrize(
    ("headers", "profile", "dialect"),
    [
        ({}, None, None),
        ({"openai-beta": "realtime=v1"}, None, BETA),
        ({"openai-beta": "assistants=v2, realtime=v1"}, None, BETA),
        ({"openai-beta": "assistants=v2"}, None, None),
        ({"sec-websocket-protocol": "realtime, openai-beta.realtime-v1"}, None, BETA),
        ({}, "beta", BETA),
        ({"openai-beta": "realtime=v1"}, "ga", None),
    ],
)
def test_who_says_which_dialect(headers, profile, dialect) -> None:
    """The profile decides, else the peer's own header or subprotocol."""
    request = read_session_request(handshake(headers))
    said = replace(PROFILE, dialect=profile)
    assert AdmittedRequest.of(request, ANYBODY, said).dialect is dialect
