from relay.core.tally import Histogram


def test_a_bound_belongs_to_its_bucket() -> None:
    """An observation on a bound counts below it, and one above all bounds counts last."""
    histogram = Histogram([1.0, 2.0])
    for value in (0.5, 1.0, 1.5, 2.0, 2.5):
        histogram.observe(value)
    assert (histogram.counts, histogram.sum) == ([2, 2, 1], 7.5)
