"""Legs on picows: a message goes from one socket to the other inside one callback, with no task and no queue between.

picows parses and masks frames in compiled code and calls `on_ws_frame` for each; what RFC 6455 asks for beyond a single
frame (fragments, reserved bits, UTF-8, the closing handshake) is done here.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic
from typing import ClassVar, cast

from picows import WSFrame, WSListener, WSMsgType, WSProtocolError, WSTransport

from relay.core.closing import ABNORMAL, INVALID_PAYLOAD, NO_CODE, PROTOCOL_ERROR
from relay.core.events import Data
from relay.core.leg import Closed, Listener
from relay.legs.heartbeat import BEAT_S, Heartbeat
from relay.legs.picows_protocol import Fragments, how_closed, retrieve_fault

PONG_LIMIT_BYTES = 64 * 1024
"""Pings of an end that does not read go unanswered above this: only the latest needs an answer (RFC 6455, 5.5.3)."""

SLICE_FRAMES = 250
"""After so many frames of one connection in a row, at most twice as many, the others have their turn."""

ROW_S = 0.05
"""So many frames in a longer time did not come in a row."""

SLICE_S = 0.01
"""For how long messages that were kept are delivered in a row."""

LARGE = 64 * 1024
"""A message of more characters or bytes is the last of its slice: some take milliseconds to read."""

HEADER_ROOM = 14
"""What picows wants free before a payload, to write the frame's header into."""

_TEXT, _BINARY, _CONTINUATION = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION
_PING, _CLOSE = WSMsgType.PING, WSMsgType.CLOSE


def _unobserved(seconds: float) -> None:
    """Nobody wants to know."""


class PicowsLeg(WSListener):
    """One end's connection on picows.

    What arrives before `listen` or `run` is kept, and reading is paused until then. What had been read already when
    reading was paused is kept, too: a read buffer that was grown by a large message holds many small ones.

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
        "_beat_s", "_buffered_bytes", "_closed", "_closing", "_congested", "_failed", "_fragments", "_frames",
        "_give_up", "_heartbeat", "_in_fragments", "_kept", "_large", "_listener", "_loop", "_max_message_bytes",
        "_on_message", "_paused", "_retrieval", "_slice_began", "_socket", "_transmit", "_transport", "observe_added",
        "over",
    )  # fmt: skip

    def __init__(
        self, max_message_bytes: int, observe_added: Callable[[float], None] = _unobserved, beat_s: float = BEAT_S
    ) -> None:
        self.observe_added = observe_added
        self._loop = asyncio.get_running_loop()
        self.over: asyncio.Future[None] = self._loop.create_future()
        self._failed: asyncio.Future[None] = self._loop.create_future()
        self._max_message_bytes = max_message_bytes
        self._large = min(LARGE, max_message_bytes)
        self._beat_s = beat_s
        self._kept: deque[Data] = deque()
        self._frames = 0
        self._slice_began = 0.0
        self._on_message: Callable[[Data, float], None] = self._keep
        self._listener: Listener | None = None
        self._fragments = Fragments(max_message_bytes)
        self._in_fragments = False
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
            self._kept.clear()
            self._transport.send_close(code, reason)  # type: ignore[arg-type]
            self._give_up = self._loop.call_later(self.flush_timeout_s, self.abort)
            self._paused = False
            self._read(True)  # the answer to the close has to be seen

    def pause_reading(self) -> None:
        self._paused = True
        self._hold()

    def resume_reading(self) -> None:
        self._paused = False
        if self._kept:
            self._loop.call_soon(self._go_on)
        else:
            self._go_on()

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
        if self._closed is None:
            self._go_on()
            return
        while self._kept:
            self._deliver(listener.on_message, self._kept.popleft(), monotonic())
        if not self.over.done():
            self.over.set_result(None)
        listener.on_closed(self._closed, monotonic())

    def put_back(self, unread: Sequence[Data]) -> None:
        """Keep these messages, and those that come now, for whoever listens next."""
        self._kept.extendleft(reversed(unread))
        self._listener = None
        self._paused = False
        if not self._closing:
            self._on_message = self._keep
            self._read(False)

    def abort(self) -> None:
        """Let go of the connection, closed or not."""
        self._kept.clear()
        self._socket.abort()
        self._tell_end()

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
        self._frames += 1
        if self._frames == SLICE_FRAMES:
            self._end_slice(now)
        kind = frame.msg_type
        if kind == _TEXT and frame.fin and not self._in_fragments and not (frame.rsv1 or frame.rsv2 or frame.rsv3):
            try:
                data = frame.get_payload_as_utf8_text()
            except UnicodeDecodeError:
                raise WSProtocolError(INVALID_PAYLOAD, "text that is not UTF-8") from None
            if len(data) > self._large:
                if len(data) > self._max_message_bytes:
                    return  # picows has failed the connection over its size, and hands it out all the same
                self._let_others()
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
        self._closed = how_closed(transport, self._redacted)
        if self._closed.ours:
            self._retrieval = asyncio.ensure_future(retrieve_fault(transport))
        if self._listener is None or not self._kept:
            self._tell_end()

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

    def _deliver(self, on_message: Callable[[Data, float], None], data: Data, now: float) -> None:
        try:
            on_message(data, now)
        except BaseException as failure:  # carried to whoever waits in `run`
            self._fail(failure)

    def _fail(self, failure: BaseException) -> None:
        self._on_message = _ignore
        if not self._failed.done():
            self._failed.set_exception(failure)

    def _keep(self, data: Data, now: float) -> None:
        self._kept.append(data)

    def _hold(self) -> None:
        if not self._closing:
            self._on_message = self._keep
        self._read(False)

    def _end_slice(self, now: float) -> None:
        self._frames = 0
        if now - self._slice_began < ROW_S:
            self._let_others()
        self._slice_began = now

    def _let_others(self) -> None:
        """Keep what comes from here on for the next turn of the loop."""
        if self._listener is not None and not self._paused and not self._kept:
            self._hold()
            self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        """Deliver what was kept, a slice in each turn of the loop, and then what comes, unless reading is paused."""
        listener, kept = self._listener, self._kept
        if listener is None:
            return
        began = now = monotonic()
        for _ in range(SLICE_FRAMES):
            if self._paused or not kept or now - began > SLICE_S:
                break
            self._deliver(listener.on_message, kept.popleft(), now)
            now = monotonic()
        if self._paused and (kept or self._closed is None):
            return
        if kept:
            self._loop.call_soon(self._go_on)
        elif self._closed is not None:
            self._tell_end()
        else:
            if not self._closing:
                self._on_message = listener.on_message
            self._read(True)

    def _tell_end(self) -> None:
        """Say that the connection has ended, once, after all that arrived before."""
        if self._closed is None or self.over.done():
            return
        self.over.set_result(None)
        if self._listener is not None:
            self._listener.on_closed(self._closed, monotonic())

    def _other_frame(self, frame: WSFrame, kind: WSMsgType, now: float) -> None:
        if kind != _CLOSE and (self._closing or self._transport.is_close_frame_sent):
            return
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            raise WSProtocolError(PROTOCOL_ERROR, "a reserved bit is set")
        if kind in {_TEXT, _BINARY, _CONTINUATION}:
            data = self._fragments.add(frame)
            self._in_fragments = self._fragments.begun
            if data is not None:
                self._deliver(self._on_message, data, now)
        elif kind == _PING:
            if self._buffered_bytes() <= PONG_LIMIT_BYTES:
                self._transport.send_pong(frame.get_payload_as_bytes())
        elif kind == _CLOSE:
            self._close_frame(frame)

    def _close_frame(self, frame: WSFrame) -> None:
        """Answer the closing handshake, or end it where this is the answer."""
        code = cast("int", frame.get_close_code())
        if frame.payload_size >= 2 and code in {0, NO_CODE, ABNORMAL}:
            raise WSProtocolError(PROTOCOL_ERROR, "a close code that nobody may send")
        self._on_message = _ignore
        if not self._closing:
            self._closing = True
            self._transport.send(_CLOSE, frame.get_payload_as_bytes()[:2])
            self._give_up = self._loop.call_later(self.flush_timeout_s, self.abort)
        self._transport.disconnect()

    def _redacted(self, reason: str) -> str:
        return reason


class PicowsPeer(PicowsLeg):
    """A peer's leg; `relay.serving.websocket` makes it and owns its connection."""

    __slots__ = ()
    flush_timeout_s: ClassVar[float] = 10.0  # a phone on a slow network needs some seconds
    most_copied: ClassVar[int] = 2048  # a server's up to 8192 bytes, which are no more than 4 to a character


def _ignore(data: Data, now: float) -> None:
    """What comes after the end."""
