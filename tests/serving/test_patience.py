from relay.serving.patience import LEAVING_MARGIN_S, SILENCE_LIMIT_S, START_LIMIT_S, Patience


def test_a_worker_may_take_its_time_to_start() -> None:
    """While it starts no sign of life is asked of a worker, but it has to listen some time."""
    patience = Patience(100.0)
    assert patience.lost(100 + START_LIMIT_S, sign_of_life_at=100.0) is None
    assert patience.lost(100.1 + START_LIMIT_S, sign_of_life_at=100.0) == "it did not listen within 120 s"


def test_a_worker_that_listens_gives_signs_of_life() -> None:
    """One that gives them may go on for ever, and one that gives none is lost."""
    patience = Patience(0.0)
    patience.listens(drain_timeout_s=30)
    assert patience.lost(1e9, sign_of_life_at=1e9 - SILENCE_LIMIT_S) is None
    assert patience.lost(1e9, sign_of_life_at=1e9 - SILENCE_LIMIT_S - 0.1) == "it gave no sign of life for 10 s"


def test_a_worker_that_leaves_has_the_time_of_its_drain() -> None:
    """A worker that is still there some seconds after its drain's deadline is lost, alive or not."""
    patience = Patience(0.0)
    patience.listens(drain_timeout_s=30)
    patience.leaves(100.0)
    last = 130 + LEAVING_MARGIN_S
    assert patience.lost(last, sign_of_life_at=last) is None
    assert patience.lost(last + 0.1, sign_of_life_at=last) == "it did not leave in time"


def test_a_worker_that_is_told_twice_has_no_drain() -> None:
    """From the second time on that a worker is told to leave it has some seconds, whatever its drain's deadline."""
    patience = Patience(0.0)
    patience.listens(drain_timeout_s=600)
    patience.leaves(100.0)
    patience.leaves_now(150.0)
    patience.leaves_now(155.0)
    last = 150 + LEAVING_MARGIN_S
    assert patience.lost(last, sign_of_life_at=last) is None
    assert patience.lost(last + 0.1, sign_of_life_at=last) == "it did not leave in time"


def test_a_worker_that_leaves_while_it_starts() -> None:
    """One that has not listened yet has nothing to drain."""
    patience = Patience(0.0)
    patience.leaves(1.0)
    assert patience.lost(1 + LEAVING_MARGIN_S, sign_of_life_at=0.0) is None
    assert patience.lost(1.1 + LEAVING_MARGIN_S, sign_of_life_at=0.0) == "it did not leave in time"
