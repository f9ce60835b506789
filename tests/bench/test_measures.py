"""What the outcomes say."""

import pytest

from bench.contestants import NGINX
from bench.report.measures import Measures, cpu_us, kb_per_session, system_share
from bench.report.results import Results
from bench.scenarios import STEADY
from tests.bench.figures import outcome


def measured(**rounds: list[tuple[float, float]]) -> Measures:
    """A processor time and a p99 for each contestant's rounds."""
    outcomes = {STEADY.key: {key: [outcome(*figures) for figures in each] for key, each in rounds.items()}}
    return Measures(Results("2026-11-20", {}, dict.fromkeys(rounds, ""), outcomes, {}))


def test_a_figure_is_the_middle_round() -> None:
    """One spoilt round does not move it."""
    measures = measured(relay=[(40, 100), (900, 100), (42, 100)])
    assert measures.median(STEADY.key, "relay", cpu_us) == pytest.approx(42)


def test_a_ratio_is_taken_within_a_round() -> None:
    """A round in which the whole machine was slow changes no ratio."""
    measures = measured(nginx=[(30, 0), (60, 0), (33, 0)], relay=[(45, 0), (90, 0), (50, 0)])
    assert measures.against(STEADY.key, "relay", NGINX, cpu_us) == pytest.approx(1.5)


def test_latency_is_what_is_added_to_the_bare_connection() -> None:
    """The same round's bare connection is taken off."""
    measures = measured(bare=[(0, 100), (0, 500)], relay=[(40, 400), (40, 1000)])
    assert measures.added_us(STEADY.key, "relay", "p99") == pytest.approx(400)


def test_what_was_not_measured_is_none() -> None:
    """A contestant that is not installed here leaves gaps, not errors."""
    measures = measured(relay=[(40, 100)])
    assert measures.against(STEADY.key, "relay", NGINX, cpu_us) is None
    assert measures.added_us(STEADY.key, "relay", "p99") is None
    assert measures.median("idle", "relay", cpu_us) is None


def test_the_spread_of_the_rounds() -> None:
    """Beside the middle ratio stand the least and the greatest, each taken within a round."""
    measures = measured(nginx=[(10, 0), (20, 0), (10, 0)], relay=[(15, 0), (20, 0), (40, 0)])
    assert measures.against_nginx(STEADY.key, "relay") == pytest.approx(1.5)
    assert measures.spread(STEADY.key, "relay", cpu_us) == pytest.approx((1.0, 4.0))
    assert measures.spread(STEADY.key, "node", cpu_us) is None


def test_user_time_is_told_apart() -> None:
    """How dear a system call is differs from machine to machine, so user times are compared by themselves."""
    measures = measured(nginx=[(10, 0), (10, 0)], relay=[(10, 0), (20, 0)])
    assert measures.user_against_nginx(STEADY.key, "relay") == pytest.approx(1.5)


def test_memory_is_told_for_each_session() -> None:
    """What the process grew by, divided by its sessions."""
    assert kb_per_session(outcome(kb_per_session=80)) == pytest.approx(80)


def test_the_kernels_share_is_taken_over_all_rounds() -> None:
    """Three quarters, as made up; and no share of nothing."""
    assert system_share([outcome(40), outcome(50)]) == pytest.approx(0.75)
    assert system_share([outcome(0)]) == 0
