"""A session's recorder: a leg around its upstream's, which sees the wire, and an interceptor, which learns the end."""

from dataclasses import replace
from typing import Any

from relay.core.causes import ROWS, Cause
from relay.core.close_codes import ABNORMAL, sendable_code
from relay.core.closing import Ended
from relay.core.events import Data
from relay.core.interceptor import Interceptor
from relay.core.leg import Closed, Listener
from relay.legs.choice import UpstreamLeg
from relay.legs.wrapper import LegWrapper
from relay.recording.buffer import RecordingBuffer
from relay.recording.format import End, Side, said_by_relay


class Recorder(Interceptor):
    """Puts one session on a buffer.

    It asks for no events: what goes up is recorded where it leaves, behind all interceptors, and what comes down where
    it arrives, before any of them.

    Attributes:
        peer_messages: how many of the peer's own messages have gone up.
        opened_at: when the recording began.
    """

    def __init__(self, buffer: RecordingBuffer) -> None:
        self._buffer = buffer
        self.peer_messages = 0
        self.opened_at = buffer.opened_at
        self._upstream = Side(ABNORMAL, "", "upstream")

    def tap(self, leg: UpstreamLeg) -> "RecordingLeg":
        """The upstream's leg, recorded from now on."""
        return RecordingLeg(leg, self)

    def abandon(self) -> None:
        """Close the file as it is, unless it has its end."""
        self._buffer.finish(None)

    def closed(self, ended: Ended, now: float) -> None:
        at = now - self._buffer.opened_at
        end = End(at, ended.cause.value, self.peer_messages, peer_side(ended), self._upstream)
        self._buffer.finish(end)

    @property
    def plain_secrets(self) -> list[bytes] | None:
        """What must not be in a line that is put; None where none is to be."""
        return self._buffer.plain_secrets

    # What the leg and its lane call.

    def put_line(self, line: bytes, now: float, is_up: bool) -> None:
        """A message has passed whose line was made in the lane; of what goes up it is the peer's own."""
        self._buffer.put_line(now, line)
        self.peer_messages += is_up

    def sent_up(self, data: Data, now: float) -> None:
        by_relay = said_by_relay(data)
        self._buffer.put(now, "up", data, self.peer_messages, by_relay)
        if not by_relay:
            self.peer_messages += 1

    def came_down(self, data: Data, now: float) -> None:
        self._buffer.put(now, "down", data, self.peer_messages, False)

    def upstream_ended(self, code: int, reason: str, *, by_relay: bool) -> None:
        self._upstream = Side(int(code), reason, "relay" if by_relay else "upstream")


class RecordingLeg(LegWrapper):
    """An upstream's leg whose messages are recorded on their way."""

    def __init__(self, leg: UpstreamLeg, recorder: Recorder) -> None:
        super().__init__(leg)
        self._recorder = recorder
        self._has_ended = False
        self.abort = leg.abort

    @property
    def lane_end(self) -> Any:
        leg = self._leg.lane_end
        if leg is not None:
            leg.record_with(self._recorder)
        return leg

    def send(self, data: Data, received_at: float) -> int:
        if not self._has_ended:
            self._recorder.sent_up(data, received_at)
        return self._leg.send(data, received_at)

    def close(self, code: int, reason: str) -> None:
        self._end(code, reason, by_relay=True)
        super().close(code, reason)

    async def run(self, listener: Listener) -> None:
        def on_message(data: Data, now: float) -> None:
            if not self._has_ended:
                self._recorder.came_down(data, now)
            listener.on_message(data, now)

        def on_closed(closed: Closed, now: float) -> None:
            self._end(closed.code, closed.reason, by_relay=closed.ours)
            listener.on_closed(closed, now)

        await self._leg.run(replace(listener, on_message=on_message, on_closed=on_closed))

    def _end(self, code: int, reason: str, *, by_relay: bool) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._recorder.upstream_ended(code, reason, by_relay=by_relay)


def peer_side(ended: Ended) -> Side:
    """How the peer's connection ended in a session that ended like that."""
    if ended.cause in {Cause.PEER_CLOSED, Cause.PEER_LOST}:
        return Side(int(ended.code), ended.reason, "peer")
    code = ROWS[ended.cause].peer_code
    return Side(int(sendable_code(ended.code if code is None else code)), ended.reason, "relay")
