"""What a leg needs of picows besides frames: its protocol set up, fragments put together, how a connection ended."""

import contextlib
import logging
from collections.abc import Callable
from typing import Any, cast

from picows import WSAutoPingStrategy, WSError, WSFrame, WSMsgType, WSProtocolError, WSTransport
from picows.picows import WSCloseHandshake, WSProtocol  # type: ignore[attr-defined]
from picows.url import WSParsedURL

from relay.core.close_codes import ABNORMAL, FAULTS, INVALID_PAYLOAD, NO_CODE, PROTOCOL_ERROR, TOO_BIG
from relay.core.events import Data
from relay.core.leg import Closed
from relay.legs.heartbeat import BEAT_S
from relay.legs.lanes import WHY_NOT, LaneListener, before_picows

READ_BUFFER_BYTES = 4096 if WHY_NOT else 2048
"""What an idle connection holds; picows doubles it when frames are larger. With a lane it sees few of them."""

READ_LIMIT_BYTES = 16 * 1024
"""What is read at a time, since all frames in it are dealt with in a row: some 2,700 at most, of 6 bytes each.

Without it picows fills whatever room there is, and a large message has made much.
"""


class _PatientProtocol(WSProtocol):  # type: ignore[misc]
    def get_buffer(self, size_hint: int) -> memoryview:
        room: memoryview = super().get_buffer(size_hint)
        return room[:READ_LIMIT_BYTES]


class _Silent(logging.LoggerAdapter[logging.Logger]):
    """picows would log addresses, and a peer's every mistake as an error; the session's own line tells both."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - the library's name
        return False


_SILENT = _Silent(logging.getLogger("relay.picows"), {})


def make_protocol(
    leg: LaneListener,
    max_message_bytes: int,
    url: WSParsedURL | None = None,
    headers: dict[str, str] | None = None,
    answer: Callable[[Any], Any] | None = None,
) -> Any:
    """A leg's protocol on picows: a client's with `url`, a server's with `answer`, which makes its response.

    To be fed with the handshake first, and with what came behind it after that.
    """
    make = _PatientProtocol if WHY_NOT else WSProtocol  # the lane's protocol is as patient
    protocol = make(
        url.netloc if url else None,
        url.resource_name if url else None,
        url is not None,
        answer or (lambda *_: leg),
        _SILENT,
        True,  # an exception of `on_ws_frame` fails the connection
        None,  # the handshake's timeout is the caller's
        False,  # pings are ours
        BEAT_S,
        BEAT_S,
        WSAutoPingStrategy.PING_WHEN_IDLE,
        False,  # pongs too
        max_message_bytes,
        headers,
        READ_BUFFER_BYTES,
    )
    return before_picows(protocol, leg)


def feed(protocol: Any, data: bytes) -> None:
    """Give data to an `asyncio.BufferedProtocol` as a transport would."""
    while data:
        view = protocol.get_buffer(-1)
        taken = min(len(view), len(data))
        view[:taken] = data[:taken]
        protocol.buffer_updated(taken)
        data = data[taken:]


class Fragments:
    """The message that is being put together, if any.

    Args:
        most_bytes: a larger message fails the connection with 1009.
    """

    __slots__ = ("_kind", "_most_bytes", "_parts")

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._parts: bytearray | None = None
        self._kind = WSMsgType.BINARY

    @property
    def begun(self) -> bool:
        return self._parts is not None

    def add(self, frame: WSFrame) -> Data | None:
        """Take a text, binary or continuation frame; returns the message once it is whole.

        Raises:
            WSProtocolError: a fragment is out of order, the message is too large, or its text is not UTF-8.
        """
        if (frame.msg_type == WSMsgType.CONTINUATION) == (self._parts is None):
            raise WSProtocolError(PROTOCOL_ERROR, "a fragment out of order")
        if self._parts is None:
            self._parts, self._kind = bytearray(), frame.msg_type
        self._parts += frame.get_payload_as_memoryview()
        if len(self._parts) > self._most_bytes:
            raise WSProtocolError(TOO_BIG, "message too big")
        if not frame.fin:
            return None
        whole, self._parts = self._parts, None
        return _decoded(whole) if self._kind == WSMsgType.TEXT else bytes(whole)


def _decoded(data: bytearray) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise WSProtocolError(INVALID_PAYLOAD, "text that is not UTF-8") from None


def how_closed(transport: WSTransport, redact: Callable[[str], str]) -> Closed:
    """How a connection that has ended did so."""
    handshake: WSCloseHandshake | None = transport.close_handshake
    if handshake is None:
        return Closed(ABNORMAL)
    sent, received = handshake.sent, handshake.recv
    if sent is not None and not handshake.recv_then_sent:
        fault = int(cast("int", sent.code))  # an enum's member there
        if fault in FAULTS:
            return Closed(fault, sent.reason, ours=True)
    if received is None:
        return Closed(ABNORMAL)
    return Closed(int(cast("int", received.code)) or NO_CODE, redact(received.reason or ""))


async def retrieve_fault(transport: WSTransport) -> None:
    """Take a client's fault out of the future in which picows keeps it; unseen, it would be reported as lost."""
    with contextlib.suppress(WSError):
        await transport.wait_disconnected()
