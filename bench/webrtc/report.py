"""What was found, as the tables of docs/webrtc.md."""

from collections.abc import Iterator, Sequence
from math import ceil
from statistics import median
from typing import Any

from bench.report.tables import figure, table

MISSING = {"0%": 0.0, "2%": 0.01, "5%": 0.03}
"""Of the sound, at most, where so many packets are lost."""


def words(results: dict[str, Any]) -> str:
    """All of it, in Markdown; a `note` says what was not measured with the rest."""
    page = table(["what", "limit", "found", ""], list(_rows(results)))
    calls = table(
        ["calls at once", "of a core, each", "memory, each", "packets a second, each"],
        [
            [
                str(each["calls"]),
                f"{100 * each['core_share']:.1f} %",
                f"{each['bytes'] / 1e6:.1f} MB",
                f"{each['packets_per_s']:.0f}",
            ]
            for each in results["calls"]
        ],
    )
    video = table(
        ["pictures a second of a camera, 640 by 480", "of a core, each call", "shown to the model, a second"],
        [
            [f"{each['frames_per_s']:.0f}", f"{100 * each['core_share']:.1f} %", figure(each["shown_per_s"], 1)]
            for each in results["video"]
        ],
    )
    machine = table(["", results["day"]], [[name, text] for name, text in results["machine"].items()])
    note = f"\n{results['note']}\n" if "note" in results else ""
    return f"{page}\n{calls}\n{video}\n{machine}{note}"


def _rows(results: dict[str, Any]) -> Iterator[list[str]]:
    yield _times("echo: the microphone → the relay → the loudspeaker", 150, results["echo_ms"])
    yield _times("the upstream hears the visitor → silence at the loudspeaker", 60, results["silence_ms"])
    offs = [abs(off) for off in results["cut_off_ms"]]
    yield _times("where the conversation is cut ↔ what was played", 40, offs)
    for lost, limit in MISSING.items():
        tone = results["tone"][lost]
        for way, name in (("missing_up", "said"), ("missing_down", "heard")):
            share = tone[way]
            what = f"sound missing in what is {name}, {lost.replace('%', ' %')} of the packets lost"
            yield [what, f"≤ {100 * limit:g} %", f"{100 * share:.2f} %", _verdict(share <= limit)]
    whole = results["tone"]["0%"]
    for way, name in (("up_hz", "said"), ("down_hz", "heard")):
        hertz = whole[way]
        yield [f"a tone of 1 kHz that is {name}", "1,000 ± 1 Hz", f"{hertz:,.2f} Hz", _verdict(abs(hertz - 1000) <= 1)]
    a_minute = whole["jumps"] * 60 / results["tone_s"]
    yield ["discontinuities in it, as it is heard", "≤ 1 a minute", figure(a_minute, 1), _verdict(a_minute <= 1)]
    most = results["calls"][-1]
    on_a_core = 1 / most["core_share"]
    yield ["calls on one core", "≥ 10", f"{on_a_core:.0f}", _verdict(on_a_core >= 10)]


def _times(what: str, limit_ms: float, found_ms: Sequence[float]) -> list[str]:
    """A row for times, judged by p95."""
    if not found_ms:
        return [what, f"≤ {limit_ms:g} ms", "not seen", _verdict(False)]
    ordered = sorted(found_ms)
    p95 = ordered[ceil(0.95 * len(ordered)) - 1]
    found = f"median {median(ordered):.0f} ms, p95 {p95:.0f} ms, most {ordered[-1]:.0f} ms ({len(ordered)} times)"
    return [what, f"≤ {limit_ms:g} ms", found, _verdict(p95 <= limit_ms)]


def _verdict(is_met: bool) -> str:
    return "met" if is_met else "**missed**"
