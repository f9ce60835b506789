"""Legs on picows: a message goes from one socket to the other inside one callback, with no task and no queue between.

picows parses and masks frames in compiled code and calls `on_ws_frame` for each; what RFC 6455 asks for beyond a single
frame (fragments, reserved bits, UTF-8, the closing handshake) is done here.
"""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import ClassVar, cast

from picows import WSFrame, WSMsgType, WSProtocolError, WSTransport

from relay.core.close_codes import ABNORMAL, INVALID_PAYLOAD, NO_CODE, PROTOCOL_ERROR
from relay.core.events import Data
from relay.core.leg import Listener
from relay.legs.heartbeat import BEAT_S, Heartbeat
from relay.legs.intake import GAP_S, LARGE, SLICE_S, Intake
from relay.legs.lanes import LaneListener
from relay.legs.outgoing import FRAGMENT, Outgoing
from relay.legs.picows_protocol import Fragments, how_closed, retrieve_fault

PONG_LIMIT_BYTES = 64 * 1024
"""Pings of an end that does not read go unanswered above this: only the latest needs an answer (RFC 6455, 5.5.3)."""

HEADER_ROOM = 14
"""What picows wants free before a payload, to write the frame's header into."""

_TEXT, _BINARY, _CONTINUATION = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION
_PING, _PONG, _CLOSE = WSMsgType.PING, WSMsgType.PONG, WSMsgType.CLOSE
_DATA = frozenset({_TEXT, _BINARY, _CONTINUATION})


def _unobserved(observed: float | bytes) -> None:
    """Nobody wants to know."""


class PicowsLeg(LaneListener):
    """One end's connection on picows.

    What arrives before `listen` or `run` is kept, and reading is paused until then.

    Attributes:
        observe_added: is told how many seconds each message took from the other leg's socket to this one's.
        extra_frames: how many frames arrived that are no message by themselves: pings, pongs, fragments.
        on_pong: is told what a pong carries.

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
        "_beat_s", "_buffered_bytes", "_closing", "_congested", "_fragments", "_give_up", "_heartbeat",
        "_intake", "_large", "_last_word", "_max_message_bytes", "_outgoing", "_retrieval", "_socket", "_transmit",
        "_transport", "_unanswered", "extra_frames", "observe_added", "on_pong",
    )  # fmt: skip

    def __init__(
        self, max_message_bytes: int, observe_added: Callable[[float], None] = _unobserved, beat_s: float = BEAT_S
    ) -> None:
        self.observe_added = observe_added
        self._intake = Intake(self._read, self._deliver_directly)
        self._max_message_bytes = max_message_bytes
        self._large = min(LARGE, max_message_bytes)
        self._beat_s = beat_s
        self.extra_frames = 0
        self.on_pong: Callable[[bytes], None] = _unobserved
        self._unanswered: bytes | None = None
        self._fragments = Fragments(max_message_bytes)
        self.fragmented = False
        self._outgoing: Outgoing | None = None
        self._last_word: tuple[int, str] | None = None
        self._congested = False
        self._closing = False
        self._give_up: asyncio.TimerHandle | None = None
        self._transport: WSTransport
        self._heartbeat: Heartbeat

    # What the session asks for.

    @property
    def buffered_bytes(self) -> int:
        return self._buffered_bytes() + (0 if self._outgoing is None else self._outgoing.waiting)

    def send(self, data: Data, received_at: float) -> int:
        if self._closing:
            return 0
        self.lane_unsure = True
        if self._outgoing is not None or len(data) > FRAGMENT:
            return self._send_in_turn(data, received_at)
        if len(data) <= self.most_copied:
            self._transmit(_TEXT if data.__class__ is str else _BINARY, data)
        else:
            self._transmit_large(data)
        self.observe_added(monotonic() - received_at)
        return self._buffered_bytes() if self._congested else 0

    def close(self, code: int, reason: str) -> None:
        if not self._closing:
            self._closing = self.lane_shut = True
            self._intake.drop()
            if self._outgoing is None:
                self._transport.send_close(code, reason)  # type: ignore[arg-type]
            else:
                self._last_word = code, reason
            self._give_up = asyncio.get_running_loop().call_later(self.flush_timeout_s, self.abort)
            self._read(True)  # the answer to the close has to be seen

    def pause_reading(self) -> None:
        self._intake.pause()

    def resume_reading(self) -> None:
        self._intake.resume()

    # What the relay around the session asks for.

    @property
    def lane_end(self) -> "PicowsLeg":
        """Where a lane to or from this leg begins."""
        return self

    @property
    def over(self) -> asyncio.Future[None]:
        """Done when the connection has ended."""
        return self._intake.over

    async def run(self, listener: Listener) -> None:
        """Serve the connection until it has ended, and raise what the listener raised. The owner aborts it then."""
        self._intake.listen(listener)
        await self._intake.ended()

    def listen(self, listener: Listener) -> None:
        """Tell `listener` what arrived so far, and from now on what arrives."""
        self._intake.listen(listener)

    def put_back(self, unread: Sequence[Data]) -> None:
        """Keep these messages, and those that come now, for whoever listens next."""
        self._intake.put_back(unread)

    def ping(self, payload: bytes) -> bool:
        """Send a ping behind all that was sent, unless it would overtake some of it; returns whether it was sent."""
        if self._outgoing is not None or self._closing:
            return False
        self.lane_unsure = True
        self._transport.send_ping(payload)
        return True

    def abort(self) -> None:
        """Let go of the connection, closed or not."""
        self._intake.drop()
        self._drop_outgoing()
        self._socket.abort()

    # What picows calls.

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self._transmit = transport.send
        self._socket = transport.underlying_transport
        self._buffered_bytes = self._socket.get_write_buffer_size
        self._heartbeat = Heartbeat(self._was_heard, self._ping, self.abort, self._beat_s)
        self.lane_connected(transport)
        self._read(False)

    def lane_failed(self, failure: Exception) -> None:
        """What the lane raised is carried to whoever waits in `run`."""
        self._intake.fail(failure)

    def on_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        now = monotonic()
        intake = self._intake
        if now - intake.taken_at > GAP_S:
            intake.slice_ends = now + SLICE_S
        elif now > intake.slice_ends:
            intake.let_others()
        kind = frame.msg_type
        if kind == _TEXT and frame.fin and not self.fragmented and not (frame.rsv1 or frame.rsv2 or frame.rsv3):
            try:
                data = frame.get_payload_as_utf8_text()
            except UnicodeDecodeError:
                raise WSProtocolError(INVALID_PAYLOAD, "text that is not UTF-8") from None
            if len(data) > self._large:
                if len(data) > self._max_message_bytes:
                    return  # picows has failed the connection over its size, and hands it out all the same
                intake.let_others()
            try:
                intake.on_message(data, now)
            except BaseException as failure:  # carried to whoever waits in `run`
                intake.fail(failure)
        else:
            self._other_frame(frame, kind, now)
        intake.taken_at = monotonic()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._closing = self.lane_shut = True
        self._drop_outgoing()
        self.leave_lane()
        self._heartbeat.stop()
        if self._give_up is not None:
            self._give_up.cancel()
        closed = how_closed(transport, self._redacted)
        if closed.ours:
            self._retrieval = asyncio.ensure_future(retrieve_fault(transport))
        self._intake.end(closed)
        self.on_pong = _unobserved
        # Its buffers are as large as the largest message was, and a leg that is closing asks for neither.
        del self._transmit, self._transport

    def pause_writing(self) -> None:
        self._congested = self.lane_shut = True
        if self._outgoing is not None:
            self._outgoing.hold(True)

    def resume_writing(self) -> None:
        self._congested = False
        if self._outgoing is not None:
            self._outgoing.hold(False)
        else:
            self.lane_shut = self._closing or self._transport.is_close_frame_sent
            self._intake.drained()

    # How it is done.

    def _read(self, on: bool) -> None:
        self._heartbeat.held = not on
        if not self.lane_reads(on) and not self._socket.is_closing():
            (self._socket.resume_reading if on else self._socket.pause_reading)()

    def _deliver_directly(self, on: bool) -> None:
        self.lane_direct = on

    def _was_heard(self) -> bool:
        heard, self.heard = self.heard, False
        return heard

    def _ping(self) -> None:
        self.lane_unsure = True
        self._transport.send_ping()

    def _transmit_large(self, data: Data, first: bool = True, last: bool = True) -> None:
        """Send with the header in a buffer of its own; picows' shared one would change while the message waits."""
        framed = bytearray(HEADER_ROOM)
        framed += data.encode() if isinstance(data, str) else data
        kind = _CONTINUATION if not first else _TEXT if isinstance(data, str) else _BINARY
        self._transport.send_reuse_external_bytearray(kind, framed, HEADER_ROOM, last)

    def _send_in_turn(self, data: Data, received_at: float) -> int:
        """Send a large message in fragments, or one behind such; returns how many bytes wait."""
        if self._outgoing is None:
            self.lane_shut = True
            self._outgoing = Outgoing(self._transmit_large, self._left, self._all_left)
            self._outgoing.hold(self._congested)
        self._outgoing.put(data, received_at)
        return self.buffered_bytes

    def _left(self, received_at: float) -> None:
        self.observe_added(monotonic() - received_at)

    def _all_left(self) -> None:
        """What waited has been sent: messages need not wait any more."""
        self._outgoing = None
        if self._last_word is not None:
            code, reason = self._last_word
            self._transport.send_close(code, reason)  # type: ignore[arg-type]
        elif not self._congested:
            self.resume_writing()

    def _drop_outgoing(self) -> None:
        if self._outgoing is not None:
            self._outgoing.drop()
            self._outgoing = self._last_word = None

    def _other_frame(self, frame: WSFrame, kind: WSMsgType, now: float) -> None:
        if kind != _CLOSE and (self._closing or self._transport.is_close_frame_sent):
            return
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            raise WSProtocolError(PROTOCOL_ERROR, "a reserved bit is set")
        if kind == _CLOSE:
            self._close_frame(frame)
        elif kind in _DATA:
            self._data_frame(frame, now)
        else:
            self.extra_frames += 1
            if kind == _PING:
                self._ping_frame(frame)
            elif kind == _PONG:
                self.on_pong(frame.get_payload_as_bytes())

    def _data_frame(self, frame: WSFrame, now: float) -> None:
        """Take a binary message, or a fragment of a message."""
        if self.fragmented or not frame.fin:
            self.extra_frames += 1
        data = self._fragments.add(frame)
        self.fragmented = self._fragments.begun
        if data is not None:
            if len(data) > self._large:
                self._intake.let_others()
            self._intake.deliver(self._intake.on_message, data, now)

    def _ping_frame(self, frame: WSFrame) -> None:
        """Answer at once, or where others have their turn only the latest of what came meanwhile."""
        if not self._intake.waits:
            self._pong(frame.get_payload_as_bytes())
            return
        if self._unanswered is None:
            asyncio.get_running_loop().call_soon(self._pong_latest)
        self._unanswered = frame.get_payload_as_bytes()

    def _pong_latest(self) -> None:
        payload, self._unanswered = self._unanswered, None
        if payload is not None and not self._closing:
            self._pong(payload)

    def _pong(self, payload: bytes) -> None:
        if self._buffered_bytes() <= PONG_LIMIT_BYTES:
            self.lane_unsure = True
            self._transport.send_pong(payload)

    def _close_frame(self, frame: WSFrame) -> None:
        """Answer the closing handshake, or end it where this is the answer."""
        code = cast("int", frame.get_close_code())
        if frame.payload_size >= 2 and code in {0, NO_CODE, ABNORMAL}:
            raise WSProtocolError(PROTOCOL_ERROR, "a close code that nobody may send")
        self._intake.shut()
        if not self._closing:
            self._closing = self.lane_shut = True
            self._drop_outgoing()
            self._transport.send(_CLOSE, frame.get_payload_as_bytes()[:2])
            self._give_up = asyncio.get_running_loop().call_later(self.flush_timeout_s, self.abort)
        self._transport.disconnect()

    def _redacted(self, reason: str) -> str:
        return reason


class PicowsPeer(PicowsLeg):
    """A peer's leg; `relay.serving.websocket` makes it and owns its connection."""

    __slots__ = ()
    flush_timeout_s: ClassVar[float] = 10.0  # a phone on a slow network needs some seconds
    most_copied: ClassVar[int] = 2048  # a server's up to 8192 bytes, which are no more than 4 to a character
