"""The targets."""

from bench.report.measures import Measures
from bench.report.targets import targets, targets_table
from tests.bench.figures import results


def verdicts(**cpu_us: float) -> list[str]:
    return [target.row()[-1] for target in targets(Measures(results(cpu_us)))]


def test_targets_are_met_at_their_limit() -> None:
    """1.4 times nginx's price is still met."""
    assert verdicts(nginx=30, node=50, relay=42) == ["met", "not measured", "met", "met", "met", "met", "met"]


def test_a_missed_target_is_told() -> None:
    """The page says so in bold; nothing fails."""
    assert verdicts(nginx=30, node=50, relay=43)[0] == "**missed**"
    assert "**missed**" in targets_table(Measures(results({"nginx": 30, "relay": 60})))


def test_latency_is_compared_with_nginx() -> None:
    """What counts is how much later than nginx a message comes."""
    found = list(targets(Measures(results({"nginx": 30, "relay": 40}, {"nginx": 500, "relay": 1700}))))
    assert found[3].value == 1200
    assert found[3].row()[-1] == "**missed**"
