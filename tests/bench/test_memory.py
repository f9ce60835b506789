"""What the benchmark of memory makes of its results."""

import json
from pathlib import Path

import pytest

from bench.memory.__main__ import words
from bench.memory.cost import TALKING
from bench.report.marks import between

ROOT = Path(__file__).parent.parent.parent
FOUND = {
    "day": "2026-11-27",
    "machine": {"processor": "a processor, 2 cores", "Python": "3.11.7"},
    "cost": {"relay": 30.0, "surviving": 30.2, "resumable": 60.0, "surviving / relay": 1.007, "resumable / relay": 2.0},
    "opening_ms": {"without": 4.0, "with": 10.0, "with, seen": 12.0},
    "lost_s": [0.0, 0.25],
    "returns_ms": {"own": [1.0, 2.0], "other": []},
    "returns_to_workers_ms": {"own": [], "other": [3.0]},
    "held_mib": {"resident": 3.5, "counted": 3.8},
    "swaps": {"count": 200.0, "within": 199.0, "mean_ms": 1.5},
}


@pytest.mark.parametrize(
    "row",
    [
        "somebody speaking two fifths of the time: more by | ≤ 1.0 % | 0.7 % | met |",
        "for more than 5 ms, of 200 | ≤ 1.0 % | 0.5 % | met |",
        "later by | ≤ 5.0 ms | 6.0 ms | **missed** |",
        "the most of 2 times: the last | ≤ 500 ms | 250 ms | met |",
        "goes on, p99 of 2 | ≤ 50.0 ms | 2.0 ms | met |",
        "to the same of two workers, p99 of 0 | ≤ 50.0 ms | - | not measured |",
        "to the other worker, p99 of 1 | ≤ 50.0 ms | 3.0 ms | met |",
        "missed 3.8 MiB | ≤ 4.00 MiB | 3.80 MiB | met |",
    ],
)
def test_each_target_has_its_row(row) -> None:
    """Limit, figure and verdict; what was not measured says so."""
    assert row in words(FOUND)


def test_the_page_has_what_was_measured() -> None:
    """The table in docs/memory.md is made of the results beside the others."""
    page = (ROOT / "docs" / "memory.md").read_text()
    found = json.loads((ROOT / "bench" / "results" / "memory.json").read_text())
    assert between(page, "measured", words(found)) == page


def test_somebody_speaks_two_fifths_of_the_time() -> None:
    """The upstream hears speech begin and end once in each turn of the talk, and none where there are no turns."""
    talk = TALKING.talk
    heard = [talk.speech(sequence) for sequence in range(2 * talk.turn_appends)]
    places = [(place, what) for place, what in enumerate(heard) if what]
    assert places == [(0, "started"), (20, "stopped"), (50, "started"), (70, "stopped")]
