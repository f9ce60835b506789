"""Follows a peer through what the recorded peer said, and notes where it leaves that path."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from relay.core.events import Event, read_peer_event
from relay.recording import Message, Recording
from relay.stand_ins.replay.ids import Ids
from relay.stand_ins.replay.matching import APPENDS, audio_bytes, differences, learn_ids
from relay.stand_ins.replay.signs_of_life import without_signs

LOOK_AHEAD = 20_000
"""Messages; most are appended audio, of which only the size is kept."""

KEPT_DRIFTS = 1000


@dataclass(frozen=True, slots=True)
class Expected:
    """One message of the recorded peer.

    Attributes:
        number: of the peer's own messages, from 1.
        line: where it stands in the file.
        at: when it was said, in seconds since the session opened.
        event: what it says; where it appends audio, without its body.
        audio_bytes: how much audio it appends.
    """

    number: int
    line: int
    at: float
    event: Event
    audio_bytes: int


@dataclass(frozen=True, slots=True)
class Drift:
    """Where a peer left the recording.

    Attributes:
        line: of the file, where the awaited message stands; None where the recorded peer says no more.
        what: what was awaited and what came, by types and paths, without payload.
    """

    line: int | None
    what: str


class ScriptFollower:
    """Matches a peer's messages with the recorded ones.

    A strict one takes them one by one. One that is not takes audio by its amount, however it is cut into messages,
    and looks ahead for what a peer says early; what fits nowhere is passed over.

    Attributes:
        drifts: the first `KEPT_DRIFTS`.
    """

    def __init__(self, recording: Recording, ids: Ids, *, strict: bool) -> None:
        self.drifts: list[Drift] = []
        self._ids = ids
        self._strict = strict
        self._source = _read(recording)
        self._ahead: deque[Expected] = deque()
        self._audio_credit = 0

    def follow(self, event: Event) -> Expected | None:
        """Take in a message; returns the recorded one that the peer has now reached, or None if it is where it was.

        Raises:
            RecordingError: the file cannot be read on.
        """
        if self._strict:
            return self._follow_strictly(event)
        return self._hear(event) if event.type in APPENDS else self._search(event)

    def _follow_strictly(self, event: Event) -> Expected | None:
        expected = next(self._upcoming(), None)
        if expected is None:
            self._drift(None, f"the recorded peer says no more, this one says {event.type}")
            return None
        different = self._differences(expected, event)
        if different:
            self._drift(expected.line, _words(expected, event, different))
            return None
        return self._reach(expected, event)

    def _hear(self, event: Event) -> Expected | None:
        """Take appended audio by its amount."""
        self._audio_credit += audio_bytes(event)
        reached = None
        while (expected := next(self._upcoming(), None)) is not None and expected.event.type in APPENDS:
            if expected.audio_bytes > self._audio_credit:
                return reached
            self._audio_credit -= expected.audio_bytes
            reached = self._reach(expected, event)
        self._audio_credit = 0  # it goes on speaking where the recorded peer does something else
        return reached

    def _search(self, event: Event) -> Expected | None:
        """Look for what the peer says among what is to come, past audio first of all."""
        first = None
        for expected in self._upcoming():
            if expected.event.type in APPENDS:
                continue
            first = first or expected
            if not self._differences(expected, event):
                if expected is not first:
                    early = f"{event.type} of line {expected.line} came early, {first.event.type} was awaited"
                    self._drift(first.line, early)
                return self._reach(expected, event)
        if first is not None and first.event.type == event.type:
            self._drift(first.line, _words(first, event, self._differences(first, event)))
            return self._reach(first, event)
        awaited = "no more" if first is None else first.event.type
        self._drift(first.line if first else None, f"passed over {event.type} where {awaited} was awaited")
        return None

    def _differences(self, expected: Expected, event: Event) -> list[str]:
        if expected.event.type == event.type and event.type in APPENDS:
            return ["audio"] if expected.audio_bytes != audio_bytes(event) else []
        return differences(expected.event, event, self._ids)

    def _reach(self, expected: Expected, event: Event) -> Expected:
        learn_ids(expected.event.body, event.body, self._ids)
        while self._ahead and self._ahead[0].number <= expected.number:
            self._ahead.popleft()
        return expected

    def _upcoming(self) -> Iterator[Expected]:
        yield from tuple(self._ahead)
        while len(self._ahead) < LOOK_AHEAD and (one := next(self._source, None)) is not None:
            self._ahead.append(one)
            yield one

    def _drift(self, line: int | None, what: str) -> None:
        if len(self.drifts) < KEPT_DRIFTS:
            self.drifts.append(Drift(line, what))


def _words(expected: Expected, event: Event, different: list[str]) -> str:
    if expected.event.type != event.type:
        return f"{expected.event.type} was awaited, {event.type} came"
    return f"{event.type} differs in {', '.join(different[:5])}"


def _read(recording: Recording) -> Iterator[Expected]:
    """The peer's own messages; what the relay said itself is left out."""
    number = 0
    for line, entry in without_signs(recording):
        if isinstance(entry, Message) and entry.direction == "up" and not entry.by_relay:
            number += 1
            yield _expected(number, line, entry)


def _expected(number: int, line: int, message: Message) -> Expected:
    event = read_peer_event(message.data)
    if event.type not in APPENDS:
        return Expected(number, line, message.at, event, 0)
    kept = {"event_id": event.body["event_id"]} if "event_id" in event.body else {}
    return Expected(number, line, message.at, Event("", event.type, kept), audio_bytes(event))
