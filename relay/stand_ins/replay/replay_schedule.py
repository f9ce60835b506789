"""When the messages of the recorded upstream are due: after their causal gate, and then at their time."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from relay.recording import Cut, End, Message, Recording, Stopped
from relay.stand_ins.replay.signs_of_life import without_signs

Entry = Message | End | Stopped | Cut


@dataclass(frozen=True, slots=True)
class Anchor:
    """The peer has said as much as the recorded one had by its message `number`: when, here and in the recording."""

    number: int
    now: float
    recorded_at: float


class ReplaySchedule:
    """Hands out what the upstream sent, in order, as it becomes due.

    A message is due as long after the peer's message before it as it was in the recording, divided by `speed`. So a
    peer that thinks longer than the recorded one gets its answer as late after its question as that one did.
    """

    def __init__(self, recording: Recording, speed: float, now: float) -> None:
        self._speed = speed
        self._entries = _read(recording)
        self._next: Entry | None = None
        self._anchors = deque([Anchor(0, now, 0.0)])
        self._due = now

    def reached(self, number: int, recorded_at: float, now: float) -> None:
        """The peer has said what the recorded one had said by then."""
        self._anchors.append(Anchor(number, now, recorded_at))

    def due(self) -> float | None:
        """When the next is due; None while its gate is closed or nothing is left.

        Raises:
            RecordingError: the file cannot be read on.
        """
        entry = self._peek()
        if entry is None:
            return None
        opened = self._gate(entry)
        if opened is None:
            return None
        base = self._anchors[0]
        at = entry.at if not isinstance(entry, Cut) else base.recorded_at
        return max(self._due, opened, base.now + max(0.0, at - base.recorded_at) / self._speed)

    def take(self, now: float) -> Entry | None:
        """The next, if it is due."""
        due = self.due()
        if due is None or due > now:
            return None
        entry, self._next, self._due = self._next, None, due
        return entry

    def _peek(self) -> Entry | None:
        if self._next is None:
            self._next = next(self._entries, None)
        return self._next

    def _gate(self, entry: Entry) -> float | None:
        """When the peer had said enough; None if it has not."""
        after = entry.after if isinstance(entry, Message | End) else self._anchors[0].number
        while len(self._anchors) > 1 and self._anchors[1].number <= after:
            self._anchors.popleft()
        for anchor in self._anchors:
            if anchor.number >= after:
                return anchor.now
        return None


def _read(recording: Recording) -> Iterator[Entry]:
    for _, entry in without_signs(recording):
        if not (isinstance(entry, Message) and entry.direction == "up"):
            yield entry
