"""Both voices as peaks, in rows of equal length, one under the other like the lines of a text."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from relay.recording.inspection.audio import Samples
from relay.recording.inspection.playout import RATE
from relay.recording.inspection.summary import Summary
from relay.recording.inspection.voices import Voice, voices_of
from relay.recording.reader import Recording

COLUMNS = 800
"""Peaks in a row."""

MAX_ROWS = 60

_LENGTHS_S = (1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900)
_WHOLE_S = 30
"""A session that fits into this is one row."""

_LOOKED_AT = 256
"""Samples of each column; a peak is found among these closely enough to be seen."""

Peaks = list[float]
"""Between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Row:
    """Some seconds of the session.

    Attributes:
        start_s: where it begins.
        peer, upstream: their peaks, fewer where the session ends in this row.
    """

    start_s: float
    peer: Peaks
    upstream: Peaks


def row_length_s(duration_s: float) -> int:
    """How long a row is in a session of that length."""
    for length in _LENGTHS_S:
        if duration_s <= length or (length >= _WHOLE_S and duration_s <= length * MAX_ROWS):
            return length
    return _LENGTHS_S[-1]


def rows_of(recording: Recording, summary: Summary) -> Iterator[Row]:
    """The rows, each made when it is asked for.

    Raises:
        RecordingError: the recording cannot be read on, or lasts longer than any session does.
    """
    peer, upstream = voices_of(recording, summary)
    return _rows(peer, upstream, summary.duration_s, row_length_s(summary.duration_s))


def _rows(peer: Voice, upstream: Voice, duration_s: float, length: int) -> Iterator[Row]:
    rest = math.ceil(duration_s * COLUMNS / length)
    start_s = 0
    while rest > 0:
        columns = min(rest, COLUMNS)
        yield Row(start_s, _peaks(peer, columns, length), _peaks(upstream, columns, length))
        rest -= columns
        start_s += length


def _peaks(voice: Voice, columns: int, length_s: int) -> Peaks:
    count = length_s * RATE // COLUMNS
    step = max(1, count // _LOOKED_AT)
    return [_peak(voice.read(count)[::step]) for _ in range(columns)]


def _peak(samples: Samples) -> float:
    loudest, lowest = max(samples), min(samples)
    return max(loudest, -lowest) / 32768
