"""What the benchmark of the dialects makes of its results."""

from pathlib import Path

import pytest

from bench.dialect import SCENARIOS, cost_table, with_cost
from bench.report.measures import Measures
from bench.report.results import Results, load_results
from tests.bench.figures import outcome

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(("beta_us", "row"), [(50.0, "| 40.0 | 50.0 | 1.25 | ≤ 1.3: met |"), (60.0, "**missed**")])
def test_the_price_of_a_dialect(beta_us, row) -> None:
    """The table has both prices, their ratio, and whether that is within the limit."""
    outcomes = {scenario.key: {"relay": [outcome(40.0)], "beta": [outcome(beta_us)]} for scenario in SCENARIOS}
    assert row in cost_table(Measures(Results("2026-11-21", {}, {}, outcomes, {})))


def test_the_page_has_what_was_measured() -> None:
    """The table in docs/dialects.md is made of the results beside the others."""
    page = (ROOT / "docs" / "dialects.md").read_text()
    measured = load_results(ROOT / "bench" / "results" / "dialect.json")
    assert with_cost(page, cost_table(Measures(measured))) == page
