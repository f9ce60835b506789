"""The upstream's leg on picows, and how it is dialled."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any, ClassVar

from picows.url import WSParsedURL, parse_url
from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri
from websockets.utils import accept_key

from relay.legs.connecting import open_connection
from relay.legs.failures import Attempt, explained
from relay.legs.heartbeat import BEAT_S
from relay.legs.picows import PicowsLeg
from relay.legs.picows_protocol import feed, make_protocol
from relay.legs.target import DialOptions, Target
from relay.legs.upgrade import UpgradeReader


class PicowsUpstream(PicowsLeg):
    """An upstream that was dialled.

    Args:
        redact: takes secrets out of what the upstream gives as its close reason.
    """

    __slots__ = ("_redact",)
    flush_timeout_s: ClassVar[float] = 1.0  # nobody is left to profit from a longer wait
    most_copied: ClassVar[int] = sys.maxsize  # a client masks every message in a copy

    def __init__(
        self,
        max_message_bytes: int,
        observe_added: Callable[[float], None],
        redact: Callable[[str], str],
        beat_s: float = BEAT_S,
    ) -> None:
        super().__init__(max_message_bytes, observe_added, beat_s)
        self._redact = redact

    def _redacted(self, reason: str) -> str:
        return self._redact(reason)


async def dial(
    target: Target,
    options: DialOptions,
    observe_added: Callable[[float], None],
    redact: Callable[[str], str] = str,
) -> PicowsUpstream:
    """Open the upstream's connection. Cancelling it leaves nothing open.

    Raises:
        DialFailed: with the reason; what the peer is told holds neither the address nor the key.
    """
    leg = PicowsUpstream(options.max_message_bytes, observe_added, redact, options.beat_s)
    attempt = Attempt()
    with explained(attempt, redact):
        async with asyncio.timeout(options.dial_timeout_s):
            await _shake_hands(parse_url(target.url), target, options, leg, attempt)
    return leg


async def _shake_hands(
    url: WSParsedURL, target: Target, options: DialOptions, leg: PicowsLeg, attempt: Attempt
) -> None:
    headers = dict(target.headers)
    if target.subprotocols:
        headers["Sec-WebSocket-Protocol"] = ", ".join(target.subprotocols)
    transport, upgrade = await open_connection(
        target,
        lambda: _Upgrade(make_protocol(leg, options.max_message_bytes, url, headers), target),
        options,
        attempt,
    )
    try:
        failure = await upgrade.outcome
    except BaseException:
        transport.abort()
        raise
    if failure is not None:
        transport.abort()
        raise failure


class _Upgrade(UpgradeReader):
    """Puts picows in its place once the upstream has switched protocols.

    Attributes:
        outcome: what is wrong with the upstream's answer; None where nothing is.
    """

    def __init__(self, protocol: Any, target: Target) -> None:
        super().__init__()
        self.outcome: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self._protocol = protocol
        self._target = target

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._protocol.connection_made(transport)  # sends the request

    def answered(self, response: Response, rest: bytes) -> None:
        failure = self._wrong_in(response)
        if failure is None:
            self.transport.set_protocol(self._protocol)
            feed(self._protocol, _SWITCHED % response.headers["Sec-WebSocket-Accept"].encode())
            feed(self._protocol, rest)
        self._tell(failure)
        if failure is None:
            self.let_go()

    def unanswered(self, failure: Exception) -> None:
        self._tell(failure)

    def let_go(self) -> None:
        super().let_go()
        del self._protocol, self._target

    def _wrong_in(self, response: Response) -> Exception | None:
        """What `websockets` finds wrong in the answer to picows' request: one judgement on both carriers."""
        if response.status_code != 101:
            return InvalidStatus(response)
        key = self._protocol.transport.request.headers["Sec-WebSocket-Key"]
        if _is_plain(response.headers, key):
            return None
        names = [Subprotocol(name) for name in self._target.subprotocols]
        judge = ClientProtocol(parse_uri(self._target.url), subprotocols=names or None)
        judge.key = key
        try:
            judge.process_response(response)
        except InvalidHandshake as failure:
            return failure
        return None

    def _tell(self, failure: Exception | None) -> None:
        if not self.outcome.done():  # else nobody waits any more
            self.outcome.set_result(failure)


def _is_plain(headers: Headers, key: str) -> bool:
    """Whether an answer to that key says what has to be said, in the words that most use, and chooses nothing."""
    return (
        headers.get_all("Connection") in (["Upgrade"], ["upgrade"])
        and headers.get_all("Upgrade") == ["websocket"]
        and headers.get_all("Sec-WebSocket-Accept") == [accept_key(key)]
        and "Sec-WebSocket-Protocol" not in headers
        and "Sec-WebSocket-Extensions" not in headers
    )


_SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
)
"""What picows has to see of the answer: the one spelling that it takes."""
