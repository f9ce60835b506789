"""Tokens of Microsoft Entra ID, for who would rather trust the relay's machine than a key."""

import asyncio
from collections.abc import Callable, Mapping
from time import time
from typing import Protocol

from relay.config.errors import SettingsError
from relay.core.dial_failure import DialFailed, DialFailure, Phase, Reason

SCOPE = "https://ai.azure.com/.default"

RENEWED_S = 300.0
"""How long before its end a token is renewed."""


class Token(Protocol):
    """What `azure-identity` makes."""

    @property
    def token(self) -> str: ...

    @property
    def expires_on(self) -> int: ...


class EntraTokens:
    """Keeps one token for all sessions and gets another before it ends. It fetches none before the first is needed.

    Args:
        fetch: gets a token for a scope, and may block; that of the machine's identity by default.
        clock: seconds since 1970.

    Raises:
        SettingsError: `azure-identity` is not installed.
    """

    def __init__(self, fetch: Callable[[str], Token] | None = None, clock: Callable[[], float] = time) -> None:
        self._fetch = fetch or _machine_identity()
        self._clock = clock
        self._token: Token | None = None
        self._one_at_a_time = asyncio.Lock()

    async def headers(self) -> Mapping[str, str]:
        """The header that a handshake needs now.

        Raises:
            DialFailed: there is no token to be had.
        """
        async with self._one_at_a_time:
            if self._token is None or self._token.expires_on - self._clock() < RENEWED_S:
                self._token = await asyncio.to_thread(self._fetched)
            return {"Authorization": f"Bearer {self._token.token}"}

    def _fetched(self) -> Token:
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - an extra, 19 MB with the next one

        try:
            return self._fetch(SCOPE)
        except AzureError as failure:
            raise DialFailed(DialFailure(Phase.CREDENTIALS, Reason.NO_TOKEN)) from failure


def _machine_identity() -> Callable[[str], Token]:
    try:
        from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - an extra, 19 MB
    except ImportError:
        raise SettingsError(
            "upstream azure: there is no azure_api_key (AZURE_OPENAI_API_KEY), and no azure-identity to do without.\n"
            "Set the key, or install the extra: pip install 'realtime-relay[azure]'."
        ) from None
    return DefaultAzureCredential().get_token
