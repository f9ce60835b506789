"""The upstream's leg on the `websockets` library: the portable one, and the one that can go through a proxy."""

import logging
from collections.abc import Callable
from typing import ClassVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from relay.core.closing import ABNORMAL, TOO_BIG, Cause, Refused, ended, refused_by_upstream
from relay.core.events import Data
from relay.core.leg import Closed
from relay.legs.target import DialOptions, Target
from relay.legs.tasks import Gone, TaskLeg

CLOSE_TIMEOUT_S = 1.0
"""How long an upstream may take for a closing handshake: nobody is left to profit from a longer wait."""

# At DEBUG the library logs each frame and the Authorization header.
_log = logging.getLogger("relay.websockets")
_log.setLevel(logging.INFO)


class _Connect(connect):
    """Follows no redirect: the key was meant for the address in the settings."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


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
        if sent is not None and sent.code == TOO_BIG and not closed.rcvd_then_sent:
            return Closed(TOO_BIG, sent.reason, ours=True)
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
        Refused: with the row for what went wrong; its words hold neither the address nor the key.
    """
    try:
        connection = await _Connect(
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
    except InvalidStatus as refusal:
        raise Refused(refused_by_upstream(refusal.response.status_code)) from None
    except TimeoutError:
        raise Refused(ended(Cause.UPSTREAM_TIMEOUT)) from None
    except (OSError, InvalidHandshake, InvalidURI, EOFError) as failure:
        raise Refused(ended(Cause.UPSTREAM_UNREACHABLE)) from failure
    return WebsocketLeg(connection, observe_added, redact)
