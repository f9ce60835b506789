"""Money that is set aside for speech: events of a turn in, what the upstream and the peer are told out."""

import json
from decimal import Decimal
from typing import Any

import pytest

from relay.core.answers import CANCELLED_WITHIN_S
from relay.core.budget import Budget, SessionBudget
from relay.core.heard import MOST_TRANSCRIPTS, TRANSCRIBED_WITHIN_S
from relay.core.leg import Closed
from relay.core.meter import Meter
from relay.core.payers import Place
from relay.core.prices import Price, Prices
from relay.core.session import Session
from tests.fakes.budgets import SlowBudget
from tests.fakes.legs import Joined

PRICES = Prices({"a": Price(audio_output=Decimal(10_000)), "scribe": Price(minute=Decimal(6))})
DETECTED: dict[str, Any] = {"type": "server_vad", "create_response": True}


def hearing(
    *budgets: Budget, detection: Any = DETECTED, transcription: Any = None, place: Place | None = None
) -> Joined:
    """A session that detects turns, and transcribes them or not."""
    joined = Joined()
    meter = Meter(PRICES, "a", budgets, joined.tally.costs, place=place)
    joined.session = Session("s1", joined.peer, joined.upstream, [meter], joined.tally)
    joined.opened()
    audio = {"input": {"turn_detection": detection, "transcription": transcription}}
    says(joined, "session.created", session={"audio": audio})
    return joined


def says(joined: Joined, kind: str, **fields: Any) -> None:
    joined.upstream_says(json.dumps({"type": kind, **fields}))


def turn(joined: Joined, item_id: Any = "item_1", ms: int = 2000) -> None:
    says(joined, "input_audio_buffer.speech_started", audio_start_ms=500)
    says(joined, "input_audio_buffer.speech_stopped", audio_end_ms=500 + ms)
    says(joined, "input_audio_buffer.committed", item_id=item_id)


def created(joined: Joined, response_id: str) -> None:
    says(joined, "response.created", response={"id": response_id})


def done(joined: Joined, response_id: str, tokens: int) -> None:
    says(joined, "response.done", response={"id": response_id, "usage": {"output_tokens": tokens}})


def sent(joined: Joined) -> list[str]:
    return [json.loads(data)["type"] for data in joined.upstream.sent]


def errors(joined: Joined) -> list[str]:
    events = [json.loads(data) for data in joined.peer.sent]
    return [event["error"]["code"] for event in events if event["type"] == "error"]


def test_an_answer_to_a_turn_is_paid_for_before_it_begins() -> None:
    """Its money is set aside when the speech begins, and there is one answer for it, not two."""
    budget = SlowBudget()
    joined = hearing(budget)
    says(joined, "input_audio_buffer.speech_started")
    budget.verdicts[0](True)
    created(joined, "r1")
    done(joined, "r1", 10)
    assert len(budget.verdicts) == 1
    assert budget.freed == ["1"]
    assert (sent(joined), errors(joined)) == ([], [])


def test_a_turn_that_nothing_pays_for_is_not_answered() -> None:
    """It is taken out of the upstream's buffer as it begins, and its user is told, once until one is paid for."""
    shared = SlowBudget()
    joined = hearing(shared)
    for _ in range(3):
        says(joined, "input_audio_buffer.speech_started")
        shared.verdicts[-1](False)
    assert sent(joined) == ["input_audio_buffer.clear"] * 3
    assert errors(joined) == ["budget_spent"]
    says(joined, "input_audio_buffer.speech_started")
    shared.verdicts[-1](True)
    says(joined, "input_audio_buffer.speech_started")
    shared.verdicts[-1](False)
    assert errors(joined) == ["budget_spent"] * 2


def test_somebody_who_interrupts_is_heard() -> None:
    """While an answer of the session is said its end is waited for: the turn goes on, whatever the answer may cost."""
    joined = hearing(SessionBudget(Decimal(1)))
    says(joined, "input_audio_buffer.speech_started")
    created(joined, "r1")
    says(joined, "input_audio_buffer.speech_started")
    done(joined, "r1", 10)
    created(joined, "r2")
    assert sent(joined) == []


def test_somebody_who_speaks_before_an_answer_has_begun_is_heard() -> None:
    """One that the session has asked for is no reason to forget what is said meanwhile; nor is the turn before."""
    joined = hearing(SessionBudget(Decimal(1)))
    joined.peer_says('{"type":"response.create"}')
    says(joined, "input_audio_buffer.speech_started")
    assert sent(joined) == ["response.create"]
    says(joined, "error", error={"code": "no"})
    for _ in range(2):
        says(joined, "input_audio_buffer.speech_started")
    assert (sent(joined), errors(joined)) == (["response.create"], ["no"])


def test_a_request_takes_the_place_of_a_turn() -> None:
    """Speech that is heard meanwhile does not keep an answer that is asked for from being paid for."""
    joined = hearing(SessionBudget(Decimal(1)))
    says(joined, "input_audio_buffer.speech_started")
    joined.peer_says('{"type":"response.create"}')
    assert sent(joined) == ["response.create"]


def test_an_answer_may_be_quicker_than_its_verdict() -> None:
    """One that begins before the budgets have answered is judged by itself, and the money for the turn is freed."""
    budget = SlowBudget()
    joined = hearing(budget)
    says(joined, "input_audio_buffer.speech_started")
    created(joined, "r1")
    budget.freed.clear()
    budget.verdicts[0](True)
    assert budget.freed == ["1"]
    budget.verdicts[1](False)
    assert sent(joined) == ["response.cancel"]


@pytest.mark.parametrize(
    "detection", [None, {"type": None}, {**DETECTED, "create_response": False}, "server_vad", ["server_vad"]]
)
def test_a_turn_that_is_not_answered_costs_nothing(detection) -> None:
    """Where the upstream does not answer by itself nothing is set aside for a turn."""
    budget = SlowBudget()
    joined = hearing(budget, detection=detection)
    turn(joined)
    assert budget.verdicts == []


def test_turn_detection_may_stand_in_the_session_itself() -> None:
    """As at xAI; and an update that does not speak of it changes nothing."""
    budget = SlowBudget()
    joined = hearing(budget, detection=None)
    says(joined, "session.updated", session={"turn_detection": {"type": "server_vad"}})
    says(joined, "session.updated", session={"voice": "eve"})
    says(joined, "session.updated", session=[])
    says(joined, "input_audio_buffer.speech_started")
    assert len(budget.verdicts) == 1


def test_an_upstream_that_goes_on_with_what_was_cancelled_is_left() -> None:
    """An answer that nothing pays for, and that does not end when it is told to, ends the session."""
    joined = hearing(SessionBudget(Decimal(1)), detection=None)
    created(joined, "r1")
    created(joined, "r2")
    joined.session.tick(CANCELLED_WITHIN_S)
    assert joined.peer.closes == []
    joined.session.tick(CANCELLED_WITHIN_S + 0.1)
    assert joined.peer.closes == [(4000, "budget_spent")]


SCRIBE = {"model": "scribe"}


def test_a_transcript_under_way_is_set_aside() -> None:
    """From the end of its turn on, by how long that was; it is freed when it is paid for, has failed, or is late."""
    budget = SlowBudget()
    joined = hearing(budget, detection=None, transcription=SCRIBE)
    turn(joined, "item_1", 2000)
    turn(joined, "item_2", 500)
    turn(joined, "item_3")
    turn(joined, "item_3")
    turn(joined, None)
    assert budget.kept == [Decimal("0.2"), Decimal("0.05"), Decimal("0.2")]
    usage = {"type": "duration", "seconds": 2}
    transcribed = "conversation.item.input_audio_transcription"
    says(joined, f"{transcribed}.completed", item_id="item_1", usage=usage)
    assert (budget.paid[-1], budget.freed) == (Decimal("0.2"), ["1"])
    says(joined, f"{transcribed}.failed", item_id="item_2")
    says(joined, f"{transcribed}.failed", item_id=["odd"])
    assert budget.freed == ["1", "2"]
    joined.session.tick(TRANSCRIBED_WITHIN_S + 1)
    assert budget.freed == ["1", "2", "3"]


def test_a_turn_of_unknown_length_is_guessed() -> None:
    """One that the peer committed is taken for a minute, later for the dearest so far."""
    budget = SlowBudget()
    joined = hearing(budget, detection=None, transcription=SCRIBE)
    says(joined, "input_audio_buffer.committed", item_id="i1")
    says(joined, "conversation.item.input_audio_transcription.completed", item_id="i1", usage={"seconds": 3})
    says(joined, "input_audio_buffer.committed", item_id="i2")
    assert budget.kept == [Decimal(6), Decimal("0.3")]


def test_a_session_that_transcribes_nothing_sets_nothing_aside() -> None:
    """Neither does one in which transcription was turned off."""
    budget = SlowBudget()
    joined = hearing(budget, transcription=SCRIBE)
    says(joined, "session.updated", session={"audio": {"input": {"transcription": None}}})
    says(joined, "input_audio_buffer.committed", item_id="i1")
    assert budget.kept == []


def test_transcripts_count_against_what_is_left() -> None:
    """A further answer goes up where it can be paid for beside them; the first where they leave anything."""
    joined = hearing(SessionBudget(Decimal(1)), detection=None, transcription=SCRIBE)
    turn(joined, "item_1", 9000)
    ask = '{"type":"response.create","response":{"max_output_tokens":8}}'
    for _ in range(2):
        joined.peer_says(ask)
    assert (len(joined.upstream.sent), errors(joined)) == (1, ["budget_spent"])
    says(joined, "conversation.item.input_audio_transcription.failed", item_id="item_1")
    joined.peer_says(ask)
    assert len(joined.upstream.sent) == 2


def test_what_is_under_way_at_the_end_is_freed() -> None:
    """A session that ends sets nothing aside any more; and it never waits for more than so many transcripts."""
    budget = SlowBudget()
    joined = hearing(budget, detection=None, transcription=SCRIBE)
    for number in range(MOST_TRANSCRIPTS + 1):
        turn(joined, f"item_{number}")
    assert budget.freed == ["1"]
    joined.session.peer_listener.on_closed(Closed(1000), joined.now)
    joined.session.finish(joined.now)
    assert len(budget.freed) == MOST_TRANSCRIPTS + 1
