"""The page's pictures."""

from collections.abc import Iterator
from pathlib import Path

from bench.contestants import BARE
from bench.report.measures import Measures, cpu_us, kb_per_session, system_share
from bench.report.svg import Bar, Line, bars, lines
from bench.scenarios import GROWTH, IDLE, STEADY


def write_pictures(measures: Measures, directory: Path) -> None:
    """Write `bench-*.svg`. What was not measured is left out."""
    directory.mkdir(parents=True, exist_ok=True)
    pictures = {
        "cpu": bars("CPU for a round trip, µs", list(_cpu(measures)), ["user", "system"]),
        "latency": bars("Latency added at p99, ms", list(_latency(measures))),
        "memory": bars("Memory for an idle session, KB", list(_memory(measures))),
        "capacity": bars("Sessions on one core", list(_capacity(measures))),
        "growth": lines(
            "CPU for a round trip, µs, at 2,500 events a second each way", "sessions", list(_growth(measures))
        ),
    }
    for name, picture in pictures.items():
        (directory / f"bench-{name}.svg").write_text(picture)


def _titles(measures: Measures) -> Iterator[tuple[str, str]]:
    for key, title in measures.results.titles.items():
        if key != BARE:
            yield key, title.replace("`", "")


def _cpu(measures: Measures) -> Iterator[Bar]:
    for key, title in _titles(measures):
        cpu = measures.median(STEADY.key, key, cpu_us)
        if cpu is not None:
            system = cpu * system_share(measures.rounds(STEADY.key, key))
            yield Bar(title, [cpu - system, system], f"{cpu:.0f}")


def _latency(measures: Measures) -> Iterator[Bar]:
    for key, title in _titles(measures):
        added = measures.added_us(STEADY.key, key, "p99")
        if added is not None:
            yield Bar(title, [max(added, 0) / 1000], f"{added / 1000:.2f}")


def _memory(measures: Measures) -> Iterator[Bar]:
    for key, title in _titles(measures):
        each = measures.median(IDLE.key, key, kb_per_session)
        if each is not None:
            yield Bar(title, [each], f"{each:.0f}")


def _capacity(measures: Measures) -> Iterator[Bar]:
    capacity = measures.results.capacity
    for key, title in _titles(measures):
        if key in capacity:
            more = " or more" if capacity[key] == capacity[BARE] else ""
            yield Bar(title, [capacity[key]], f"{capacity[key]:,}{more}")


def _growth(measures: Measures) -> Iterator[Line]:
    for key, title in _titles(measures):
        found = [(each.sessions, measures.median(each.key, key, cpu_us)) for each in GROWTH]
        points = [(sessions, cpu) for sessions, cpu in found if cpu is not None]
        if points:
            yield Line(title, points)
