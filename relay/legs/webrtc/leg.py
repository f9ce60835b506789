"""A peer's leg on a media end: what a session sees of a call that the relay itself answers.

    up    the peer's sound, as `input_audio_buffer.append`; what it says over its channel
    down  an answer's sound, played by the clock; everything else over the channel

The sound of answers does not go over the channel, and `output_audio_buffer.clear` is answered here, as the API does it:
see `relay.core.playout`.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

from relay.core.close_codes import ABNORMAL, POLICY, TOO_BIG
from relay.core.events import Body, Data, Event, read_peer_event, read_upstream_event, size_bytes, write_event
from relay.core.leg import Closed, Listener
from relay.core.playout import LATENESS, Playout
from relay.legs.webrtc.hearing import Hearing
from relay.legs.webrtc.media import (
    BYTES_PER_S,
    FRAME_BYTES,
    FRAME_S,
    LARGEST_MESSAGE_BYTES,
    MediaEnd,
    MediaListener,
)
from relay.legs.webrtc.watching import Watching

CLEAR = "output_audio_buffer.clear"

CONNECT_WITHIN_S = 30.0
"""How long a peer may take to find its way to the relay, or back after the network was gone."""

FLUSH_S = 2.0
"""How long the last words may take over the channel before the connection is let go."""

MOST_BEHIND_S = 0.5
"""A loop that was held up longer plays on from now, and what it missed is not caught up with."""

MOST_KEPT_BYTES = 4 * 1024 * 1024
"""Of what a peer sends while it is not read: a minute of sound. A data channel cannot be told to wait."""

_SILENCE = bytes(FRAME_BYTES)


class CallLeg:
    """One call's peer. The session does not know it from a WebSocket's.

    Args:
        connect_within_s: how long it may take to find its way here, or back.
        watching: what is made of its camera and screen; None for nothing.
        tell_refused: is told the upstream's code where it refuses to truncate an answer at what was heard.
    """

    lane_end = None
    """There is no lane to or from this leg."""

    extra_frames = 0
    """A media end tells of none."""

    def __init__(
        self,
        end: MediaEnd,
        connect_within_s: float = CONNECT_WITHIN_S,
        watching: Watching | None = None,
        tell_refused: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._end = end
        self._playout = Playout(self._tell_played, self._ask, tell_refused)
        self._hearing = Hearing()
        self._watching = watching
        self._unsent: deque[str] = deque()
        self._unsent_bytes = 0
        self._is_open = self._is_connected = False
        self._is_read = True
        self._kept: deque[Data] = deque()
        self._kept_bytes = 0
        self._listener: Listener | None = None
        self._connect_within_s = connect_within_s
        self._lost_at = monotonic() + connect_within_s
        self._told_bytes = 0
        self._gone: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()
        self._last_word: Closed | None = None
        self._is_hung_up = False

    @property
    def media_listener(self) -> MediaListener:
        """What the media end calls."""
        return MediaListener(
            on_connected=self._connected,
            on_disconnected=self._disconnected,
            on_audio=lambda pcm: self._up(self._hearing.heard(pcm)),
            on_open=self._opened,
            on_message=self._said,
            on_sent=self._sent,
            on_gone=self._end_with,
        )

    # What the session does.

    @property
    def played_s(self) -> float:
        """How much of answers' sound has been sent."""
        return self._playout.played_ms / 1000

    @property
    def buffered_bytes(self) -> int:
        """What waits for the channel, and what waits to be played."""
        return self._end.buffered_bytes + self._unsent_bytes + self._playout.waiting_bytes

    def send(self, data: Data, received_at: float) -> int:
        if self._last_word is not None or self._gone.done():
            return 0
        event = read_upstream_event(data)
        if not self._playout.hides(event):
            self._tell(data if isinstance(data, str) else data.decode(errors="replace"))
        self._playout.on_down(event)
        if self._watching is not None:
            self._watching.on_event(event)
        self._told_bytes = self.buffered_bytes
        return self._told_bytes

    def close(self, code: int, reason: str) -> None:
        if self._last_word is None:
            self._last_word = Closed(code, reason)
            self._playout.drop()
            self._lost_at = monotonic() + FLUSH_S

    def pause_reading(self) -> None:
        self._is_read = False

    def resume_reading(self) -> None:
        self._is_read = True
        while self._is_read and self._kept:
            data = self._kept.popleft()
            self._kept_bytes -= len(data)
            self._deliver(data)

    async def run(self, listener: Listener) -> None:
        """Play and listen until the call has ended. Cancelling it leaves the media end to whoever made it."""
        self._listener = listener
        self.resume_reading()
        keeping_time = asyncio.create_task(self._keep_time())
        try:
            first: set[asyncio.Future[Any]] = {keeping_time, self._gone}
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            if keeping_time.done():
                keeping_time.result()  # what went wrong in it ends the call
            closed = await self._gone
        finally:
            keeping_time.cancel()
            await asyncio.wait({keeping_time})
            if self._watching is not None:
                await self._watching.close()
        listener.on_closed(closed, monotonic())

    # What time does.

    async def _keep_time(self) -> None:
        due = monotonic()
        while not self._gone.done():
            now = monotonic()
            if now - due > MOST_BEHIND_S:
                due = now
            while due <= now:
                self._play()
                due += FRAME_S
            if self._watching is not None:
                self._up(self._watching.passed(now))  # before a commit that it belongs to
            self._up(self._hearing.passed(now))
            self._tell_progress()
            self._look_at_the_clock(now)
            await asyncio.sleep(due - monotonic())

    def _play(self) -> None:
        if not self._is_connected:
            return
        self._end.play(self._playout.frame() or _SILENCE)

    def _tell_progress(self) -> None:
        waiting = self.buffered_bytes
        if self._told_bytes - waiting >= BYTES_PER_S or (self._told_bytes and not waiting):
            self._sent()

    def _look_at_the_clock(self, now: float) -> None:
        if self._last_word is not None:
            if now > self._lost_at:
                self._end_with(self._last_word)
            elif not self.buffered_bytes:
                self._hang_up(self._last_word)
        elif not self._is_connected and now > self._lost_at:
            self._end_with(Closed(ABNORMAL))

    def _hang_up(self, last_word: Closed) -> None:
        """Close the channel, which is closed when the peer has all that was said over it."""
        if not self._is_open:
            self._end_with(last_word)
        elif not self._is_hung_up:
            self._is_hung_up = True
            self._end.close_channel()

    # What the media end calls.

    def _connected(self) -> None:
        self._is_connected = True
        self._hearing.begin(monotonic())

    def _disconnected(self) -> None:
        self._is_connected = False
        self._lost_at = monotonic() + self._connect_within_s

    def _opened(self) -> None:
        self._is_open = True
        while self._unsent:
            self._end.send(self._unsent.popleft())
        self._unsent_bytes = 0

    def _sent(self) -> None:
        self._told_bytes = self.buffered_bytes
        if self._listener is not None:
            self._listener.on_progress(self._told_bytes, monotonic())

    def _said(self, data: Data) -> None:
        if len(data) > LARGEST_MESSAGE_BYTES:
            self._end_with(Closed(TOO_BIG, "a message above 256 KiB", ours=True))
        elif (event := read_peer_event(data)).type == CLEAR:
            self._playout.clear()
        elif event.type == LATENESS:
            self._playout.learn_lateness(event.body)
        elif self._hearing.held_bytes > MOST_KEPT_BYTES:
            self._end_with(Closed(POLICY, "too much at once", ours=True))
        else:
            if self._watching is not None:
                self._watching.on_event(event)
            self._up(self._hearing.said(data, monotonic()))

    def _end_with(self, closed: Closed) -> None:
        if not self._gone.done():
            self._gone.set_result(self._last_word or closed)

    # How it is done.

    def _tell(self, text: str) -> None:
        if size_bytes(text) > LARGEST_MESSAGE_BYTES:
            text = _too_long(read_upstream_event(text))
        if self._is_open:
            self._end.send(text)
        else:
            self._unsent.append(text)
            self._unsent_bytes += size_bytes(text)

    def _tell_played(self, body: Body) -> None:
        self._tell(write_event(body).data)  # type: ignore[arg-type]

    def _ask(self, body: Body) -> None:
        """Say it as if the peer did, when the session is done with what made it necessary."""
        asyncio.get_running_loop().call_soon(self._up, [write_event(body).data])

    def _up(self, messages: Iterable[Data]) -> None:
        for data in messages:
            if self._is_read and self._listener is not None and not self._kept:
                self._deliver(data)
                continue
            self._kept.append(data)
            self._kept_bytes += len(data)
            if self._kept_bytes > MOST_KEPT_BYTES:
                self._end_with(Closed(POLICY, "too much at once", ours=True))

    def _deliver(self, data: Data) -> None:
        if self._listener is not None and not self._gone.done() and self._last_word is None:
            self._listener.on_message(data, monotonic())


def _too_long(event: Event) -> str:
    """What a peer is told instead of an event that its data channel would not take."""
    words = f"An event of the type {event.type[:100]} is larger than the 256 KiB that a data channel takes."
    error = {
        "type": "invalid_request_error",
        "code": "event_too_large",
        "message": words,
        "param": None,
        "event_id": None,
    }
    return write_event({"type": "error", "event_id": "relay_too_large", "error": error}).data  # type: ignore[return-value]
