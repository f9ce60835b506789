"""The targets."""

from bench.report.measures import Measures
from bench.report.targets import Target, targets, targets_table
from tests.bench.figures import results


def found(cpu_us: dict[str, float], p99_us: dict[str, int] | None = None) -> dict[str, Target]:
    return {target.words: target for target in targets(Measures(results(cpu_us, p99_us)))}


def test_a_target_is_met_at_its_limit() -> None:
    """1.15 times nginx's price is still met, and 1.16 is not; nothing fails, but the page says so in bold."""
    for cpu_us, verdict in ((34.5, "met"), (34.8, "**missed**")):
        [target, *_] = found({"nginx": 30, "relay": cpu_us}).values()
        assert target.row()[-1] == verdict
    assert "**missed**" in targets_table(Measures(results({"nginx": 30, "relay": 60})))


def test_what_was_not_measured_is_not_met() -> None:
    """A contestant that could not run leaves its row without a figure."""
    row = found({"nginx": 30, "relay": 30})["CPU for a round trip, compared with Starlette's"].row()
    assert row[2:] == ["-", "not measured"]


def test_latency_is_compared_with_nginx() -> None:
    """What counts is how much later than nginx a message comes."""
    targets = found({"nginx": 30, "relay": 30}, {"nginx": 500, "relay": 551})
    target = targets["p99 added to the bare connection, above what nginx adds"]
    assert target.value == 51
    assert target.row()[-1] == "**missed**"


def test_growth_is_compared_with_nginx() -> None:
    """Only what a round trip grows by beyond nginx's own growth counts."""
    assert found({"nginx": 30, "relay": 40})["growth of CPU from 10 to 1,000 sessions, above nginx's"].value == 0
