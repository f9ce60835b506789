"""What the sessions of all kinds have in common: messages in, events out when they are due, and an end."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import orjson

from relay.engine import requests
from relay.engine.audio import BYTES_PER_MS
from relay.engine.checks import Check
from relay.engine.errors import Fault, Refused
from relay.engine.events import Event, event
from relay.engine.schedule import Schedule

Handlers = Mapping[str, Callable[[Event], None]]

SESSION_SECONDS = 3600.0


class Closure(Protocol):
    """How a connection is to be closed; without a code it is aborted."""

    @property
    def close_code(self) -> int | None: ...

    @property
    def close_reason(self) -> str: ...


class SessionBase:
    """Takes a client's messages, refuses what is wrong with them, and keeps events until they are asked for.

    Args:
        shape: what a client event has to look like.
        now: the time, on the clock of all later calls, in seconds.
        session_seconds: how long the session may last.
        record_s: how much of the received audio to keep in `heard`.

    Attributes:
        closing: how the connection is to end, once there is no event left; None while it goes on.
        heard: the first `record_s` seconds of the audio that was appended: PCM16, 24 kHz, mono.
    """

    def __init__(self, shape: Check, *, now: float, session_seconds: float, record_s: float = 0.0) -> None:
        self.closing: Closure | None = None
        self.heard = bytearray()
        self._shape = shape
        self._now = now
        self._expires = now + session_seconds
        self._session_seconds = session_seconds
        self._record_bytes = round(record_s * 1000) * BYTES_PER_MS
        self._outbox: deque[Event] = deque()
        self._schedule = Schedule()
        self._handlers: Handlers = {}
        self._has_ended = False

    @property
    def backlog(self) -> int:
        """How many events are ready. A reader that does not keep up should be sent no more of the client's."""
        return len(self._outbox)

    @property
    def next_due(self) -> float:
        """When `next_event` may have something, if nothing is received before."""
        due = self._schedule.next_due
        return self._expires if due is None else min(due, self._expires)

    def receive(self, message: str | bytes, now: float) -> None:
        """Take in one message of the client: `str` from a text frame, `bytes` from a binary one.

        What it brings about is left to `next_event`. A message that the API would refuse becomes an `error` event.
        """
        if self.closing or self._has_ended:
            return
        self._now = now
        event_id = None
        try:
            parsed = requests.parse(message)
            event_id = requests.sender_event_id(parsed)
            self._shape(parsed, "")
            self._handlers[parsed["type"]](self._admit(parsed))
        except Refused as refusal:
            self._outbox.append(self._refusal(refusal, event_id))

    def next_event(self, now: float) -> Event | None:
        """The next event to send; None if there is nothing to send by now."""
        self._now = now
        if now >= self._expires and not self.closing:
            self._expire()
        if not self._outbox and (scheduled := self._schedule.next_event(now)):
            self._outbox.append(scheduled)
        return self._outbox.popleft() if self._outbox else None

    def next_message(self, now: float) -> str | None:
        """The same, as the text that goes over the wire."""
        event = self.next_event(now)
        return None if event is None else orjson.dumps(event).decode()

    def wake(self, now: float) -> None:
        """Let go on what waits for nothing but this: the mind has more to give."""
        self._now = now
        self._schedule.wake(now)

    def end(self) -> None:
        """Let go of what the session holds, and take in no more: its connection is gone. What it has heard stays."""
        self._has_ended = True
        self._schedule.stop_all()
        self._outbox.clear()
        self._handlers = {}

    def _admit(self, parsed: Event) -> Event:
        """A client's event whose shape is right, as it is to be taken; raises `Refused` if it is not."""
        return parsed

    def _emit(self, kind: str, **fields: Any) -> None:
        self._outbox.append(event(kind, **fields))

    def _keep(self, pcm: bytes) -> None:
        self.heard += pcm[: max(0, self._record_bytes - len(self.heard))]

    def _refusal(self, refusal: Refused, event_id: str | None) -> Event:
        """The `error` event for what was wrong with the client's event of this id."""
        return refusal.as_event(event_id)

    def _expire(self) -> None:
        self._schedule.stop_all()
        self.closing = expired = Refused(Fault.SESSION_EXPIRED, minutes=self._session_seconds / 60)
        self._outbox.append(self._refusal(expired, None))
