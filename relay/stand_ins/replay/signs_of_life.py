"""Signs of life: a `session.update` that names no field, by which a page finds out whether its line still works.

How many a peer asks for depends on how long it stays and not on what it says. So a replay neither awaits nor sends the
recorded ones: it answers those of its own peer.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from secrets import token_hex
from typing import Any

from relay.core.events import Data, Event, read_peer_event, read_upstream_event, write_event
from relay.recording import Cut, End, Message, Recording, Stopped

Line = Message | End | Stopped | Cut


def asks_for_sign(event: Event) -> bool:
    """Whether a peer's event asks for nothing but a sign of life."""
    session = event.body.get("session")
    return event.type == "session.update" and isinstance(session, dict) and session.keys() <= {"type"}


class ToldSession:
    """The session object as it was told last; None before."""

    def __init__(self) -> None:
        self.body: Any = None

    def meet(self, data: Data) -> bool:
        """Take in a message of the upstream; returns whether it tells the session, and tells it unchanged."""
        event = read_upstream_event(data)
        if event.type not in ("session.created", "session.updated"):
            return False
        before, self.body = self.body, event.body.get("session")
        return bool(self.body == before)

    def sign(self) -> Iterator[Data]:
        """A sign of life, where there is a session to tell."""
        if self.body is not None:
            named = {"type": "session.updated", "event_id": f"event_{token_hex(10)}"}
            yield write_event({**named, "session": self.body}).data


def without_signs(recording: Recording) -> Iterator[tuple[int, Line]]:
    """What `Recording.numbered` gives, but for signs of life and their answers, and with `after` as if there were none.

    Raises:
        RecordingError: the file cannot be read on.
    """
    filtered = _Filter()
    for number, line in recording.numbered():
        if not filtered.drops(line):
            yield number, filtered.renumbered(line)


class _Filter:
    """What is known of the lines that have been read."""

    def __init__(self) -> None:
        self._told = ToldSession()
        self._said = 0
        self._unanswered = 0
        self._signs: list[int] = []

    def drops(self, line: Line) -> bool:
        """Take in a line; returns whether it is a sign of life, or asks for one."""
        if not isinstance(line, Message):
            return False
        if line.direction == "down":
            answers = self._told.meet(line.data) and self._unanswered > 0
            self._unanswered -= answers
            return answers
        self._said += not line.by_relay
        asks = not line.by_relay and _may_ask(line.data) and asks_for_sign(read_peer_event(line.data))
        if asks:
            self._signs.append(self._said)
            self._unanswered += 1
        return asks

    def renumbered(self, line: Line) -> Line:
        """The line as if no sign of life had been asked for before it."""
        if not isinstance(line, Message | End):
            return line
        return replace(line, after=line.after - bisect_right(self._signs, line.after))


def _may_ask(data: Data) -> bool:
    return isinstance(data, str) and '"session.update"' in data
