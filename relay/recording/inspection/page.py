"""A recording as one page of HTML that asks for nothing else: no script, no font, no address.

Everything that was said is escaped, and the page's own policy forbids it to load or run anything.
"""

from collections.abc import Iterator
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from relay.recording.format import End
from relay.recording.inspection.files import private_file
from relay.recording.inspection.summary import Summary, Trouble, Turn
from relay.recording.inspection.timeline import timeline
from relay.recording.inspection.words import (
    WAITS,
    clock,
    ending,
    lasting,
    money,
    remarks,
    said,
    spread_words,
    used,
    who,
)
from relay.recording.reader import Recording
from relay.version import __version__


def write_page(recording: Recording, summary: Summary, path: Path) -> None:
    """Write the page. Nobody but the user can read the file.

    Raises:
        OSError: it cannot be written.
        RecordingError: the recording cannot be read, or lasts longer than any session does.
    """
    page = as_page(recording, summary)
    with private_file(path) as file:
        file.write(page.encode(errors="replace"))


def as_page(recording: Recording, summary: Summary) -> str:
    """The page.

    Raises:
        RecordingError: the recording cannot be read, or lasts longer than any session does.
    """
    end = summary.end
    is_good = isinstance(end, End) and end.upstream.code == 1000 and end.peer.code == 1000
    header = summary.header
    return Template(_file("page.html")).substitute(
        name=escape(summary.name),
        style=_file("page.css"),
        facts=escape(" · ".join([summary.model or "no model", f"profile {header.profile}", header.started_at])),
        mood="good" if is_good else "bad",
        ending=escape(ending(summary)),
        tiles="\n".join(_tiles(summary)),
        rows="\n".join(timeline(recording, summary)),
        waits=_waits(summary),
        turns="\n".join(_turn(number, turn) for number, turn in enumerate(summary.turns, 1)),
        troubles=_troubles(summary),
        usage=_usage(summary),
        version=escape(__version__),
    )


def _file(name: str) -> str:
    return files("relay.recording.inspection").joinpath(name).read_text()


def _tiles(summary: Summary) -> Iterator[str]:
    yield _tile(lasting(summary.duration_s), "length")
    yield _tile(str(len(summary.turns)), "turns")
    for since, words in WAITS:
        if (found := summary.waits(since)) is not None:
            yield _tile(lasting(found.median_s), f"median wait from the {words}")
            yield _tile(lasting(found.longest_s), f"longest wait from the {words}")
            break
    yield _tile(money(summary.usd), "cost")
    yield _tile(str(summary.trouble_count), "errors", "bad" if summary.trouble_count else "")


def _tile(figure: str, words: str, kind: str = "") -> str:
    return f'<li class="{kind}"><b>{escape(figure)}</b><span>{escape(words)}</span></li>'


def _waits(summary: Summary) -> str:
    waited = [(number, turn.wait) for number, turn in enumerate(summary.turns, 1) if turn.wait]
    longest = max((wait.seconds for _, wait in waited), default=0.0)
    if len(waited) < 2 or longest <= 0:
        return ""
    bars = "".join(
        f'<a href="#turn-{number}" style="height:{100 * wait.seconds / longest:.1f}%"'
        f' title="turn {number}: {lasting(wait.seconds)}" aria-label="turn {number}: {lasting(wait.seconds)}"></a>'
        for number, wait in waited
    )
    notes = [
        f"From the {words} to the first of the answer: {spread_words(found)}."
        for since, words in WAITS
        if (found := summary.waits(since)) is not None
    ]
    return _section(
        "waits", "Waits", f'<div class="bars">{bars}</div>', *(f'<p class="note">{note}</p>' for note in notes)
    )


def _turn(number: int, turn: Turn) -> str:
    has_words = bool(turn.text or turn.calls)
    words = [("words", turn.text)] if turn.text else []
    words += [("words call", call) for call in turn.calls]
    shown = words if has_words else [("wordless", said(turn))]
    return (
        f'<li id="turn-{number}" class="{turn.speaker}"><p class="by"><a href="#at-{number}">{clock(turn.at)}</a>'
        f"<b>{escape(who(turn))}</b></p>"
        + "".join(f'<p class="{kind}">{escape(text)}</p>' for kind, text in shown)
        + _chips(turn)
        + "</li>"
    )


def _chips(turn: Turn) -> str:
    chips = [f'<span class="{_mood(remark)}">{escape(remark)}</span>' for remark in remarks(turn)]
    return f'<div class="chips">{"".join(chips)}</div>' if chips else ""


def _mood(remark: str) -> str:
    if " to the first " in remark:
        return "waited"
    return "bad" if remark.startswith(("failed", "transcription failed", "incomplete", "not done")) else ""


def _troubles(summary: Summary) -> str:
    if not summary.trouble_count:
        return ""
    rows = "".join(map(_trouble, summary.troubles))
    more = summary.trouble_count - len(summary.troubles)
    note = f'<p class="note">and {more:,} more</p>' if more else ""
    table = f'<div class="scroll"><table class="troubles">{rows}</table></div>'
    return _section("errors", "Errors", table, note)


def _trouble(trouble: Trouble) -> str:
    return (
        f'<tr><td class="number">{clock(trouble.at)}</td><td class="number">line {trouble.line}</td>'
        f"<td><code>{escape(trouble.code)}</code> {escape(trouble.message)}</td></tr>"
    )


def _usage(summary: Summary) -> str:
    costs = summary.costs
    rows = [(model, used(costs, model), money(usd)) for model, usd in costs.usd.items()]
    rows += [("up", _traffic(summary, "up"), ""), ("down", _traffic(summary, "down"), "")]
    cells = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(words)}</td><td class="number">{figure}</td></tr>'
        for name, words, figure in rows
    )
    unbilled = f"{costs.unbilled} more ended before the API said what they cost."
    note = f'<p class="note">{unbilled}</p>' if costs.unbilled else ""
    return _section("usage", "Usage", f'<div class="scroll"><table>{cells}</table></div>', note)


def _traffic(summary: Summary, way: str) -> str:
    traffic = summary.up if way == "up" else summary.down
    return f"{traffic.messages:,} messages, {traffic.bytes:,} bytes, {lasting(traffic.audio_s)} of audio"


def _section(name: str, title: str, *content: str) -> str:
    return f'<section aria-labelledby="{name}"><h2 id="{name}">{title}</h2>{"".join(content)}</section>'
