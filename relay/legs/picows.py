"""Legs on picows: a message goes from one socket to the other inside one callback, with no task and no queue between.

picows parses and masks frames in compiled code and calls `on_ws_frame` for each; what RFC 6455 asks for beyond a single
frame (fragments, reserved bits, UTF-8, the closing handshake) is done here.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any, ClassVar, cast

from picows import (
    WSAutoPingStrategy,
    WSError,
    WSFrame,
    WSListener,
    WSMsgType,
    WSProtocolError,
    WSTransport,
)
from picows.picows import WSCloseHandshake, WSProtocol  # type: ignore[attr-defined]
from picows.url import WSParsedURL

from relay.core.closing import ABNORMAL, INVALID_PAYLOAD, NO_CODE, PROTOCOL_ERROR, TOO_BIG
from relay.core.events import Data
from relay.core.leg import Closed, Listener
from relay.legs.heartbeat import BEAT_S, Heartbeat

READ_BUFFER_BYTES = 4096
"""What an idle connection holds; picows doubles it when frames are larger."""

PONG_LIMIT_BYTES = 64 * 1024
"""Pings of an end that does not read go unanswered above this: only the latest needs an answer (RFC 6455, 5.5.3)."""

HEADER_ROOM = 14
"""What picows wants free before a payload, to write the frame's header into."""

_TEXT, _BINARY, _CONTINUATION = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION
_PING, _CLOSE = WSMsgType.PING, WSMsgType.CLOSE


class _Silent(logging.LoggerAdapter[logging.Logger]):
    """picows would log addresses, and a peer's every mistake as an error; the session's own line tells both."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - the library's name
        return False


_SILENT = _Silent(logging.getLogger("relay.picows"), {})


def _unobserved(seconds: float) -> None:
    """Nobody wants to know."""


class PicowsLeg(WSListener):
    """One end's connection on picows.

    What arrives before `listen` or `run` is kept, and reading is paused until then.

    Attributes:
        observe_added: is told how many seconds each message took from the other leg's socket to this one's.
        over: done when the connection has ended.

    Args:
        max_message_bytes: a larger message, whole or in fragments, fails the connection with 1009.
        beat_s: see `Heartbeat`.
    """

    flush_timeout_s: ClassVar[float]
    """How long the other end may take for what was sent before its close, and for its answer to it."""

    most_copied: ClassVar[int]
    """The longest message, in characters or bytes, that picows copies when it sends it."""

    # Attributes in slots are read several times for each message, and faster than from a dictionary.
    __slots__ = (
        "_beat_s", "_buffered_bytes", "_closed", "_closing", "_congested", "_early", "_failed", "_fragments",
        "_fragments_kind", "_give_up", "_heartbeat", "_listener", "_max_message_bytes", "_on_message", "_paused",
        "_retrieval", "_socket", "_transmit", "_transport", "observe_added", "over",
    )  # fmt: skip

    def __init__(
        self, max_message_bytes: int, observe_added: Callable[[float], None] = _unobserved, beat_s: float = BEAT_S
    ) -> None:
        self.observe_added = observe_added
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._max_message_bytes = max_message_bytes
        self._beat_s = beat_s
        self._early: list[Data] = []
        self._on_message: Callable[[Data, float], None] = self._keep
        self._listener: Listener | None = None
        self._fragments: bytearray | None = None
        self._fragments_kind = _BINARY
        self._congested = False
        self._paused = False
        self._closing = False
        self._closed: Closed | None = None
        self._give_up: asyncio.TimerHandle | None = None
        self._transport: WSTransport
        self._heartbeat: Heartbeat

    # What the session asks for.

    @property
    def buffered_bytes(self) -> int:
        return self._buffered_bytes()

    def send(self, data: Data, received_at: float) -> int:
        if self._closing:
            return 0
        if len(data) <= self.most_copied:
            self._transmit(_TEXT if data.__class__ is str else _BINARY, data)
        else:
            self._transmit_large(data)
        self.observe_added(monotonic() - received_at)
        return self._buffered_bytes() if self._congested else 0

    def close(self, code: int, reason: str) -> None:
        if not self._closing:
            self._closing = True
            self._on_message = _ignore
            self._transport.send_close(code, reason)  # type: ignore[arg-type]
            self._give_up = asyncio.get_running_loop().call_later(self.flush_timeout_s, self.abort)
            self.resume_reading()  # the answer to the close has to be seen

    def pause_reading(self) -> None:
        self._paused = True
        self._read(False)

    def resume_reading(self) -> None:
        self._paused = False
        self._read(True)

    # What the relay around the session asks for.

    async def run(self, listener: Listener) -> None:
        """Serve the connection until it has ended, and raise what the listener raised. The owner aborts it then."""
        self.listen(listener)
        await asyncio.wait({self.over, self._failed}, return_when=asyncio.FIRST_COMPLETED)
        if self._failed.done():
            self._failed.result()

    def listen(self, listener: Listener) -> None:
        """Tell `listener` what arrived so far, and from now on what arrives."""
        self._listener = listener
        self._on_message = listener.on_message
        for data in self._early:
            self._deliver(data, monotonic())
        self._early.clear()
        if self._closed is None:
            self._read(not self._paused)
        else:
            listener.on_closed(self._closed, monotonic())

    def put_back(self, unread: Iterable[Data]) -> None:
        """Keep these messages, and those that come now, for whoever listens next."""
        self._early.extend(unread)
        self._listener = None
        self._paused = False
        if not self._closing:
            self._on_message = self._keep
            self._read(False)

    def abort(self) -> None:
        """Let go of the connection, closed or not."""
        self._socket.abort()

    # What picows calls.

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self._transmit = transport.send
        self._socket = transport.underlying_transport
        self._buffered_bytes = self._socket.get_write_buffer_size
        self._heartbeat = Heartbeat(transport.send_ping, self.abort, self._beat_s)
        self._read(False)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        now = monotonic()
        self._heartbeat.heard = True
        kind = frame.msg_type
        if kind == _TEXT and frame.fin and self._fragments is None and not (frame.rsv1 or frame.rsv2 or frame.rsv3):
            try:
                data = frame.get_payload_as_utf8_text()
            except UnicodeDecodeError:
                raise WSProtocolError(INVALID_PAYLOAD, "text that is not UTF-8") from None
            if len(data) > self._max_message_bytes:
                return  # picows has failed the connection over its size, and hands it out all the same
            try:
                self._on_message(data, now)
            except BaseException as failure:  # carried to whoever waits in `run`
                self._fail(failure)
        else:
            self._other_frame(frame, kind, now)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._closing = True
        self._heartbeat.stop()
        if self._give_up is not None:
            self._give_up.cancel()
        self._closed = self._how(transport)
        if self._closed.ours:
            self._retrieval = asyncio.ensure_future(_retrieve_fault(transport))
        if self._listener is not None:
            self._listener.on_closed(self._closed, monotonic())
        if not self.over.done():
            self.over.set_result(None)

    def pause_writing(self) -> None:
        self._congested = True

    def resume_writing(self) -> None:
        self._congested = False
        if self._listener is not None:
            self._listener.on_drained(monotonic())

    # How it is done.

    def _read(self, on: bool) -> None:
        self._heartbeat.held = not on
        if not self._socket.is_closing():
            (self._socket.resume_reading if on else self._socket.pause_reading)()

    def _transmit_large(self, data: Data) -> None:
        """Send with the header in a buffer of its own; picows' shared one would change while the message waits."""
        framed = bytearray(HEADER_ROOM)
        framed += data.encode() if isinstance(data, str) else data
        kind = _TEXT if isinstance(data, str) else _BINARY
        self._transport.send_reuse_external_bytearray(kind, framed, HEADER_ROOM)

    def _deliver(self, data: Data, now: float) -> None:
        try:
            self._on_message(data, now)
        except BaseException as failure:  # carried to whoever waits in `run`
            self._fail(failure)

    def _fail(self, failure: BaseException) -> None:
        self._on_message = _ignore
        if not self._failed.done():
            self._failed.set_exception(failure)

    def _keep(self, data: Data, now: float) -> None:
        self._early.append(data)

    def _other_frame(self, frame: WSFrame, kind: WSMsgType, now: float) -> None:
        if kind != _CLOSE and (self._closing or self._transport.is_close_frame_sent):
            return
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            raise WSProtocolError(PROTOCOL_ERROR, "a reserved bit is set")
        if kind in {_TEXT, _BINARY, _CONTINUATION}:
            self._data_frame(frame, kind, now)
        elif kind == _PING:
            if self._buffered_bytes() <= PONG_LIMIT_BYTES:
                self._transport.send_pong(frame.get_payload_as_bytes())
        elif kind == _CLOSE:
            self._close_frame(frame)

    def _data_frame(self, frame: WSFrame, kind: WSMsgType, now: float) -> None:
        if (kind == _CONTINUATION) == (self._fragments is None):
            raise WSProtocolError(PROTOCOL_ERROR, "a fragment out of order")
        if self._fragments is None:
            self._fragments, self._fragments_kind = bytearray(), kind
        self._fragments += frame.get_payload_as_memoryview()
        if len(self._fragments) > self._max_message_bytes:
            raise WSProtocolError(TOO_BIG, "message too big")
        if frame.fin:
            whole, self._fragments = bytes(self._fragments), None
            self._deliver(_decoded(whole) if self._fragments_kind == _TEXT else whole, now)

    def _close_frame(self, frame: WSFrame) -> None:
        """Answer the closing handshake, or end it where this is the answer."""
        code = cast("int", frame.get_close_code())
        if frame.payload_size >= 2 and code in {0, NO_CODE, ABNORMAL}:
            raise WSProtocolError(PROTOCOL_ERROR, "a close code that nobody may send")
        self._on_message = _ignore
        if not self._closing:
            self._closing = True
            self._transport.send(_CLOSE, frame.get_payload_as_bytes()[:2])
            self._give_up = asyncio.get_running_loop().call_later(self.flush_timeout_s, self.abort)
        self._transport.disconnect()

    def _how(self, transport: WSTransport) -> Closed:
        handshake: WSCloseHandshake | None = transport.close_handshake
        if handshake is None:
            return Closed(ABNORMAL)
        sent, received = handshake.sent, handshake.recv
        if sent is not None and not handshake.recv_then_sent:
            fault = int(cast("int", sent.code))  # an enum's member there
            if fault in _FAULTS:
                return Closed(fault, sent.reason, ours=True)
        if received is None:
            return Closed(ABNORMAL)
        return Closed(int(cast("int", received.code)) or NO_CODE, self._redacted(received.reason or ""))

    def _redacted(self, reason: str) -> str:
        return reason


_FAULTS = frozenset({PROTOCOL_ERROR, INVALID_PAYLOAD, TOO_BIG})


class PicowsPeer(PicowsLeg):
    """A peer's leg; `relay.serving.websocket` makes it and owns its connection."""

    __slots__ = ()
    flush_timeout_s: ClassVar[float] = 10.0  # a phone on a slow network needs some seconds
    most_copied: ClassVar[int] = 2048  # a server's up to 8192 bytes, which are no more than 4 to a character


def make_protocol(
    leg: PicowsLeg,
    max_message_bytes: int,
    url: WSParsedURL | None = None,
    headers: dict[str, str] | None = None,
    answer: Callable[[Any], Any] | None = None,
) -> Any:
    """picows' protocol for a leg: a client's with `url`, a server's with `answer`, which makes its response."""
    return WSProtocol(
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


async def _retrieve_fault(transport: WSTransport) -> None:
    """Take a client's fault out of the future in which picows keeps it; unseen, it would be reported as lost."""
    with contextlib.suppress(WSError):
        await transport.wait_disconnected()


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise WSProtocolError(INVALID_PAYLOAD, "text that is not UTF-8") from None


def _ignore(data: Data, now: float) -> None:
    """What comes after the end."""
