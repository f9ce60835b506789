"""Percentiles."""

import pytest

from bench.latency import percentile, percentiles_us


@pytest.mark.parametrize(
    ("share", "value"), [(0.001, 1), (0.5, 50), (0.501, 51), (0.99, 99), (0.991, 100), (0.999, 100), (1, 100)]
)
def test_a_percentile_is_a_value_that_was_measured(share, value) -> None:
    """The nearest rank: the least value that at least that share of all does not exceed."""
    assert percentile(range(1, 101), share) == value


def test_one_value_is_every_percentile() -> None:
    """A single measurement is the median and the worst."""
    assert [percentile([7], share) for share in (0.5, 0.999, 1)] == [7, 7, 7]


def test_percentiles_are_in_microseconds_whatever_the_order() -> None:
    """Nanoseconds in any order become microseconds by name."""
    assert percentiles_us([3000, 1000, 2000]) == {"p50": 2.0, "p99": 3.0, "p99_9": 3.0, "max": 3.0}


def test_nothing_measured_has_no_percentiles() -> None:
    """Without values there is nothing to tell, and nothing fails."""
    assert percentiles_us([]) == {}
