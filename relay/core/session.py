"""One peer joined to one upstream: what decides, without waiting.

Theory of operation. Two legs call the session when a message arrives, when their connection has ended, and when what
waited has been sent. The session looks up which interceptors want the event's type, lets them see it, and hands what
is left to the other leg. Nothing here waits, reads a clock or knows a socket, so a test can drive it line by line.

    OPEN ──► ENDED      by the first cause of any kind; whatever comes later is ignored

Flow control. A leg buffers without limit by itself; the session bounds it. When too much waits for one end, here or
in the whole process (`Buffers`), reading from the other is paused, but never longer than `PAUSE_LIMIT_S`: a leg that is
not read cannot be seen to answer a ping, and would be taken for dead. An end that stays too slow loses the session,
with that as the cause.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import partial
from typing import Any

from relay.core.causes import ROWS, Cause
from relay.core.close_codes import NO_CODE, NORMAL, fit_reason, sendable_code
from relay.core.closing import Ended, ended, peer_ended, upstream_ended
from relay.core.events import Data, Event, read_peer_event, read_upstream_event, size_bytes, write_event
from relay.core.flow import Buffers, Flow, Hook
from relay.core.interceptor import Interceptor
from relay.core.leg import Closed, Leg, Listener
from relay.core.tally import Tally

PAUSE_LIMIT_S = 15.0
"""Less than the time in which an unanswered ping ends a connection, see `relay.legs.heartbeat`."""


class State(Enum):
    OPEN = "open"
    ENDED = "ended"


class Session:
    """Joins two open legs until one of them ends or a policy ends it.

    Attributes:
        session_id: names the session in the log and in the relay's own events.
        ended: how it ended; None while it is open.

    Args:
        buffers: what may wait, shared by all sessions of the process.
        relay_events: whether the peer asked to be told `relay.…` events.
    """

    def __init__(
        self,
        session_id: str,
        peer: Leg,
        upstream: Leg,
        interceptors: Iterable[Interceptor],
        tally: Tally,
        *,
        buffers: Buffers | None = None,
        relay_events: bool = False,
    ) -> None:
        buffers = buffers or Buffers()
        self.session_id = session_id
        self.state = State.OPEN
        self.ended: Ended | None = None
        self.up = Flow(peer, upstream, read_peer_event, tally.up, buffers, Cause.SLOW_UPSTREAM)
        self.down = Flow(upstream, peer, read_upstream_event, tally.down, buffers, Cause.SLOW_PEER)
        self._peer = peer
        self._upstream = upstream
        self._interceptors = tuple(interceptors)
        self._events_said = 0
        self._relay_events = relay_events
        self._afterwards: list[Callable[[float], None]] = []
        for interceptor in self._interceptors:
            if interceptor.up:
                says = type(interceptor).passes_proved is not Interceptor.passes_proved  # most would say no each time
                self.up.hook(interceptor.up, interceptor.on_up, interceptor.passes_proved if says else None)
            if interceptor.down:
                self.down.hook(interceptor.down, interceptor.on_down)

    @property
    def peer_listener(self) -> Listener:
        """What the peer's leg calls."""
        return Listener(
            partial(self._arrived, self.up),
            self._peer_closed,
            partial(self._drained, self.down),
            partial(self._progressed, self.down),
        )

    @property
    def upstream_listener(self) -> Listener:
        """What the upstream's leg calls."""
        return Listener(partial(self._arrived, self.down), self._upstream_closed, partial(self._drained, self.up))

    # What interceptors and the relay around the session may do.

    def open(self, now: float) -> None:
        """Let the interceptors speak first; to be called before either leg delivers anything."""
        for interceptor in self._interceptors:
            interceptor.opened(self, now)

    def send_up(self, body: Mapping[str, Any], now: float) -> None:
        """Send an event of the relay's own to the upstream. It is not shown to interceptors."""
        self._say(self.up, write_event(body), now)

    def send_down(self, body: Mapping[str, Any], now: float) -> None:
        """Send an event of the relay's own to the peer. It is not shown to interceptors."""
        self._say(self.down, write_event(body), now)

    def tell(self, kind: str, fields: Mapping[str, Any], now: float) -> None:
        """Send the peer a `relay.…` event, if it asked for such and reads what it is sent."""
        if self._relay_events and self.state is State.OPEN and self._peer.buffered_bytes < self.down.most_waiting:
            self.send_down({"type": kind, "event_id": self.own_event_id(), **fields}, now)

    def afterwards(self, action: Callable[[float], None]) -> None:
        """Do something once the event that an interceptor has in hand has been forwarded."""
        self._afterwards.append(action)

    def refuse_event(self, event: Event, code: str, why: str, now: float) -> None:
        """Tell the peer why its event does not go up; a peer that reads nothing is told nothing more."""
        if self._peer.buffered_bytes < self.down.most_waiting:
            theirs = event.body.get("event_id")
            error = {"type": "invalid_request_error", "code": code, "message": why, "param": None, "event_id": theirs}
            self.send_down({"type": "error", "event_id": self.own_event_id(), "error": error}, now)

    def own_event_id(self) -> str:
        """An `event_id` that no upstream uses."""
        self._events_said += 1
        return f"relay_{self.session_id}_{self._events_said}"

    def forward_up(self, event: Event, now: float, by: Hook) -> None:
        """Send the peer's event that the hook `by` had kept, which arrived at `now`. Those behind it see it, too."""
        if self.state is not State.OPEN:
            return
        hooks = self.up.hooks.get(event.type, self.up.otherwise)
        for hook in hooks[hooks.index(by) + 1 :]:
            seen = hook(event, now)
            if seen is None:
                return
            event = seen
        self._say(self.up, event, now)

    def hold_up(self, held: bool, by: object = None) -> None:
        """Read the peer no further, or again once nobody holds it up any more."""
        flow = self.up
        was_held = bool(flow.held)
        (flow.held.add if held else flow.held.discard)(by)
        if bool(flow.held) == was_held or self.state is State.ENDED:
            return
        if flow.full_since is None:
            (flow.source.pause_reading if held else flow.source.resume_reading)()

    def end(self, how: Ended, now: float) -> None:
        """End the session: tell the peer why, close both legs after what they still have to send."""
        if self.state is State.ENDED:
            return
        self.state = State.ENDED
        self.ended = how
        row = ROWS[how.cause]
        if how.message is not None and not self._already_told(how):
            self._peer.send(write_event(how.error(self.own_event_id())).data, now)
        peer_code = how.code if row.peer_code is None else row.peer_code
        upstream_code = how.code if row.upstream_code is None else row.upstream_code
        passed_on = fit_reason(how.reason)
        self._peer.close(sendable_code(peer_code), passed_on)
        self._upstream.close(sendable_code(upstream_code), passed_on if row.upstream_code is None else "")
        self._peer.resume_reading()
        self._upstream.resume_reading()

    def finish(self, now: float) -> None:
        """Let the interceptors know that it is over, and forget them; to be called once both legs are gone.

        They know the session, so that together they would wait for the garbage collector.
        """
        for flow in (self.up, self.down):
            flow.waits(0)
        if self.ended is None:
            return
        for interceptor in self._interceptors:
            interceptor.closed(self.ended, now)
        self._interceptors = ()
        self.up.unhook_all()
        self.down.unhook_all()

    def tick(self, now: float) -> None:
        """Check what only time can tell; to be called about once a second."""
        for interceptor in self._interceptors:
            interceptor.tick(now)
        for flow in (self.down, self.up):
            if flow.full_since is not None and now - flow.full_since > PAUSE_LIMIT_S:
                self.end(ended(flow.too_slow), now)

    # What the legs call.

    def _arrived(self, flow: Flow, data: Data, now: float) -> None:
        if self.ended is not None:
            return
        event = flow.read(data)
        kind = event.type
        size = len(data) if data.__class__ is bytes or data.isascii() else size_bytes(data)
        flow.told_events += 1
        flow.told_octets += size
        flow.last_type = kind
        entry = flow.by_type.get(kind, flow.other)
        entry[0] += 1
        entry[1] += size
        if flow.events >= flow.most_events or flow.octets >= flow.most_octets:
            self.hold_up(True)
        hooks = flow.hooks.get(kind, flow.otherwise)
        if hooks:
            for hook in hooks:
                seen = hook(event, now)
                if seen is None:
                    return
                event = seen
            data = event.data
        waiting = flow.sink.send(data, now)
        if waiting and flow.waits(waiting):
            self._filled(flow, now)
        if hooks and self._afterwards:
            actions, self._afterwards = self._afterwards, []
            for action in actions:
                action(now)

    def _peer_closed(self, closed: Closed, now: float) -> None:
        self.end(peer_ended(closed), now)

    def _upstream_closed(self, closed: Closed, now: float) -> None:
        self.end(upstream_ended(closed), now)

    def _drained(self, flow: Flow, now: float, waiting: int = 0) -> None:
        flow.waits(waiting)
        if flow.full_since is not None:
            flow.full_since = None
            if not flow.held:
                flow.source.resume_reading()

    def _progressed(self, flow: Flow, waiting: int, now: float) -> None:
        if not flow.waits(waiting):
            self._drained(flow, now, waiting)
        elif flow.full_since is not None:
            flow.full_since = now  # it is as fast as it should be

    def _say(self, flow: Flow, event: Event, now: float) -> None:
        if flow.waits(flow.sink.send(event.data, now)):
            self._filled(flow, now)

    def _filled(self, flow: Flow, now: float) -> None:
        if flow.full_since is None:
            flow.full_since = now
            if not flow.held:
                flow.source.pause_reading()

    def _already_told(self, how: Ended) -> bool:
        """Whether the upstream's close needs no words of ours: it said why itself, or it ended as it should."""
        if how.cause is not Cause.UPSTREAM_CLOSED:
            return False
        return self.down.last_type == "error" or how.code in {NORMAL, NO_CODE}
