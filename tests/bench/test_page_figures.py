"""The voice page's figures, and the page that tells them."""

from pathlib import Path
from typing import Any

import pytest

from bench.voice_page.figures import Figures, load_figures, p95, rows
from bench.voice_page.opening import NETWORKS
from bench.voice_page.report import write_page

SOON = {network.name: {"first": [100.0], "again": [50.0], "listening": [200.0]} for network in NETWORKS}

GOOD: dict[str, Any] = {
    "date": "2026-11-21",
    "machine": {"processor": "fast, 2 cores"},
    "capture_ms": [20.0] * 19 + [31.0],
    "first_sound_ms": [6.0],
    "silence_ms": [4.0],
    "underruns": 0,
    "discontinuities": 0,
    "played_s": 60.0,
    "heard_hz": 1000.2,
    "played_hz": 999.9,
    "heap_bytes": [3_000_000, 3_200_000],
    "nodes": [2900, 2910],
    "opening_ms": SOON,
}


def figures(**found: Any) -> Figures:
    return Figures(**{**GOOD, **found})


def late(network: int, visit: str) -> dict[str, Any]:
    """Opened ten seconds after the press, in this network, at the first visit or again."""
    name = NETWORKS[network].name
    return {"opening_ms": {**SOON, name: {**SOON[name], visit: [10_000.0]}}}


def verdicts(found: Figures) -> list[bool]:
    return [row[-1] == "met" for row in rows(found)]


def test_times_are_judged_by_what_95_of_100_do_not_exceed() -> None:
    """One late chunk of twenty is shown and misses nothing; two are a miss."""
    assert p95([*range(1, 21)]) == 19
    first, *_ = rows(figures())
    assert first[1:] == ["≤ 30 ms", "median 20 ms, p95 20 ms, most 31 ms (20 times)", "met"]
    assert not verdicts(figures(capture_ms=[20.0] * 18 + [31.0] * 2))[0]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (1, {"first_sound_ms": [41.0]}),
        (2, {"silence_ms": [21.0]}),
        (3, {"underruns": 1}),
        (4, {"discontinuities": 1}),
        (5, {"played_s": 59.5}),
        (6, {"heard_hz": 1001.5}),
        (7, {"played_hz": 998.5}),
        (8, {"heap_bytes": [3_000_000, 4_100_000]}),
        (9, {"nodes": [2900, 3001]}),
        (10, late(0, "first")),
        (11, late(0, "again")),
        (12, late(1, "first")),
        (13, late(1, "again")),
    ],
)
def test_each_target_can_be_missed(row: int, found: dict[str, Any]) -> None:
    """A figure beyond its limit is told as missed, and no other is."""
    assert all(verdicts(figures()))
    assert verdicts(figures(**found)) == [place != row for place in range(14)]


def test_the_page_is_written_from_what_was_saved(tmp_path: Path) -> None:
    """Figures come back from disk as they were, and nothing is left to be filled in."""
    figures().save(tmp_path / "page.json")
    assert load_figures(tmp_path / "page.json") == figures()
    write_page(figures(), tmp_path)
    page = (tmp_path / "page-performance.md").read_text()
    assert "$" not in page
    assert "| processor | fast, 2 cores |" in page
