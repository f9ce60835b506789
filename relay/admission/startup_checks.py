"""Startup checks: a relay that strangers could use at its operator's cost does not start."""

import ipaddress

from relay.config.errors import SettingsError
from relay.config.settings import Settings


def refuse_open_relay(settings: Settings) -> None:
    """Raise `SettingsError` where strangers could spend the operator's money."""
    if settings.guarded or settings.allow_open or is_loopback(settings.host):
        return
    raise SettingsError(
        f"Anybody who reaches {settings.host} could use the relay, and your key through it.\n"
        "Say who may (`relay token` makes a token for RELAY_TOKENS; docs/admission.md has the other ways), listen on\n"
        "127.0.0.1, or say --allow-open (RELAY_ALLOW_OPEN=1) if only people you trust can reach this address."
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
