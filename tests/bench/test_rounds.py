"""The order of the rounds."""

from bench.contestants import CONTESTANTS
from bench.rounds import rotated


def test_each_round_has_another_first() -> None:
    """All run in every round, and none always follows the same one's start of the round."""
    orders = [rotated(CONTESTANTS, number) for number in range(len(CONTESTANTS))]
    assert [order[0] for order in orders] == list(CONTESTANTS)
    assert all(set(order) == set(CONTESTANTS) for order in orders)
