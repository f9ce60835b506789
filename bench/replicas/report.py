"""The tables and the picture of docs/scale.md that the replicas' figures make."""

from collections.abc import Sequence
from typing import Any

from bench.report.svg import Line, lines
from bench.report.tables import figure, table

_HAPPENED = {
    "drained": "one is drained and started again",
    "killed": "one is killed, and is back after 5 s",
    "hung": "one hangs for 20 s, and is then killed",
}
_HEAD = ("what happens", "came", "refused", "cut off", "back after, median", "back after, at most", "most back in 1 s")


def words(results: dict[str, Any]) -> str:
    """What was measured, in words and tables."""
    counts = [key for key in results if key.isdigit()]
    machine = results["machine"]
    parts = [
        f"Measured on {results['day']} with everything on one machine ({machine['processor']}, {machine['kernel']}, "
        f"Python {machine['Python']}, HAProxy {machine.get('HAProxy', 'unknown')}): `make bench-replicas`.\n"
    ]
    for count in counts:
        parts += [f"**{count} replicas**\n", table(_HEAD, list(_rows(results[count]))), _checks(results[count])]
    return "\n".join(parts)


def picture(results: dict[str, Any]) -> str:
    """How many sessions each replica of the larger fleet had, over time."""
    count = max((key for key in results if key.isdigit()), key=int)
    until = results[count]["rolled"][1]["at"]
    timeline = [(at, open_) for at, open_ in results[count]["timeline"] if at <= until]
    series = [
        Line(f"replica {index + 1}", [(at, open_[index]) for at, open_ in timeline if open_[index] is not None])
        for index in range(int(count))
    ]
    moments = ", ".join(f"{name} at {results[count][name]['at']:.0f}" for name in _HAPPENED)
    x_words = f"seconds: {moments}, all replaced from {results[count]['rolled'][0]['at']:.0f} on"
    return lines("Sessions of each of four replicas", x_words, series, logarithmic=False)


def _rows(trial: dict[str, Any]) -> Sequence[Sequence[str]]:
    rows = [_row("nothing", trial["steady"])]
    rows += [_row(name, trial[key]) for key, name in _HAPPENED.items()]
    rolls = trial["rolled"]
    return rows + [
        _row(f"all are replaced, with other settings ({nth} of {len(rolls)})", roll)
        for nth, roll in enumerate(rolls, 1)
    ]


def _row(name: str, seen: dict[str, Any]) -> list[str]:
    how = ", ".join(f"{number} ({code})" for code, number in sorted(seen["cut"].items())) or "0"
    away = seen["away_s"] or {"median": None, "most": None}
    came, refused = figure(seen["opened"]), figure(len(seen["refused"]))
    back = [figure(away[key], 1, " s") for key in ("median", "most")]
    return [name, came, refused, how, *back, figure(seen["most_back_in_a_second"])]


def _checks(trial: dict[str, Any]) -> str:
    steady = trial["steady"]
    agree = (
        "agree with what the peers counted, each type"
        if not steady["differences"]
        else f"do not agree: {steady['differences']}"
    )
    quiet = sum(not roll["refused"] for roll in trial["rolled"])
    changed = sum(roll["settings"] for roll in trial["rolled"])
    return (
        f"- A limit of {trial['limit']} sessions a minute, met by 100 handshakes at once, let {trial['admitted']} in.\n"
        f"- The replicas' `relay_events_total`, summed over {steady['events']:,} events, {agree}.\n"
        f"- Nobody was refused in {quiet} of {len(trial['rolled'])} rolling deploys; whoever came afterwards had the "
        f"new settings in {changed}.\n"
    )
