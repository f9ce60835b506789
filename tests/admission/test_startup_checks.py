import pytest

from relay.admission.startup_checks import is_loopback, refuse_open_relay
from relay.config.errors import SettingsError
from relay.config.loading import load_settings

SECRET = "a secret of the test, long enough"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),
     ("::", False), ("192.0.2.1", False), ("relay.example", False)],
)  # fmt: skip
def test_which_addresses_are_this_machine_only(host, loopback) -> None:
    """Only an address that no other machine can reach counts as loopback."""
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    "given",
    [
        {"host": "127.0.0.1"},
        {"host": "0.0.0.0", "allow_open": True},
        {"host": "0.0.0.0", "tokens": "rt_annas-token-0123456789"},
        {"host": "0.0.0.0", "tokens_file": "/run/secrets/tokens"},
        {"host": "0.0.0.0", "jwt": {"secret": SECRET}},
        {"host": "0.0.0.0", "ticket_secret": SECRET},
    ],
)
def test_where_the_relay_starts(given) -> None:
    """The relay starts on loopback, where it knows who may come in, or where it was told that everybody may."""
    refuse_open_relay(load_settings(**given))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "relay.example"])
def test_where_it_does_not(host) -> None:
    """Open to others, and not told that this is meant, the relay does not start, and says what to do."""
    with pytest.raises(SettingsError, match="relay token"):
        refuse_open_relay(load_settings(host=host))
