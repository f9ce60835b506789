"""Forward proxies on the way to an upstream: one rule for sessions and calls.

`https_proxy` is for `wss://` and `https://` addresses, `http_proxy` for `ws://` and `http://`, `all_proxy` for what is
left; none is used for what `no_proxy` names. A name in lower case goes before the same in upper case, also where it is
empty. Nothing else is asked: no setting of the desktop, no `.netrc`. Where one of `NOT_READ` stands alone, with which
other programs would find a proxy, the start says so, rather than pass it by.
"""

import asyncio
import base64
import ipaddress
import os
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from python_socks import ProxyError, ProxyType
from python_socks.async_.asyncio import Proxy as SocksProxy
from websockets.exceptions import InvalidHandshake

VARIABLES = ("https_proxy", "http_proxy", "all_proxy")

NOT_READ: Mapping[str, str] = MappingProxyType(
    {"wss_proxy": "https_proxy", "ws_proxy": "http_proxy", "socks_proxy": "all_proxy"}
)
"""Variables of other programs, and the one that says the same here."""

_PORTS = {"http": 80, "socks5": 1080, "socks5h": 1080}
_BY_SCHEME = {"wss": "https_proxy", "https": "https_proxy", "ws": "http_proxy", "http": "http_proxy"}
_ANSWER = re.compile(rb"HTTP/1\.[01] (\d{3})\b")
_HEAD_END = b"\r\n\r\n"
_HEAD_LIMIT_BYTES = 16 * 1024


class TunnelRefused(InvalidHandshake):
    """The proxy lets nobody through, or is none."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A forward proxy. The user and password are not shown.

    Attributes:
        url: all of it in one, for libraries that take it so.
    """

    scheme: str
    host: str
    port: int
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    url: str = field(default="", repr=False)

    @property
    def is_socks(self) -> bool:
        return self.scheme.startswith("socks")


def proxy_for(url: str, environment: Mapping[str, str] | None = None) -> Proxy | None:
    """The proxy that the environment names for an address, or None.

    Raises:
        ValueError: what it names is no proxy.
    """
    environment = os.environ if environment is None else environment
    parts = urlsplit(url)
    named = _value(environment, _BY_SCHEME[parts.scheme]) or _value(environment, "all_proxy")
    port = parts.port or (443 if parts.scheme in {"wss", "https"} else 80)
    if not named or _is_excepted(parts.hostname or "", port, _value(environment, "no_proxy")):
        return None
    return read_proxy(named)


def proxies_in(environment: Mapping[str, str]) -> Iterator[tuple[str, Proxy]]:
    """Each proxy that the environment names, by the variable's name in lower case.

    Raises:
        ValueError: one of them is none, or stands in a variable that is not read; the words name it and do not quote
            it, since it may hold a password.
    """
    for name, right in NOT_READ.items():
        if _value(environment, name) and not (_value(environment, right) or _value(environment, "all_proxy")):
            raise ValueError(f"{name}: is not read. Write {right} for the same.")
    for name in VARIABLES:
        if value := _value(environment, name):
            try:
                yield name, read_proxy(value)
            except ValueError as failure:
                raise ValueError(f"{name}: {failure}") from None


def read_proxy(value: str) -> Proxy:
    """A proxy's address, `http://` where it has no scheme.

    Raises:
        ValueError: it is none.
    """
    url = value if "://" in value else f"http://{value}"
    parts = urlsplit(url)
    if parts.scheme == "https":
        raise ValueError("proxies that are spoken to in TLS are not supported. Write http://HOST:PORT.")
    if parts.scheme in {"socks", "socks4", "socks4a"}:
        raise ValueError("SOCKS is spoken in version 5 alone. Write socks5://HOST:PORT, or socks5h://HOST:PORT.")
    if parts.scheme not in _PORTS:
        raise ValueError("a proxy's address begins with http://, socks5:// or socks5h://")
    try:
        port = parts.port or _PORTS[parts.scheme]
    except ValueError:
        raise ValueError("the port of the proxy's address is no number from 1 to 65535") from None
    if not parts.hostname or re.search(r"\s", value) or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("this is no proxy's address: write it as http://HOST:PORT")
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Proxy(parts.scheme, parts.hostname, port, username, password, f"{parts.scheme}://{parts.netloc}")


async def ask_for_tunnel(proxy: Proxy, sock: socket.socket, host: str, port: int) -> None:
    """Have an HTTP proxy connect an open connection on (RFC 9110, 9.3.6); it is closed where this fails.

    Raises:
        TunnelRefused: the proxy does not let through, or is none.
        OSError: it hung up.
    """
    try:
        await _connect(proxy, sock, host, port)
    except BaseException:
        sock.close()
        raise


async def open_through_socks(proxy: Proxy, host: str, port: int) -> socket.socket:
    """A connection by way of a SOCKS proxy. Cancelling it leaves nothing open.

    Raises:
        TunnelRefused: the proxy does not let through.
        OSError: it cannot be reached.
    """
    user, password = proxy.username or None, proxy.password or None
    looks_up = proxy.scheme == "socks5h"
    socks = SocksProxy(ProxyType.SOCKS5, proxy.host, proxy.port, user, password, rdns=looks_up)
    try:
        return await socks.connect(host, port)
    except ProxyError as failure:
        raise TunnelRefused(str(failure)) from None


async def _connect(proxy: Proxy, sock: socket.socket, host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
    if proxy.username:
        pair = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {pair}")
    await loop.sock_sendall(sock, "\r\n".join(lines).encode() + _HEAD_END)
    head = b""  # nothing comes through the tunnel before we speak
    while _HEAD_END not in head:
        came = await loop.sock_recv(sock, 4096)
        head += came
        if not came or len(head) > _HEAD_LIMIT_BYTES:
            break
    answer = _ANSWER.match(head)
    if answer is None or _HEAD_END not in head:
        raise TunnelRefused("the proxy did not answer as an HTTP proxy does")
    if not answer[1].startswith(b"2"):
        raise TunnelRefused(f"the proxy answered with HTTP status {answer[1].decode()}")


def _value(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name, environment.get(name.upper(), "")).strip()


def _is_excepted(host: str, port: int, no_proxy: str) -> bool:
    """Whether `no_proxy` names the host: itself, a domain above it, its network, or `*`; perhaps with a port."""
    return any(_matches(entry.lower(), host, port) for entry in re.split(r"[,\s]+", no_proxy) if entry)


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    address = _address(host)
    if address is not None and (network := _network(entry)) is not None:
        return address in network
    name, colon, only_port = entry.rpartition(":")
    if colon and only_port.isdigit() and (":" not in name or name.endswith("]")):
        if int(only_port) != port:
            return False
        entry = name
    entry = entry.strip("[]").removeprefix("*").lstrip(".")
    return host == entry or (address is None and host.endswith(f".{entry}"))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None
