"""Both voices of a recording as sound, each in time, read as they are needed.

Each voice reads the file for itself: the upstream's audio comes minutes before it is heard, and so nothing has to be
held until the other voice gets there.
"""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from relay.core.events import read_peer_event, read_upstream_event
from relay.recording.format import Message
from relay.recording.inspection.audio import AudioFormat, Samples, read_format
from relay.recording.inspection.fields import text_of
from relay.recording.inspection.playout import JITTER_S, Playout
from relay.recording.inspection.summary import Summary
from relay.recording.reader import Recording, RecordingError

LONGEST_S = 12 * 3600
"""No session lasts so long, and a WAV file hardly holds more; a time beyond it is a damaged one."""

_SESSION_EVENTS = frozenset({"session.created", "session.updated"})


@dataclass(frozen=True, slots=True)
class Piece:
    """Sound that begins at this sample of the session."""

    start: int
    samples: Samples


class Voice:
    """One voice, silent where nothing is said."""

    def __init__(self, pieces: Iterator[Piece]) -> None:
        self._pieces = pieces
        self._next = next(pieces, None)
        self._at = 0

    def read(self, count: int) -> Samples:
        """The next so many samples.

        Raises:
            RecordingError: the file cannot be read on.
        """
        block = array("h", bytes(2 * count))
        while self._next is not None and self._next.start < self._at + count:
            piece = self._next
            skip = max(0, self._at - piece.start)
            place = max(0, piece.start - self._at)
            part = piece.samples[skip : skip + count - place]
            block[place : place + len(part)] = part
            if skip + len(part) < len(piece.samples):
                break
            self._next = next(self._pieces, None)
        self._at += count
        return block


def voices_of(recording: Recording, summary: Summary) -> tuple[Voice, Voice]:
    """The peer's voice and the upstream's; what the recording holds as digests is silent.

    Raises:
        RecordingError: it lasts longer than any session does.
    """
    if summary.duration_s > LONGEST_S:
        raise RecordingError(recording.path, None, f"it lasts longer than {LONGEST_S // 3600} hours, which cannot be")
    return Voice(_peer(recording)), Voice(_upstream(recording, summary.heard))


def _peer(recording: Recording) -> Iterator[Piece]:
    voice, written = Playout(), AudioFormat()
    for message in _messages(recording):
        if message.direction == "down":
            written = _format(message, "input") or written
            continue
        event = read_peer_event(message.data)
        if event.type == "input_audio_buffer.append":
            audio = event.body.get("audio")
            start = voice.place(message.at, written.samples_of(audio), JITTER_S)
            if samples := written.read(audio):
                yield Piece(start, samples[: voice.end - start])


def _upstream(recording: Recording, heard: Mapping[str, int]) -> Iterator[Piece]:
    voice, written = Playout(), AudioFormat()
    left = dict(heard)
    for message in _messages(recording):
        if message.direction == "up":
            continue
        event = read_upstream_event(message.data)
        if event.type == "response.output_audio.delta":
            item_id, audio = text_of(event.body, "item_id"), event.body.get("delta")
            count = min(written.samples_of(audio), left.get(item_id, written.samples_of(audio)))
            if item_id in left:
                left[item_id] -= count
            start = voice.place(message.at, count) if count else 0
            if count and (samples := written.read(audio)):
                yield Piece(start, samples[:count])
        else:
            written = _format(message, "output") or written


def _messages(recording: Recording) -> Iterator[Message]:
    for line in recording.messages():
        if isinstance(line, Message):
            yield line


def _format(message: Message, way: Literal["input", "output"]) -> AudioFormat | None:
    event = read_upstream_event(message.data)
    return read_format(event.body.get("session"), way) if event.type in _SESSION_EVENTS else None
