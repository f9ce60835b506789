from dataclasses import replace

import pytest

from relay.admission.session_request import AdmittedRequest
from relay.config.profiles import read_profile
from relay.upstreams.query import upstream_query

DEFAULT = read_profile("default", {"model": "gpt-realtime-2.1"})
LOCKED = read_profile("locked", {"model": "gpt-realtime-2.1", "lock": ["tools"]})
LOCKED_MODEL = read_profile("locked", {"model": "gpt-realtime-2.1", "lock": ["model"]})
MODEL = ("model", "gpt-realtime-2.1")
TRANSCRIPTION = read_profile("words", {"type": "transcription"})


@pytest.mark.parametrize(
    ("profile", "asked", "dialled"),
    [
        (DEFAULT, [], [("model", "gpt-realtime-2.1")]),
        (DEFAULT, [("model", "mine")], [("model", "mine")]),
        (DEFAULT, [("intent", "transcription")], [("intent", "transcription")]),
        (DEFAULT, [("model", "")], [("model", "gpt-realtime-2.1")]),
        (DEFAULT, [("model", " "), ("a", "")], [("model", "gpt-realtime-2.1"), ("a", "")]),
        (TRANSCRIPTION, [("model", "")], [("intent", "transcription")]),
        (DEFAULT, [("call_id", "rtc_1")], [("call_id", "rtc_1")]),
        (DEFAULT, [("duplex", "1"), ("duplex", "")], [("model", "gpt-realtime-2.1"), ("duplex", "1"), ("duplex", "")]),
        (DEFAULT, [("profile", "default"), ("relay_events", "1")], [("model", "gpt-realtime-2.1")]),
        (DEFAULT, [("api-key", "x"), ("API_KEY", "x"), ("token", "x")], [("model", "gpt-realtime-2.1")]),
        (DEFAULT, [("model", "a"), ("x", "1"), ("model", "b")], [("x", "1"), ("model", "b")]),
        (DEFAULT, [("call_id", "rtc_1"), ("call_id", "rtc_2")], [("call_id", "rtc_2")]),
        (DEFAULT, [("Model", "a"), ("mod%65l", "a"), ("model[]", "a"), ("\uff4dodel", "a")], [MODEL]),
        (DEFAULT, [("Call_ID", "rtc_1"), ("callId", "rtc_1"), ("INTENT", "transcription"), ("Profile", "x")], [MODEL]),
        (
            LOCKED,
            [("language", "de"), ("api-version", "1"), ("call_id", "rtc_1"), ("model", "mine")],
            [("model", "mine")],
        ),
        (LOCKED_MODEL, [("model", "mine"), ("Model", "mine"), ("x", "1")], [MODEL]),
        (TRANSCRIPTION, [], [("intent", "transcription")]),
        (TRANSCRIPTION, [("intent", "transcription")], [("intent", "transcription")]),
    ],
)
def test_what_goes_upstream_of_a_query(profile, asked, dialled) -> None:
    """Unknown parameters pass, ours and credentials do not, and a model is added where the API wants one."""
    assert list(upstream_query(AdmittedRequest(query=tuple(asked), profile=profile))) == dialled


CREDENTIALS = [
    "key", "KEY", "api_key", "x-api-key", "subscription-key", "password", "Pass-Word", "pwd", "access-token",
    "accessToken", "auth", "authorization", "secret", "client_secret", "client-secret", "jwt", "ticket",
    "%6bey", "%256bey", "k e y", "\uff4b\uff45\uff59", "token[]", "bearer", "sig",
]  # fmt: skip


@pytest.mark.parametrize("name", CREDENTIALS)
def test_no_credential_goes_upstream(name) -> None:
    """A parameter that is called like a credential, in any spelling, stays here."""
    assert list(upstream_query(AdmittedRequest(query=((name, "x"), ("a", "1")), profile=DEFAULT))) == [
        MODEL,
        ("a", "1"),
    ]


@pytest.mark.parametrize(
    "value", ["sk-proj-1", "ek_abc.def", "Bearer x", "eyJhbGciOiJ.eyJzdWIiOiJ.c2ln", "the-peers-own-token"]
)
def test_no_credential_goes_upstream_by_another_name(value) -> None:
    """A value that looks like a key, a ticket or a JWT stays here whatever it is called, and so does the peer's own."""
    request = AdmittedRequest(query=(("a", value), ("b", "1")), profile=DEFAULT, credentials=("the-peers-own-token",))
    assert list(upstream_query(request)) == [MODEL, ("b", "1")]


@pytest.mark.parametrize("name", ["conversation_id", "reasoning.effort", "transcription_model", "max_tokens", "duplex"])
def test_other_parameters_pass(name) -> None:
    """Parameters of services that nobody has heard of here pass."""
    assert list(upstream_query(AdmittedRequest(query=((name, "x"),), profile=DEFAULT))) == [MODEL, (name, "x")]


def test_a_request_that_says_something_else_has_another_query() -> None:
    """What was worked out of a request is not taken for another one's that was made of it."""
    request = AdmittedRequest(query=(("model", "a"),), profile=DEFAULT)
    assert list(upstream_query(request)) == [("model", "a")]
    assert list(upstream_query(replace(request, query=(("model", "b"),)))) == [("model", "b")]
