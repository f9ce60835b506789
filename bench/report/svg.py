"""Bars and lines as SVG, by hand: they look right on light and dark pages and say their figures in text."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log10

_WIDTH, _LABEL, _RIGHT, _ROW, _TOP, _LEGEND = 720, 222, 90, 28, 42, 18
_COLOURS = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#a463f2", "#97bbf5")
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:15px}.small{font-size:11px}"
    ".axis{stroke:#8c959f;stroke-width:1}.page{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}}"
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: its parts from left to right, and the words after it."""

    label: str
    parts: Sequence[float]
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line through its points."""

    label: str
    points: Sequence[tuple[float, float]]


def bars(title: str, rows: Sequence[Bar], legend: Sequence[str] = ()) -> str:
    """Horizontal bars from zero.

    Args:
        legend: what the parts of a bar are, where there are several.
    """
    longest = max((sum(row.parts) for row in rows), default=0) or 1
    scale = (_WIDTH - _LABEL - _RIGHT) / longest
    drawn = [_legend(legend)] if legend else []
    top = _TOP + _LEGEND if legend else _TOP
    for index, row in enumerate(rows):
        drawn += _bar(row, top + index * _ROW, scale)
    return _document(title, top + len(rows) * _ROW + 8, drawn)


def lines(title: str, x_words: str, series: Sequence[Line], *, logarithmic: bool = True) -> str:
    """Lines, y from zero; a logarithmic x names each point, one that is not names six places."""
    height, bottom = 340, 290
    xs = sorted({x for line in series for x, _ in line.points})
    top_y = max((y for line in series for _, y in line.points), default=0) or 1
    scaled = log10 if logarithmic else float
    span = (scaled(xs[-1]) - scaled(xs[0])) if len(xs) > 1 else 1

    def place(x: float, y: float) -> tuple[float, float]:
        left, right = 60, _WIDTH - _LABEL
        return left + (scaled(x) - scaled(xs[0])) / span * (right - left), bottom - y / top_y * (bottom - _TOP)

    named = xs if logarithmic else [xs[0] + span * part / 5 for part in range(6)]
    drawn = [f'<path class="axis" d="M60 {bottom}H{_WIDTH - _LABEL}"/>', _text(60, bottom + 38, x_words, "small")]
    drawn += [_text(place(x, 0)[0], bottom + 18, f"{x:,.0f}", "small", "middle") for x in named]
    drawn += [_text(52, place(xs[0], y)[1] + 4, _short(y), "small", "end") for y in (top_y / 2, top_y)]
    labels_y = _spread([place(*line.points[-1])[1] for line in series])
    for index, line in enumerate(series):
        colour = _COLOURS[index % len(_COLOURS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in line.points))
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        drawn.append(f'<circle cx="{_WIDTH - _LABEL + 10}" cy="{labels_y[index]:.1f}" r="5" fill="{colour}"/>')
        drawn.append(_text(_WIDTH - _LABEL + 20, labels_y[index] + 4, line.label))
    return _document(title, max(height, labels_y[-1] + 24 if labels_y else 0), drawn)


def _bar(row: Bar, y: float, scale: float) -> list[str]:
    drawn = [_text(_LABEL - 10, y + 15, row.label, anchor="end")]
    x = float(_LABEL)
    for index, part in enumerate(row.parts):
        drawn.append(f'<rect x="{x:.1f}" y="{y}" width="{part * scale:.1f}" height="20" fill="{_COLOURS[index]}"/>')
        x += part * scale
    return [*drawn, _text(x + 8, y + 15, row.words)]


def _legend(names: Sequence[str]) -> str:
    entries = []
    for index, name in enumerate(names):
        x = _LABEL + index * 110
        entries.append(f'<rect x="{x}" y="36" width="11" height="11" fill="{_COLOURS[index]}"/>')
        entries.append(_text(x + 16, 46, name, "small"))
    return "".join(entries)


def _spread(places: Sequence[float], least: float = 18) -> list[float]:
    """Move labels down until none covers another."""
    moved = list(places)
    lowest = float("-inf")
    for index in sorted(range(len(places)), key=places.__getitem__):
        moved[index] = lowest = max(places[index], lowest + least)
    return moved


def _short(value: float) -> str:
    """A figure for an axis: few digits, whatever its size."""
    if value >= 1e6:
        return f"{value / 1e6:,.3g} M"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def _document(title: str, height: float, drawn: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">'
    page = f'<rect class="page" width="{_WIDTH}" height="{height}"/>'
    words = f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    return "\n".join([head, words, page, _text(12, 24, title, "title"), *drawn, "</svg>\n"])
