"""The page's timeline: rows of waveforms, with a band for each turn, its wait, and a mark for each error."""

import math
from collections.abc import Iterator
from html import escape

from relay.recording.inspection.summary import Summary, Turn
from relay.recording.inspection.waveform import COLUMNS, Peaks, row_length_s, rows_of
from relay.recording.inspection.words import clock, lasting, said, who
from relay.recording.reader import Recording

_TICKS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300)
_TICKS = 6
_HEIGHT = 50
"""From the middle of a waveform to its edge, in units of its picture."""

_TITLE_CHARS = 120


def timeline(recording: Recording, summary: Summary) -> Iterator[str]:
    """The rows as HTML.

    Raises:
        RecordingError: the recording cannot be read on, or lasts longer than any session does.
    """
    length = row_length_s(summary.duration_s)
    rows = rows_of(recording, summary)
    placed = _by_row(summary, length)
    for number, row in enumerate(rows):
        yield (
            '<div class="row">'
            + "".join(_ticks(row.start_s, length))
            + _wave("peer", row.peer)
            + _wave("upstream", row.upstream)
            + "".join(placed.get(number, ()))
            + "</div>"
        )


def _by_row(summary: Summary, length: int) -> dict[int, list[str]]:
    """What lies on each row besides its waveforms."""
    rows: dict[int, list[str]] = {}
    last = max(0, math.ceil(summary.duration_s / length) - 1)
    for number, turn in enumerate(summary.turns, 1):
        until = summary.duration_s if turn.until is None else turn.until
        for part, (row, left, width) in enumerate(_spans(turn.at, until, length, last)):
            rows.setdefault(row, []).append(_band(number, turn, left, width, is_first=part == 0))
        if turn.wait is not None:
            for row, left, width in _spans(max(0.0, turn.at - turn.wait.seconds), turn.at, length, last):
                title = f"{lasting(turn.wait.seconds)} until turn {number}"
                band = f'<div class="band waited" style="left:{left:.3f}%;width:{width:.3f}%" title="{title}"></div>'
                rows.setdefault(row, []).append(band)
    for trouble in summary.troubles:
        ((row, left, _),) = _spans(trouble.at, trouble.at, length, last)
        title = escape(f"{clock(trouble.at)} {trouble.code}")
        rows.setdefault(row, []).append(f'<div class="mark" style="left:{left:.3f}%" title="{title}"></div>')
    return rows


def _spans(start_s: float, until_s: float, length: int, last: int) -> Iterator[tuple[int, float, float]]:
    """The rows that a time span lies on, each with where it begins and how wide it is, in percent."""
    row = min(int(start_s // length), last)
    while True:
        left = max(0.0, start_s - row * length)
        right = min(float(length), until_s - row * length)
        yield row, 100 * left / length, 100 * max(0.0, right - left) / length
        row += 1
        if row > last or row * length >= until_s:
            return


def _band(number: int, turn: Turn, left: float, width: float, *, is_first: bool) -> str:
    words = said(turn)
    shown = words if len(words) <= _TITLE_CHARS else words[:_TITLE_CHARS] + "…"
    title = escape(f"{number} · {clock(turn.at)} · {who(turn)}: {shown}")
    cut = " cut" if turn.heard_s is not None else ""
    name = f' id="at-{number}"' if is_first else ""
    label = f"<span>{number}</span>" if is_first else ""
    place = f"left:{left:.3f}%;width:{width:.3f}%"
    return (
        f'<a{name} class="band {turn.speaker}{cut}" href="#turn-{number}" style="{place}" title="{title}">{label}</a>'
    )


def _ticks(start_s: float, length: int) -> Iterator[str]:
    step = next((step for step in _TICKS_S if length / step <= _TICKS), _TICKS_S[-1])
    for number in range(round(length / step)):
        label = clock(start_s + number * step).removesuffix(".00")
        yield f'<div class="tick" style="left:{100 * number * step / length:.3f}%"><span>{label}</span></div>'


def _wave(speaker: str, peaks: Peaks) -> str:
    """The peaks as a filled shape around a middle line; louder than loud is not higher, quiet is still seen."""
    heights = [round(_HEIGHT * peak**0.6) for peak in peaks]
    path = "".join(_shapes(heights))
    return (
        f'<svg class="{speaker}-wave" aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 {len(peaks)} 100"'
        f' style="width:{100 * len(peaks) / COLUMNS:.3f}%"><path d="M0 49.5h{len(peaks)}v1H0z{path}"/></svg>'
    )


def _shapes(heights: list[int]) -> Iterator[str]:
    """A shape for each stretch that is not silent."""
    start = 0
    while start < len(heights):
        end = start
        while end < len(heights) and heights[end]:
            end += 1
        if end > start:
            above = [f"{start + offset} {_HEIGHT - height}" for offset, height in enumerate(heights[start:end])]
            below = [f"{start + offset} {_HEIGHT + height}" for offset, height in enumerate(heights[start:end])]
            yield f"M{start} 50L" + "L".join(above) + f"L{end} 50L" + "L".join(reversed(below)) + "z"
        start = end + 1
