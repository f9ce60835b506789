"""The page's tables."""

from bench.contestants import IN_BYTES, RECORDING, RELAY
from bench.report.measures import Measures
from bench.report.results import Results
from bench.report.tables import (
    capacity_table,
    churn_table,
    figure,
    growth_table,
    memory_table,
    steady_table,
    table,
    ways_table,
)
from bench.scenarios import STEADY, WAYS
from tests.bench.figures import outcome, results

MEASURES = Measures(
    results({"nginx": 30, "relay": 42}, {"nginx": 200, "relay": 300}, {"bare": 900, "nginx": 900, "relay": 500})
)


def test_a_table_has_words_left_and_figures_right() -> None:
    """The first column names, the others count."""
    assert table(["", "µs"], [["nginx", "30"]]) == "|  | µs |\n| --- | --: |\n| nginx | 30 |\n"


def test_figures_are_told_with_their_unit_and_gaps_with_a_dash() -> None:
    """Thousands apart, digits as asked, a sign where a difference is meant."""
    assert [figure(1234.5, 1), figure(2, unit=" KB"), figure(3, sign="+"), figure(None)] == [
        "1,234.5", "2 KB", "+3", "-",
    ]  # fmt: skip


def test_steady_audio() -> None:
    """The bare connection shows its times, the others what they cost and add."""
    assert steady_table(MEASURES, STEADY).splitlines()[2:] == [
        "| bare connection | - | - | - | - | - | 50 | 100 | 200 |",
        "| nginx tunnel | 30.0 | 8 + 22 | 1.00 | 1.00 to 1.00 | 1.0 | +100 | +200 | +400 |",
        "| Realtime Relay | 42.0 | 10 + 32 | 1.40 | 1.40 to 1.40 | 1.4 | +150 | +300 | +600 |",
    ]


def test_other_ways_through() -> None:
    """Each beside the relay that has nothing to do but forward; what was not measured is a dash."""
    cpu_us = {RELAY: 30.0, IN_BYTES: 36.0, RECORDING: 45.0}
    outcomes = {WAYS.key: {key: [outcome(us)] * 2 for key, us in cpu_us.items()}}
    measured = Measures(Results("2026-11-20", {}, {}, outcomes, {}))
    assert [line.rpartition("|")[0][-7:] for line in ways_table(measured).splitlines()[2:]] == [
        "| 1.00 ", "| 1.20 ", " - | - ", "| 1.50 ",
    ]  # fmt: skip


def test_memory() -> None:
    """At the start in MB, for a session in KB; the bare connection has none."""
    assert memory_table(MEASURES).splitlines()[3] == "| Realtime Relay | 50.0 | 50.0 | 50.0 |"


def test_growth() -> None:
    """The same price at any number of sessions is no growth."""
    assert growth_table(MEASURES).splitlines()[3] == "| Realtime Relay | 42.0 | 42.0 | 42.0 | 0 % |"


def test_churn() -> None:
    """500 sessions took 42 ms of processor time in one second."""
    assert churn_table(MEASURES).splitlines()[4] == "| Realtime Relay | 500 | 0.08 | 200 | 400 |"


def test_capacity_says_where_the_generator_was_the_limit() -> None:
    """A contestant that carries all that the generator can send may carry more."""
    assert capacity_table(MEASURES).splitlines()[2:] == ["| nginx tunnel | 900 or more |", "| Realtime Relay | 500 |"]
