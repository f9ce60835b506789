"""Connections to upstreams: name, addresses, TLS, each a phase of its own.

The next address is tried while the first is still silent (RFC 8305). uvloop's `create_connection` has nothing of the
sort, so the socket is opened here, for every carrier.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import TypeVar

from aiohappyeyeballs import start_connection

from relay.core.dial_failure import Phase
from relay.legs.failures import Attempt, host_and_port
from relay.legs.target import DialOptions

NEXT_ADDRESS_S = 0.25
"""The Connection Attempt Delay that RFC 8305, 5, recommends."""

P = TypeVar("P", bound=asyncio.BaseProtocol)


async def open_socket(host: str, port: int, options: DialOptions, attempt: Attempt) -> socket.socket:
    """A TCP connection to whichever of the name's addresses answers first. Cancelling it leaves nothing open.

    Raises:
        OSError: the name has no address, or none of them takes the connection.
    """
    attempt.address = host_and_port(host, port)
    attempt.phase = Phase.NAME
    addresses = await options.resolve(host, port)
    attempt.phase = Phase.CONNECT
    sock = await start_connection(addresses, happy_eyeballs_delay=NEXT_ADDRESS_S)
    attempt.reached(sock)
    return sock


async def open_connection(
    host: str, port: int, is_secure: bool, make_protocol: Callable[[], P], options: DialOptions, attempt: Attempt
) -> tuple[asyncio.Transport, P]:
    """A connection with this protocol, behind TLS where the address asks for it. Cancelling it leaves nothing open.

    Raises:
        OSError: it could not be opened; `attempt` knows how far it came.
    """
    sock = await open_socket(host, port, options, attempt)
    attempt.phase = Phase.TLS if is_secure else Phase.UPGRADE
    try:
        opened: tuple[asyncio.Transport, P] = await asyncio.get_running_loop().create_connection(
            make_protocol,
            sock=sock,
            ssl=options.tls if is_secure else None,
            server_hostname=host if is_secure else None,
        )
    except BaseException:
        sock.close()
        raise
    attempt.phase = Phase.UPGRADE
    return opened
