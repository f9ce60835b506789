"""Tokens that expire, instead of a key."""

import sys
from dataclasses import dataclass

import pytest
from azure.core.exceptions import ClientAuthenticationError

from relay.config.errors import SettingsError
from relay.config.loading import load_settings
from relay.core.causes import Cause
from relay.core.closing import Refused
from relay.upstreams.entra import RENEWED_S, SCOPE, EntraTokens
from relay.upstreams.targets import make_upstream


@dataclass
class Token:
    token: str
    expires_on: int


class Identity:
    """Gives tokens that last an hour, and counts them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.scopes: list[str] = []

    def get_token(self, scope: str) -> Token:
        self.scopes.append(scope)
        return Token(f"t{len(self.scopes)}", int(self.now) + 3600)


async def test_a_token_serves_until_it_nearly_ends() -> None:
    """One token is fetched for all sessions, and the next one before its end."""
    identity = Identity()
    tokens = EntraTokens(identity.get_token, lambda: identity.now)
    for now, bearer in [(0, "t1"), (3600 - RENEWED_S, "t1"), (3601 - RENEWED_S, "t2")]:
        identity.now = now
        assert await tokens.headers() == {"Authorization": f"Bearer {bearer}"}
    assert identity.scopes == [SCOPE, SCOPE]


async def test_no_token_is_a_refusal() -> None:
    """Where the machine's identity is not known, the session is refused as with a wrong key."""

    def refuse(scope: str) -> Token:
        raise ClientAuthenticationError("who are you?")

    with pytest.raises(Refused) as refusal:
        await EntraTokens(refuse).headers()
    assert refusal.value.ended.cause is Cause.UPSTREAM_DENIED


def test_without_a_key_the_machine_is_asked() -> None:
    """An Azure upstream without a key has credentials for each handshake, and nothing is fetched before the first."""
    pytest.importorskip("azure.identity")
    upstream = make_upstream(load_settings(upstream="azure", azure_endpoint="https://res.openai.azure.com"))
    assert upstream is not None


def test_the_extra_may_be_missing(monkeypatch) -> None:
    """Without a key and without `azure-identity` the relay does not start, and says both ways out."""
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(SettingsError) as failure:
        make_upstream(load_settings(upstream="azure", azure_endpoint="https://res.openai.azure.com"))
    assert "AZURE_OPENAI_API_KEY" in str(failure.value)
    assert "realtime-relay[azure]" in str(failure.value)
