from relay.core.tally import Direction, Histogram


def test_a_bound_belongs_to_its_bucket() -> None:
    """An observation on a bound counts below it, and one above all bounds counts last."""
    histogram = Histogram([1.0, 2.0])
    for value in (0.5, 1.0, 1.5, 2.0, 2.5):
        histogram.observe(value)
    assert (histogram.counts, histogram.sum) == ([2, 2, 1], 7.5)


def test_strangers_cannot_make_labels() -> None:
    """Ten thousand made-up types add no entry to the counts."""
    direction = Direction({"known"})
    entries = set(direction.by_type)
    for n in range(10_000):
        direction.count(f"made.up.{n}", 2)
    direction.count("known", 3)
    assert set(direction.by_type) == entries
    assert direction.by_type["other"] == [10_000, 20_000]
    assert direction.by_type["known"] == [1, 3]
