"""What is made of the last dials."""

import pytest

from relay.core.causes import Cause
from relay.core.last_dials import FORGIVEN_AFTER_S, OPENED, OUTCOMES, REMEMBERED, LastDials

BUSY, DENIED, REJECTED = Cause.UPSTREAM_BUSY, Cause.UPSTREAM_DENIED, Cause.UPSTREAM_REJECTED


@pytest.mark.parametrize(
    ("dials", "why"),
    [
        ([], None),
        ([BUSY, BUSY], None),
        ([BUSY, BUSY, BUSY], BUSY),
        ([None, BUSY, BUSY, DENIED], DENIED),
        ([BUSY, None, BUSY, BUSY], None),
        ([BUSY, BUSY, BUSY, None], None),
        ([REJECTED] * 3, None),
        ([BUSY, REJECTED, BUSY], None),
    ],
)
def test_three_failures_in_a_row_are_no_accident(dials: list[Cause | None], why: Cause | None) -> None:
    """Fewer are, and so is what one peer asked for wrongly; a session that was opened ends the row."""
    last = LastDials()
    for second, cause in enumerate(dials):
        last.add(cause, second)
    assert last.failing(len(dials)) is why


def test_failures_are_forgiven() -> None:
    """After a while in which nobody was sent, somebody may try again."""
    last = LastDials()
    for _ in range(3):
        last.add(BUSY, 10.0)
    assert last.failing(10 + FORGIVEN_AFTER_S) is BUSY
    assert last.failing(10.1 + FORGIVEN_AFTER_S) is None


def test_the_last_ones_are_counted() -> None:
    """Each outcome has its number; old dials drop out."""
    last = LastDials()
    assert {last.count(outcome) for outcome in OUTCOMES} == {0}
    for _ in range(REMEMBERED):
        last.add(DENIED, 0.0)
    last.add(None, 0.0)
    assert (last.count("upstream_denied"), last.count(OPENED)) == (REMEMBERED - 1, 1)
