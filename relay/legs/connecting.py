"""Connections to upstreams: name, addresses, proxy, TLS, each a phase of its own.

The next address is tried while the first is still silent (RFC 8305). uvloop's `create_connection` has nothing of the
sort, so the socket is opened here, for every carrier.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import TypeVar

from websockets.uri import parse_uri

from relay.core.dial_failure import Phase
from relay.legs.addresses import open_to_first
from relay.legs.failures import Attempt, host_and_port
from relay.legs.proxies import Proxy, ask_for_tunnel, open_through_socks
from relay.legs.target import DialOptions, Target

P = TypeVar("P", bound=asyncio.BaseProtocol)


async def open_socket(host: str, port: int, options: DialOptions, attempt: Attempt) -> socket.socket:
    """A TCP connection to whichever of the name's addresses answers first. Cancelling it leaves nothing open.

    Raises:
        OSError: the name has no address, or none of them takes the connection.
    """
    attempt.address = host_and_port(host, port)
    attempt.phase = Phase.NAME

    def resolved() -> None:
        attempt.phase = Phase.CONNECT

    sock = await open_to_first(host, port, options.resolve, resolved)
    attempt.reached(sock)
    return sock


async def open_connection(
    target: Target, make_protocol: Callable[[], P], options: DialOptions, attempt: Attempt
) -> tuple[asyncio.Transport, P]:
    """A connection with this protocol, behind TLS where the address asks for it. Cancelling it leaves nothing open.

    Raises:
        OSError, InvalidHandshake: it could not be opened; `attempt` knows how far it came.
    """
    uri = parse_uri(target.url)
    sock = await _open_way(
        uri.host, uri.port, None if target.is_local else options.proxy_for(target.url), options, attempt
    )
    attempt.phase = Phase.TLS if uri.secure else Phase.UPGRADE
    try:
        opened: tuple[asyncio.Transport, P] = await asyncio.get_running_loop().create_connection(
            make_protocol,
            sock=sock,
            ssl=options.tls if uri.secure else None,
            server_hostname=uri.host if uri.secure else None,
        )
    except BaseException:
        sock.close()
        raise
    attempt.phase = Phase.UPGRADE
    return opened


async def _open_way(host: str, port: int, proxy: Proxy | None, options: DialOptions, attempt: Attempt) -> socket.socket:
    """A TCP connection that ends at the upstream, by way of a proxy where there is one."""
    if proxy is None:
        return await open_socket(host, port, options, attempt)
    attempt.is_at_proxy = True
    if proxy.is_socks:
        attempt.phase, attempt.address = Phase.PROXY, host_and_port(proxy.host, proxy.port)
        sock = await open_through_socks(proxy, host, port)
    else:
        sock = await open_socket(proxy.host, proxy.port, options, attempt)
        await ask_for_tunnel(proxy, sock, host, port)
    attempt.is_at_proxy, attempt.address = False, host_and_port(host, port)
    return sock
