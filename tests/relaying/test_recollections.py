"""What is kept of sessions that their peers came back to too late."""

from relay.config.kinds import REALTIME
from relay.core.remembered import MESSAGE, Remembered
from relay.sessions.recollections import KEPT_S, Owner, Recollections

ADA, BEN = (Owner(REALTIME, name, None) for name in ("ada", "ben"))


def said(text: str) -> list[Remembered]:
    return [Remembered("i", MESSAGE, "user", text)]


def test_it_is_taken_once_and_by_its_owner() -> None:
    """Each token of a session brings what was said, once, and nothing to anybody else."""
    kept = Recollections()
    kept.keep(["a", "b"], ADA, said("hello"), 0.0)
    assert kept.take("a", BEN, 1.0) == ()
    assert (kept.has("a", None, 1.0), kept.has("a", BEN, 1.0), kept.has("a", ADA, 1.0)) == (True, False, True)
    assert kept.take("a", ADA, 1.0) == tuple(said("hello"))
    assert kept.take("a", ADA, 1.0) == ()
    assert kept.take("b", ADA, 1.0) == tuple(said("hello"))


def test_it_is_kept_for_a_while() -> None:
    """After ten minutes it is gone."""
    kept = Recollections()
    kept.keep(["a"], ADA, said("hello"), 0.0)
    assert kept.has("a", ADA, KEPT_S - 1)
    assert not kept.has("a", ADA, KEPT_S)


def test_it_is_bounded() -> None:
    """Of more than there is room for the oldest goes."""
    kept = Recollections(most_bytes=3000)
    for token in "abc":
        kept.keep([token], ADA, said(token * 1000), 0.0)
    assert [kept.has(token, ADA, 1.0) for token in "abc"] == [False, True, True]


def test_nothing_is_kept_of_nothing() -> None:
    """A session in which nobody said anything takes no room."""
    kept = Recollections()
    kept.keep(["a"], ADA, [], 0.0)
    assert not kept.has("a", None, 0.0)
