"""WebSockets to services that hear while one speaks."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import orjson

from relay.cascade.orders import Fault
from relay.cascade.services.failures import ServiceFailed, cut_off, unreachable, unreadable
from relay.config.cascade import Address
from relay.core.dial_failure import DialFailed
from relay.legs.target import DialOptions, Target
from relay.legs.tasks import Gone
from relay.legs.websocket import WebsocketLeg, dial

Dial: TypeAlias = Callable[[Address, str], Awaitable["Connection"]]
"""Opens the WebSocket at an address with this path and query."""


class Connection:
    """A WebSocket that carries JSON events.

    Args:
        leg: open, and run by nobody.
    """

    def __init__(self, address: Address, leg: WebsocketLeg) -> None:
        self._address = address
        self._leg = leg

    async def send(self, event: Mapping[str, Any]) -> None:
        """Send an event.

        Raises:
            ServiceFailed: the connection has ended.
        """
        try:
            await self._leg.transmit(orjson.dumps(event).decode())
        except Gone:
            raise cut_off(self._address) from None

    async def receive(self) -> Mapping[str, Any]:
        """The next event.

        Raises:
            ServiceFailed: the connection has ended, or what came is none.
        """
        try:
            event = orjson.loads(await self._leg.receive())
        except Gone:
            raise cut_off(self._address) from None
        except orjson.JSONDecodeError:
            event = None
        if not isinstance(event, dict):
            raise unreadable(self._address, "a message that is no event")
        return event

    def abort(self) -> None:
        """End it at once; there is nothing left to be said."""
        self._leg.abort()


def dial_with(options: DialOptions) -> Dial:
    """How services are dialled. What it does raises `ServiceFailed` where there is no connection."""

    async def open_connection(address: Address, path: str) -> Connection:
        target = Target(address.url.replace("http", "ws", 1) + path, address.headers)
        try:
            leg = await dial(target, options, lambda _: None)
        except DialFailed as failure:
            raise _refused(address, failure) from None
        return Connection(address, leg)

    return open_connection


@asynccontextmanager
async def opened(dial: Dial, address: Address, path: str) -> AsyncGenerator[Connection, None]:
    """A connection for as long as the context lasts."""
    connection = await dial(address, path)
    try:
        yield connection
    finally:
        connection.abort()


def _refused(address: Address, failure: DialFailed) -> ServiceFailed:
    how = failure.failure
    if how.status is None:
        return unreachable(address, OSError(how.reason.value.replace("_", " ")))
    fault = Fault.BUSY if how.status in {429, 503} else Fault.BROKEN if how.status >= 500 else Fault.REFUSED
    return ServiceFailed(fault, f"{address.place} answered {how.status}: {how.reason.value}", status=how.status)
