import pytest

from relay.admission.origin import names_no_domain, origin_allowed


@pytest.mark.parametrize(
    ("origin", "host", "allowed", "verdict"),
    [
        (None, "relay.example", (), True),
        ("https://relay.example", "relay.example", (), True),
        ("https://relay.example", "relay.example:443", (), True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", (), True),
        ("http://127.0.0.1:8001", "127.0.0.1:8000", (), False),
        ("http://localhost:8000", "127.0.0.1:8000", (), False),
        ("https://elsewhere.example", "relay.example", (), False),
        ("https://elsewhere.example", "relay.example", ("https://elsewhere.example",), True),
        ("https://elsewhere.example.evil", "relay.example", ("https://elsewhere.example",), False),
        ("http://elsewhere.example", "relay.example", ("https://elsewhere.example",), False),
        ("https://elsewhere.example", "relay.example", ("*",), True),
        ("null", "relay.example", (), False),
        ("http://[broken", "relay.example", (), False),
        ("http://relay.example:port", "relay.example", (), False),
        ("", "", (), False),
    ],
)
def test_pages_that_may_connect(origin, host, allowed, verdict) -> None:
    """A page may connect from the relay's own address or from a listed origin; a peer without an origin is no page."""
    assert origin_allowed(origin, host, allowed) is verdict


@pytest.mark.parametrize(
    ("host", "verdict"),
    [
        ("127.0.0.1:8000", True),
        ("127.0.0.1", True),
        ("192.0.2.7:8000", True),
        ("[::1]:8000", True),
        ("localhost:8000", True),
        ("relay.localhost", True),
        ("LOCALHOST", True),
        ("relay.example:8000", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1@evil.example", False),
        ("evil.example#localhost", False),
        ("2130706433", False),
        ("[::1", False),
        ("", False),
    ],
)
def test_names_that_no_stranger_can_own(host, verdict) -> None:
    """An address or localhost cannot be made to point here by somebody else's name server; any other name can."""
    assert names_no_domain(host) is verdict
