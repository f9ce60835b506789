"""The endpoint that is checked, and how it is reached."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to connect, as whom, and what to expect there.

    Attributes:
        token: a credential, sent as `Authorization: Bearer`; never shown.
        subprotocols: offered with each handshake.
        echoes: whether what stands behind the endpoint says everything back.
        costly: whether a short answer may be asked for.
        patience_s: how long a pong or the answer to a close may take.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    subprotocols: tuple[str, ...] = ()
    tls: SSLContext | None = None
    echoes: bool = False
    costly: bool = False
    patience_s: float = 5.0

    @asynccontextmanager
    async def connect(self, *more_subprotocols: str) -> AsyncIterator[ClientConnection]:
        """A connection on which nothing is compressed, pinged or too large; one that disappoints is cut, not closed."""
        headers = dict(self.headers)
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        async with connect(
            self.url,
            additional_headers=headers,
            subprotocols=list(map(Subprotocol, self.subprotocols + more_subprotocols)) or None,
            ssl=self.tls,
            compression=None,
            max_size=None,
            ping_interval=None,
            close_timeout=self.patience_s,
            proxy=None,
        ) as connection:
            try:
                yield connection
            except BaseException:
                connection.transport.abort()
                raise

    @asynccontextmanager
    async def session(self) -> AsyncIterator["Talk"]:
        """A connection whose first event has been read."""
        async with self.connect() as connection:
            talk = Talk(connection)
            await talk.event()
            yield talk


class Talk:
    """Events to and from an endpoint."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, kind: str, **fields: Any) -> None:
        await self.connection.send(json.dumps({"type": kind, **fields}))

    async def event(self) -> Event:
        """The next event.

        Raises:
            ValueError: the next message is none.
        """
        message = await self.connection.recv()
        event = json.loads(message) if isinstance(message, str) else None
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            raise ValueError("a message that is no event")  # noqa: TRY004 - it is what was said, not a call's mistake
        return event

    async def until(self, *kinds: str) -> Event:
        """The next event of one of these types."""
        while True:
            event = await self.event()
            if event["type"] in kinds:
                return event


def address(url: str, model: str | None) -> str:
    """The WebSocket address that is meant: `http` counts as `ws`, a bare host gets the API's path."""
    parts = urlsplit(url if "://" in url else f"ws://{url}")
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    path = parts.path if parts.path.strip("/") else "/v1/realtime"
    query = parts.query
    if model is not None:
        query = f"{query}&model={model}".lstrip("&")
    return urlunsplit((scheme, parts.netloc, path, query, ""))


def silence(seconds: float) -> str:
    """Base64 of PCM16 at 24 kHz."""
    return base64.b64encode(bytes(2 * round(24_000 * seconds))).decode()
