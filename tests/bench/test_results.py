"""Results on disk."""

from bench.report.results import load_results
from tests.bench.figures import results


def test_results_come_back_as_they_were(tmp_path) -> None:
    """A page can be written anew from the file alone."""
    found = results({"nginx": 30, "relay": 42}, capacity={"bare": 900, "relay": 500})
    found.save(tmp_path / "new" / "latest.json")
    assert load_results(tmp_path / "new" / "latest.json") == found


def test_an_outcome_is_one_line(tmp_path) -> None:
    """So that a difference between two runs can be read."""
    found = results({"nginx": 30})
    found.save(tmp_path / "latest.json")
    lines = (tmp_path / "latest.json").read_text().splitlines()
    assert sum('"cpu_ns"' in line for line in lines) == sum(
        len(rounds) for each in found.outcomes.values() for rounds in each.values()
    )
