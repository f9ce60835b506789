"""Percentiles of what was measured, exactly: every value is kept."""

from collections.abc import Iterable, Sequence
from math import ceil

SHARES = {"p50": 0.5, "p99": 0.99, "p99_9": 0.999}


def percentile(ordered: Sequence[int], share: float) -> int:
    """The least value that at least that share of all does not exceed (nearest rank).

    Args:
        ordered: ascending, not empty.
        share: over 0, at most 1.
    """
    return ordered[max(ceil(share * len(ordered)), 1) - 1]


def percentiles_us(values_ns: Iterable[int]) -> dict[str, float]:
    """p50, p99, p99.9 and the greatest value in microseconds; empty where there are no values."""
    ordered = sorted(values_ns)
    if not ordered:
        return {}
    found = {name: percentile(ordered, share) / 1000 for name, share in SHARES.items()}
    return {**found, "max": ordered[-1] / 1000}
