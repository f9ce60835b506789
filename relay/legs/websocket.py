"""The upstream's leg on the `websockets` library: the portable one."""

import asyncio
import logging
from collections.abc import Callable
from typing import ClassVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response
from websockets.typing import Subprotocol

from relay.core.close_codes import ABNORMAL, FAULTS, INVALID_PAYLOAD
from relay.core.events import Data
from relay.core.leg import Closed
from relay.legs.connecting import open_connection
from relay.legs.failures import Attempt, explained
from relay.legs.target import DialOptions, Target
from relay.legs.tasks import Gone, TaskLeg
from relay.legs.upgrade import UpgradeReader

CLOSE_TIMEOUT_S = 1.0
"""How long an upstream may take for a closing handshake: nobody is left to profit from a longer wait."""

# At DEBUG the library logs each frame and the Authorization header.
_log = logging.getLogger("relay.websockets")
_log.setLevel(logging.INFO)


class _Connect(connect):
    """Opens its own connections, and follows no redirect: the key was meant for the address in the settings."""

    def __init__(self, target: Target, options: DialOptions, attempt: Attempt) -> None:
        super().__init__(
            target.url,
            additional_headers=target.headers,
            subprotocols=[Subprotocol(name) for name in target.subprotocols] or None,
            user_agent_header=None,
            compression=None,
            open_timeout=options.dial_timeout_s,
            ping_interval=2 * options.beat_s,
            ping_timeout=2 * options.beat_s,
            close_timeout=CLOSE_TIMEOUT_S,
            max_size=options.max_message_bytes,
            ssl=options.tls if target.url.startswith("wss:") else None,
            logger=_log,
        )
        self._target = target
        self._options = options
        self._attempt = attempt
        self._upgrade: _Upgrade | None = None

    async def open_tcp_connection(self) -> ClientConnection:
        _, self._upgrade = await open_connection(
            self._target, lambda: _Upgrade(self.factory(self.ws_uri)), self._options, self._attempt
        )
        return self._upgrade.connection

    def process_redirect(self, exc: Exception) -> Exception | str:
        return (self._upgrade and self._upgrade.failure) or exc


class _Upgrade(UpgradeReader):
    """Gives the connection the answer once it is whole, or as much of it as there will be.

    Attributes:
        connection: waits for the answer.
        failure: why there is none.
    """

    def __init__(self, connection: ClientConnection) -> None:
        super().__init__()
        self.connection = connection
        self.failure: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.connection.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.connection.connection_lost(exc)

    def answered(self, response: Response, rest: bytes) -> None:
        self.transport.set_protocol(self.connection)
        if response.status_code == 101:
            self.connection.data_received(response.serialize() + rest)
        else:
            self.connection.data_received(counted(response).serialize())
            self.transport.abort()  # the library would wait for the upstream to hang up

    def unanswered(self, failure: Exception) -> None:
        self.failure = failure
        self.transport.set_protocol(self.connection)
        self.transport.abort()


def counted(response: Response) -> Response:
    """The response with its body as it was read, in whatever form it came."""
    headers = Headers(pair for pair in response.headers.raw_items() if pair[0].lower() not in _FORM)
    headers["Content-Length"] = str(len(response.body))
    return Response(response.status_code, response.reason_phrase, headers, response.body)


_FORM = frozenset({"transfer-encoding", "content-length", "content-encoding"})


class WebsocketLeg(TaskLeg):
    """An upstream that was dialled.

    Args:
        connection: open, and not read by anybody else.
        observe_added: is told how many seconds each message took from the peer's socket to this one's.
        redact: takes secrets out of what the upstream gives as its close reason.
    """

    flush_timeout_s: ClassVar[float] = CLOSE_TIMEOUT_S

    def __init__(
        self,
        connection: ClientConnection,
        observe_added: Callable[[float], None],
        redact: Callable[[str], str] = str,
    ) -> None:
        super().__init__(observe_added)
        self._connection = connection
        self._redact = redact

    async def receive(self) -> Data:
        try:
            return await self._connection.recv()
        except ConnectionClosed as closed:
            raise Gone(self._how(closed)) from closed

    async def transmit(self, data: Data) -> None:
        try:
            await self._connection.send(data)
        except ConnectionClosed as closed:
            raise Gone from closed

    async def shut(self, code: int, reason: str) -> None:
        await self._connection.close(code, reason)

    def abort(self) -> None:
        self._connection.transport.abort()

    def _how(self, closed: ConnectionClosed) -> Closed:
        sent, received = closed.sent, closed.rcvd
        if sent is not None and sent.code in FAULTS and not closed.rcvd_then_sent:
            return Closed(sent.code, sent.reason, ours=True)
        if isinstance(closed.__cause__, UnicodeDecodeError):  # found late, when the upstream may have hung up
            return Closed(INVALID_PAYLOAD, closed.__cause__.reason, ours=True)
        if received is None:
            return Closed(ABNORMAL)
        return Closed(received.code, self._redact(received.reason))


async def dial(
    target: Target,
    options: DialOptions,
    observe_added: Callable[[float], None],
    redact: Callable[[str], str] = str,
) -> WebsocketLeg:
    """Open the upstream's connection. Cancelling it leaves nothing open.

    Raises:
        DialFailed: with the reason; what the peer is told holds neither the address nor the key.
    """
    attempt = Attempt()
    with explained(attempt, redact):
        connection = await _Connect(target, options, attempt)
    return WebsocketLeg(connection, observe_added, redact)
