"""Where an upstream is, and what bounds its connection."""

import os
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from relay.core.dialect import Table
from relay.legs.addresses import Resolve, resolve
from relay.legs.heartbeat import BEAT_S
from relay.legs.proxies import Proxy, proxy_for


@dataclass(frozen=True, slots=True)
class Target:
    """Where to dial and with what. The headers hold the key, so they are not shown.

    Attributes:
        credentials: makes further headers, for tokens that expire.
        dialect: what is spoken there; None for GA.
        provider: its name, for the log.
        advice: what the operator does when it refuses the relay.
        calls_url: where calls are made; None where there are none.
        is_local: whether it is in this process, to which no proxy leads.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    subprotocols: tuple[str, ...] = ()
    credentials: Callable[[], Awaitable[Mapping[str, str]]] | None = None
    dialect: Table | None = None
    provider: str = ""
    advice: str = ""
    calls_url: str | None = None
    is_local: bool = False


def system_trust() -> ssl.SSLContext:
    """The authorities of the system, or of SSL_CERT_FILE and SSL_CERT_DIR, read once: it takes some 40 ms."""
    return _trust(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _trust(file: str | None, folder: str | None) -> ssl.SSLContext:
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class DialOptions:
    """What bounds upstream connections; one for all of them.

    Attributes:
        max_message_bytes: a larger message fails the connection.
        dial_timeout_s: longest wait for the whole handshake, name and TLS included.
        beat_s: see `relay.legs.heartbeat`.
        tls: whom to believe that it is the upstream.
        resolve: looks up names.
        proxy_for: the forward proxy on the way to an address.
    """

    max_message_bytes: int
    dial_timeout_s: float = 10.0
    beat_s: float = BEAT_S
    tls: ssl.SSLContext = field(default_factory=system_trust, repr=False)
    resolve: Resolve = resolve
    proxy_for: Callable[[str], Proxy | None] = proxy_for
