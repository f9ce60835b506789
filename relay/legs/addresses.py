"""Which of a name's addresses to connect to: whichever answers first, of both families (RFC 8305).

Both families are asked for at once, since a resolver may be slow with one of them, or silent. Whoever has an address
connects; what is learnt later joins the race.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohappyeyeballs import AddrInfoType, start_connection

Resolve = Callable[[str, int, socket.AddressFamily], Awaitable[Sequence[AddrInfoType]]]
"""The addresses of a name for a port, of one family or of either, the best first."""

NEXT_ADDRESS_S = 0.25
"""The Connection Attempt Delay that RFC 8305, 5, recommends."""

OTHER_FAMILY_S = 0.05
"""The Resolution Delay of RFC 8305, 3: how long the first address of IPv4 waits for one of IPv6."""

Lookup = asyncio.Future[Sequence[AddrInfoType]]


async def resolve(host: str, port: int, family: socket.AddressFamily) -> Sequence[AddrInfoType]:
    """The addresses that the system knows for a name, in its order (RFC 6724).

    Raises:
        socket.gaierror: the name has none, or nobody answered for it.
    """
    return await asyncio.get_running_loop().getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)


async def open_to_first(host: str, port: int, resolve: Resolve, resolved: Callable[[], None]) -> socket.socket:
    """A TCP connection to whichever of the name's addresses answers first. Cancelling it leaves nothing open.

    Args:
        resolved: is called when there is an address to connect to.

    Raises:
        OSError: the name has no address, or none of them takes the connection.
    """
    if _is_literal(host):
        found = await resolve(host, port, socket.AF_UNSPEC)
        resolved()
        return await start_connection(found, happy_eyeballs_delay=NEXT_ADDRESS_S)
    lookups = [asyncio.ensure_future(resolve(host, port, family)) for family in (socket.AF_INET6, socket.AF_INET)]
    try:
        await _some_answer(*lookups)
        resolved()
        return await _race(lookups)
    finally:
        await _end(lookups)


async def _some_answer(six: Lookup, four: Lookup) -> None:
    """Wait until there is an address, or none to be had.

    Raises:
        socket.gaierror: there is none.
    """
    await asyncio.wait({six, four}, return_when=asyncio.FIRST_COMPLETED)
    if not six.done():
        await asyncio.wait({six}, timeout=OTHER_FAMILY_S)
    if not _addresses([six, four]):
        await asyncio.wait({six, four})
    if not _addresses([six, four]):
        failures = [lookup.exception() for lookup in (four, six)]
        gone = (failure for failure in failures if isinstance(failure, OSError))
        first = next(gone, None) or socket.gaierror(socket.EAI_NONAME, "the name has no address")
        raise next((one for one in gone if one.errno == socket.EAI_AGAIN), first)


async def _race(lookups: Sequence[Lookup]) -> socket.socket:
    """Connect to what is known, and to what is learnt of the other family meanwhile, each as the library races it."""
    late = next((lookup for lookup in lookups if not lookup.done()), None)
    known = asyncio.ensure_future(start_connection(_addresses(lookups), happy_eyeballs_delay=NEXT_ADDRESS_S))
    racers = [known] if late is None else [known, asyncio.ensure_future(_follow(late, known))]
    won: socket.socket | None = None
    try:
        pending: set[asyncio.Future[socket.socket]] = set(racers)
        while pending and won is None:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            won = next((one.result() for one in done if one.exception() is None), None)
        if won is None:
            raise known.exception() or OSError("no address takes the connection")
        return won
    finally:
        await _end(racers)
        for one in racers:
            if not one.cancelled() and one.exception() is None and one.result() is not won:
                one.result().close()


async def _follow(late: Lookup, known: asyncio.Future[socket.socket]) -> socket.socket:
    """Connect to what a lookup brings, once those that were known before have had their time."""
    began = asyncio.get_running_loop().time()
    found = await late
    rest_s = NEXT_ADDRESS_S - (asyncio.get_running_loop().time() - began)
    if rest_s > 0:
        await asyncio.wait({known}, timeout=rest_s)
    return await start_connection(found, happy_eyeballs_delay=NEXT_ADDRESS_S)


def _addresses(lookups: Sequence[Lookup]) -> list[AddrInfoType]:
    """What is known by now, the best first."""
    found = (lookup.result() for lookup in lookups if lookup.done() and lookup.exception() is None)
    return [address for addresses in found for address in addresses]


async def _end(tasks: Sequence[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
