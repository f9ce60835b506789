"""`python -m bench.dialect`: what it costs to translate for peers of the beta, into docs/dialects.md."""

import datetime
import sys
from dataclasses import replace
from pathlib import Path

from bench.contestants import BETA, RELAY, present
from bench.machine import describe_machine
from bench.processes import StartError
from bench.report.marks import between
from bench.report.measures import Measures, cpu_us
from bench.report.results import Results, load_results
from bench.report.tables import figure, table
from bench.rounds import run_rounds
from bench.scenarios import IN_BURSTS, STEADY
from bench.stage import LoadError

SCENARIOS = tuple(replace(scenario, rounds=5) for scenario in (STEADY, IN_BURSTS))
LIMIT = 1.3
"""How many times as much an event may cost."""

_ROOT = Path(__file__).parent.parent
_PAGE = _ROOT / "docs" / "dialects.md"
_RESULTS = _ROOT / "bench" / "results" / "dialect.json"


def main() -> None:
    if "--render" not in sys.argv:
        try:
            measure().save(_RESULTS)
        except (StartError, LoadError) as failure:
            sys.exit(f"bench: {failure}")
    written = cost_table(Measures(load_results(_RESULTS)))
    _PAGE.write_text(with_cost(_PAGE.read_text(), written))
    print(written)


def measure() -> Results:
    """Run both relays in turns.

    Raises:
        StartError, LoadError: one of them does not work.
    """
    contestants, _ = present([RELAY, BETA])
    outcomes = run_rounds(SCENARIOS, contestants, lambda words: print(words, file=sys.stderr, flush=True))
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return Results(today, describe_machine(), {each.key: each.title for each in contestants}, outcomes, {})


def cost_table(measures: Measures) -> str:
    """Processor time for a round trip in both dialects, and their ratio: medians over the rounds."""
    rows = []
    for scenario in SCENARIOS:
        ga, beta = (measures.median(scenario.key, key, cpu_us) for key in (RELAY, BETA))
        ratio = measures.against(scenario.key, BETA, RELAY, cpu_us)
        met = "-" if ratio is None else "met" if ratio <= LIMIT else "**missed**"
        rows.append([scenario.title, figure(ga, 1), figure(beta, 1), figure(ratio, 2), f"≤ {LIMIT}: {met}"])
    return table(["CPU for a round trip", "GA, µs", "beta, µs", "GA = 1", "limit"], rows)


def with_cost(page: str, written: str) -> str:
    """The page with the table between its marks."""
    return between(page, "cost", written)


if __name__ == "__main__":
    main()
