from relay.admission.circuit_breaker import PAUSE_S, CircuitBreaker


def test_who_answers_is_asked() -> None:
    """Nothing is held back from a service that answers."""
    breaker = CircuitBreaker()
    assert all(breaker.may_ask(now) for now in range(10))
    breaker.answered()
    assert breaker.may_ask(10)


def test_who_does_not_answer_is_left_alone_for_a_while() -> None:
    """After a failure nobody asks until the pause is over, and then one asks for all."""
    breaker = CircuitBreaker()
    breaker.failed(100.0)
    assert not breaker.may_ask(100.0)
    assert not breaker.may_ask(100 + PAUSE_S - 0.01)
    assert breaker.may_ask(100 + PAUSE_S)
    assert not breaker.may_ask(100 + PAUSE_S)
    breaker.answered()
    assert breaker.may_ask(100 + PAUSE_S)


def test_whoever_asks_for_all_may_vanish() -> None:
    """One who was to ask for all and was cancelled is followed by another after a pause."""
    breaker = CircuitBreaker()
    breaker.failed(0.0)
    assert breaker.may_ask(PAUSE_S)
    assert not breaker.may_ask(2 * PAUSE_S - 0.01)
    assert breaker.may_ask(2 * PAUSE_S)


def test_it_may_fail_again() -> None:
    """Each failure begins the pause anew."""
    breaker = CircuitBreaker()
    breaker.failed(0.0)
    assert breaker.may_ask(PAUSE_S)
    breaker.failed(PAUSE_S + 0.5)
    assert not breaker.may_ask(2 * PAUSE_S)
    assert breaker.may_ask(2 * PAUSE_S + 0.5)
