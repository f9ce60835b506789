from decimal import Decimal

from relay.core.answers import BEGINS_WITHIN_S, DONE_WITHIN_S, Answer, Answers


def asked(answers: Answers, event_id: str | None = None, now: float = 0.0) -> Answer:
    """A request for an answer that went up."""
    answer = Answer(Decimal(1), now, event_id, may=True)
    answers.add(answer)
    return answer


def test_a_response_answers_the_oldest_request() -> None:
    """What begins beyond what was asked for is the upstream's own."""
    answers = Answers()
    first, second = asked(answers), asked(answers)
    assert answers.begun("r1", 1.0) == (first, False)
    assert answers.begun("r2", 1.0) == (second, False)
    own, is_own = answers.begun("r3", 1.0)
    assert (is_own, answers.running) == (True, 3)
    assert [answers.done(name) for name in ("r3", "r1", "r2", "r4")] == [own, first, second, None]
    assert answers.running == 0


def test_a_response_begins_once() -> None:
    """An upstream that says twice that a response has begun has begun one."""
    answers = Answers()
    answers.begun("r1", 0.0)
    assert answers.begun("r1", 1.0) == (None, False)
    assert answers.running == 1


def test_a_request_that_waits_is_not_what_begins() -> None:
    """A request that has not gone up has no answer yet."""
    answers = Answers()
    waiting = Answer(Decimal(1), 0.0, is_held=True)
    answers.add(waiting)
    assert answers.begun("r1", 0.0)[0] is not waiting
    assert answers.refused(None) is None
    assert answers.expired(1e9) != [waiting]


def test_responses_without_ids() -> None:
    """Where an upstream gives no ids, or does not say that an answer begins, the oldest is done."""
    answers = Answers()
    first = asked(answers)
    answers.begun(None, 0.0)
    second = asked(answers)
    assert answers.done("r1") is first
    assert answers.done("r2") is second
    assert answers.done(None) is None


def test_a_refused_request_is_the_one_that_is_named() -> None:
    """An error names the event that it is about, or the oldest without a name; an answer that began is not refused."""
    answers = Answers()
    first, second, third = asked(answers), asked(answers, "e2"), asked(answers)
    assert answers.refused("e9") is None
    assert answers.refused("e2") is second
    assert answers.begun("r1", 0.0) == (first, False)
    assert answers.refused(None) is third
    assert answers.refused(None) is None


def test_answers_are_not_waited_for_for_ever() -> None:
    """A request that nothing comes of is given up soon, an answer that never ends later."""
    answers = Answers()
    first, second = asked(answers), asked(answers, now=1.0)
    answers.begun("r1", 1.0)
    assert answers.expired(1.0 + BEGINS_WITHIN_S) == []
    assert answers.expired(1.1 + BEGINS_WITHIN_S) == [second]
    assert answers.expired(1.1 + DONE_WITHIN_S) == [first]
    answers.drop(first)
    assert answers.all() == []
