import pytest

from relay.admission.origin import origin_allowed


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
