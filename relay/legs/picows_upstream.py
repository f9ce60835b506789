"""The upstream's leg on picows, and how it is dialled."""

import asyncio
import sys
from collections.abc import Callable
from typing import ClassVar

from picows import WSError, WSInvalidStatusError
from picows.url import WSParsedURL, parse_url

from relay.core.closing import Cause, Refused, ended, refused_by_upstream
from relay.legs.heartbeat import BEAT_S
from relay.legs.picows import PicowsLeg
from relay.legs.picows_protocol import make_protocol
from relay.legs.target import DialOptions, Target


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
        Refused: with the row for what went wrong; its words hold neither the address nor the key.
    """
    leg = PicowsUpstream(options.max_message_bytes, observe_added, redact, options.beat_s)
    try:
        async with asyncio.timeout(options.dial_timeout_s):
            await _shake_hands(parse_url(target.url), target, options, leg)
    except WSInvalidStatusError as refusal:
        status = refusal.response.status if refusal.response is not None else 502
        raise Refused(refused_by_upstream(int(status))) from None
    except TimeoutError:
        raise Refused(ended(Cause.UPSTREAM_TIMEOUT)) from None
    except (OSError, WSError) as failure:
        raise Refused(ended(Cause.UPSTREAM_UNREACHABLE)) from failure
    return leg


async def _shake_hands(url: WSParsedURL, target: Target, options: DialOptions, leg: PicowsLeg) -> None:
    headers = dict(target.headers)
    if target.subprotocols:
        headers["Sec-WebSocket-Protocol"] = ", ".join(target.subprotocols)
    transport, protocol = await asyncio.get_running_loop().create_connection(
        lambda: make_protocol(leg, options.max_message_bytes, url, headers),
        url.host,
        url.port,
        ssl=options.tls if url.is_secure else None,
    )
    try:
        await protocol.wait_until_handshake_complete()
        if protocol.listener is None:
            raise WSError("the connection ended during the handshake")
    except BaseException:
        transport.abort()
        raise
