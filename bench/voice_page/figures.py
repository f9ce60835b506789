"""All that one run found, and what it should have been."""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from statistics import median

from bench.report.tables import figure
from bench.voice_page.opening import NETWORKS

CHUNK_MS = 20


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run found. Times are milliseconds, one for each time it was tried.

    Attributes:
        capture_ms: from a sound's arrival on the microphone's audio thread until its chunk was handed to the WebSocket.
        first_sound_ms: from an answer's first audio in the page until its first sample left the speaker's worklet.
        silence_ms: from the news that the visitor speaks until the first silent block left the speaker's worklet.
        underruns: times the store ran dry in the long answer.
        discontinuities: samples of the long answer, as it was played, that do not go on where the one before ended.
        played_s: how much of it was played.
        heard_hz: what arrived of a tone of 1 kHz that was spoken in.
        played_hz: what was played of a tone of 1 kHz in an answer.
        heap_bytes: what the page held once all its stores were full, and after half an hour more of talk.
        nodes: elements and texts of the document, at both times.
        opening_ms: for each network, what `measure_opening` returns.
    """

    date: str
    machine: Mapping[str, str]
    capture_ms: Sequence[float]
    first_sound_ms: Sequence[float]
    silence_ms: Sequence[float]
    underruns: int
    discontinuities: int
    played_s: float
    heard_hz: float
    played_hz: float
    heap_bytes: Sequence[int]
    nodes: Sequence[int]
    opening_ms: Mapping[str, Mapping[str, Sequence[float]]]

    def save(self, path: Path) -> None:
        """Write them as JSON."""
        path.write_text(json.dumps(dataclasses.asdict(self), indent=1) + "\n")


def load_figures(path: Path) -> Figures:
    """Read what `Figures.save` wrote."""
    return Figures(**json.loads(path.read_text()))


def rows(figures: Figures) -> Iterator[list[str]]:
    """The table: what, the limit, what was found, and whether it was met."""
    yield _times("a sound at the microphone → its chunk on the wire", CHUNK_MS + 10, figures.capture_ms)
    yield _times("an answer's first audio received → its first sample played", 40, figures.first_sound_ms)
    yield _times("the visitor speaks → silence", 20, figures.silence_ms)
    yield _count("underruns in an answer of 60 s", figures.underruns)
    yield _count("discontinuities in that answer, as played", figures.discontinuities)
    yield ["how much of it was played", "60 s", f"{figure(figures.played_s, 1)} s", _verdict(figures.played_s >= 59.9)]
    yield _near("a tone of 1 kHz spoken in, as it arrives", figures.heard_hz)
    yield _near("a tone of 1 kHz in an answer, as played", figures.played_hz)
    heap_kb = [held / 1000 for held in figures.heap_bytes]
    yield _growth("the page's heap, and after half an hour more of talk", heap_kb, 1000, " KB")
    yield _growth("its nodes, likewise", figures.nodes, 100)
    for network in NETWORKS:
        found = figures.opening_ms[network.name]
        yield _times(f"a first visit → Start answers, {network.name}", network.first_ms, found["first"])
        yield _times("a reload → Start answers, likewise", network.again_ms, found["again"])


def p95(times: Sequence[float]) -> float:
    """The smallest that 95 % do not exceed."""
    return sorted(times)[ceil(0.95 * len(times)) - 1]


def _times(words: str, limit_ms: float, times: Sequence[float]) -> list[str]:
    shares = {"median": median(times), "p95": p95(times), "most": max(times)}
    found = ", ".join(f"{name} {figure(value)} ms" for name, value in shares.items())
    return [words, f"≤ {limit_ms} ms", f"{found} ({len(times)} times)", _verdict(p95(times) <= limit_ms)]


def _count(words: str, found: int) -> list[str]:
    return [words, "0", figure(found), _verdict(found == 0)]


def _near(words: str, hertz: float) -> list[str]:
    return [words, "1,000 ± 1 Hz", f"{figure(hertz, 2)} Hz", _verdict(abs(hertz - 1000) <= 1)]


def _growth(words: str, found: Sequence[float], most: int, unit: str = "") -> list[str]:
    before, after = found
    shown = f"{figure(before)} → {figure(after, unit=unit)}"
    return [words, f"≤ {figure(most, unit=unit)} more", shown, _verdict(after - before <= most)]


def _verdict(met: bool) -> str:
    return "met" if met else "**missed**"
