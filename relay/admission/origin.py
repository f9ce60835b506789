"""Which pages may open a session.

A browser lets any page on the web open a WebSocket to any address it can reach, this machine's included, and sends
the page's `Origin` with it. Peers that are no browsers send none.
"""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

ANY = "*"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_allowed(origin: str | None, host: str, allowed: Sequence[str]) -> bool:
    """Whether a peer with this `Origin` may connect: none, the relay's own, or one on the list.

    Args:
        origin: the `Origin` header, or None where the peer sent none.
        host: the `Host` header, which is the relay's own name as the page sees it; empty where it proves nothing.
        allowed: origins as browsers write them (`https://example.org`), or `*` for any.
    """
    if origin is None or ANY in allowed or origin in allowed:
        return True
    scheme, _, authority = origin.partition("://")
    return bool(authority) and _authority(scheme, authority) == _authority(scheme, host)


def names_no_domain(host: str) -> bool:
    """Whether the `Host` is localhost or an address, so that no stranger's domain can stand for it."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or name.endswith(".localhost") or bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def _authority(scheme: str, host: str) -> str:
    """The host with its port, where that is not the scheme's own."""
    return host.lower().removesuffix(f":{_DEFAULT_PORTS.get(scheme)}")
