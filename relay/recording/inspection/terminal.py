"""A summary as text for a terminal."""

import textwrap
from collections.abc import Iterator

import click

from relay.recording.inspection.summary import Summary, Turn
from relay.recording.inspection.words import (
    WAITS,
    clock,
    ending,
    lasting,
    money,
    one_line,
    remarks,
    said,
    spread_words,
    used,
    who,
)

_COLOURS = {"peer": "cyan", "upstream": "green"}


def as_text(summary: Summary, width: int) -> str:
    """All of it, for so many columns; with colours, which `click.echo` takes out where there is no terminal."""
    sections = [_head(summary), _turns(summary, width), _waits(summary), _usage(summary), _troubles(summary, width)]
    return "\n\n".join("\n".join(lines) for section in sections if (lines := list(section)))


def _head(summary: Summary) -> Iterator[str]:
    header = summary.header
    yield click.style(one_line(summary.name), bold=True)
    model = summary.model or "no model"
    facts = [model, f"profile {header.profile}", header.started_at, lasting(summary.duration_s)]
    yield "  " + " · ".join(map(one_line, facts))
    if header.status != 101:
        yield f"  The upstream refused the handshake with {header.status}."
    for name, traffic in (("up", summary.up), ("down", summary.down)):
        audio = f", {lasting(traffic.audio_s)} of audio" if traffic.audio_s else ""
        plural = "s" * (traffic.messages != 1)
        yield f"  {name:4} {traffic.messages:,} message{plural}, {traffic.bytes:,} bytes{audio}"
    yield f"  {ending(summary)}"


def _turns(summary: Summary, width: int) -> Iterator[str]:
    margin = max((len(clock(turn.at)) for turn in summary.turns), default=0) + 2
    for turn in summary.turns:
        yield from _turn(turn, margin, width)


def _turn(turn: Turn, margin: int, width: int) -> Iterator[str]:
    column = margin + 12
    first, *more = textwrap.wrap(said(turn), max(width - column, 20)) or [""]
    speaker = click.style(f"{who(turn):10}", fg=_COLOURS[turn.speaker])
    yield f"{clock(turn.at):>{margin}}  {speaker}{first}"
    for line in more:
        yield " " * column + line
    for line in textwrap.wrap(" · ".join(remarks(turn)), max(width - column, 20)):
        yield " " * column + click.style(line, dim=True)


def _waits(summary: Summary) -> Iterator[str]:
    for since, words in WAITS:
        found = summary.waits(since)
        if found is not None:
            yield f"{_bold('Waits')}  from the {words} to the first of the answer: {spread_words(found)}"


def _usage(summary: Summary) -> Iterator[str]:
    costs = summary.costs
    if not (costs.usd or costs.unbilled):
        return
    yield f"{_bold('Cost')}   {money(summary.usd)}"
    for model, usd in costs.usd.items():
        yield f"  {model}: {used(costs, model)}, {money(usd)}"
    if "other" in costs.usd:
        yield "  (“other” has no price here, and is counted as the dearest model would be)"
    if costs.unbilled:
        yield f"  {costs.unbilled} more ended before the API said what they cost"


def _troubles(summary: Summary, width: int) -> Iterator[str]:
    if not summary.trouble_count:
        return
    yield f"{_bold('Errors')} {summary.trouble_count}"
    for trouble in summary.troubles:
        words = f"{clock(trouble.at)}  line {trouble.line}  {trouble.code}: {trouble.message}".rstrip(": ")
        yield from textwrap.wrap(one_line(words), width, initial_indent="  ", subsequent_indent="    ")
    if summary.trouble_count > len(summary.troubles):
        yield f"  and {summary.trouble_count - len(summary.troubles)} more"


def _bold(words: str) -> str:
    return click.style(words, bold=True)
