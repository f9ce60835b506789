"""A session between a test's peer and a mock upstream, with lines that take their time: no socket, no clock."""

import heapq
import json
from collections.abc import Callable
from itertools import count
from typing import Any

from relay.core.events import Data
from relay.core.interceptor import Interceptor
from relay.core.session import Session
from relay.core.tally import Tally
from relay.stand_ins.mock.opening import Opening
from relay.stand_ins.mock.pace import Pace
from relay.stand_ins.mock.session import MockSession


class Line:
    """A leg whose messages arrive somewhere else, `late_s` later and in order."""

    def __init__(self, talk: "SlowTalk", arrive: Callable[[str], None]) -> None:
        self.buffered_bytes = self.extra_frames = 0
        self._talk = talk
        self._arrive = arrive

    def send(self, data: Data, received_at: float) -> int:
        self._talk.later(self._talk.late_s, lambda: self._arrive(str(data)))
        return 0

    def close(self, code: int, reason: str) -> None:
        """Nobody is at the other end of it."""

    def pause_reading(self) -> None:
        """Nothing waits here."""

    def resume_reading(self) -> None:
        """Nothing waits here."""


class SlowTalk:
    """A session that a test drives: its time goes on as far as it is told.

    Attributes:
        now: the time, in seconds.
        upstream: the mock at the other end.
        received: what has arrived at the peer.
        late_s: how long each way of each message takes.
    """

    def __init__(self, *interceptors: Interceptor, pace: Pace | None = None, late_s: float = 0.05) -> None:
        self.now = 0.0
        self.late_s = late_s
        self.received: list[dict[str, Any]] = []
        self.upstream = MockSession(Opening("gpt-realtime-2.1"), pace=pace or Pace(), now=0.0, unix_now=0.0)
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        peer = Line(self, lambda data: self.received.append(json.loads(data)))
        upstream = Line(self, lambda data: self.upstream.receive(data, self.now))
        self.session = Session("s", peer, upstream, interceptors, Tally())
        self.session.open(0.0)

    def says(self, kind: str, **fields: Any) -> None:
        """The peer says something now."""
        data = json.dumps({"type": kind, **fields})
        self.later(self.late_s, lambda: self.session.peer_listener.on_message(data, self.now))

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + seconds, next(self._order), action))

    def run(self, seconds: float) -> None:
        """Let so much time go by."""
        until = self.now + seconds
        while True:
            self._fetch()
            due = min(self._due[0][0] if self._due else until, self.upstream.next_due)
            if due >= until:
                break
            self.now = max(self.now, due)
            if self._due and self._due[0][0] <= self.now:
                heapq.heappop(self._due)[2]()
        self.now = until
        self.session.tick(self.now)
        self._fetch()

    def _fetch(self) -> None:
        """What the upstream has to say by now is on its way to the relay."""
        while (message := self.upstream.next_message(self.now)) is not None:
            self.later(self.late_s, lambda data=message: self.session.upstream_listener.on_message(data, self.now))  # type: ignore[misc]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of this type that have arrived at the peer."""
        return [event for event in self.received if event["type"] == kind]
