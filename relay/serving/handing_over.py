"""Connections that another worker serves: a peer that comes back may have reached the wrong one.

The worker that was reached tells the other one what the peer's handshake said and where it came from, and carries bytes
between the two from then on, whatever they are: so it goes over TLS as well, and the other one has a connection like
any other.
"""

import asyncio
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from relay.telemetry.fellow_workers import Connect

HAND_OVER = "hand_over"
"""How it is called between workers."""

FLUSH_S = 10.0
"""How long one side may take for the rest of what the other one said before it left."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a peer's handshake said, and how it came.

    Attributes:
        request: the upgrade request, as Latin-1.
        scheme, client, server: as an ASGI scope has them.
    """

    request: str
    scheme: str
    client: tuple[str, int] | None
    server: tuple[str, int | None] | None

    def told(self) -> str:
        """What the other worker is told."""
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def read(cls, told: str) -> "Handshake":
        """What another worker says.

        Raises:
            ValueError: it is of another version.
        """
        try:
            body: dict[str, Any] = orjson.loads(told)
            ends = {name: body[name] and tuple(body[name]) for name in ("client", "server")}
            return cls(**{**body, **ends})
        except (TypeError, KeyError) as failure:
            raise ValueError("no handshake") from failure


async def hand_over(transport: asyncio.Transport, handshake: Handshake, connect: Connect) -> None:
    """Carry bytes between this peer and the other worker until one of them leaves.

    Raises:
        OSError: the other worker is not to be reached; the peer is untouched.
    """
    over = asyncio.get_running_loop().create_future()
    here, there = _Side(over), _Side(over)
    there.far = transport
    here.far = await connect(HAND_OVER, handshake.told(), there)
    transport.set_protocol(here)
    try:
        await over
    finally:
        for side in (here, there):
            side.let_go()


class _Side(asyncio.Protocol):
    """Gives what comes from one side to the other, as fast as that takes it."""

    far: asyncio.Transport

    def __init__(self, over: "asyncio.Future[None]") -> None:
        self._over = over

    def data_received(self, data: bytes) -> None:
        self.far.write(data)

    def pause_writing(self) -> None:
        if not self.far.is_closing():
            self.far.pause_reading()

    def resume_writing(self) -> None:
        if not self.far.is_closing():
            self.far.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._over.done():
            self._over.set_result(None)

    def let_go(self) -> None:
        """Give the far side the rest, and then no more."""
        self.far.close()
        asyncio.get_running_loop().call_later(FLUSH_S, self.far.abort)


class Carried:
    """The transport of a connection that another worker carries to here, as one of TCP.

    picows sets options of TCP for each connection that it is given, of which a Unix socket has none.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        found = self._transport.get_extra_info(name, default)
        return _WithoutOptions(found) if name == "socket" else found


class _WithoutOptions:
    """A socket on which nothing can be set."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def setsockopt(self, *_: Any) -> None:
        """Nothing is set."""

    def getsockopt(self, *_: Any) -> int:
        return 0
