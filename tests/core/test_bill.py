from decimal import Decimal

import pytest

from relay.core.bill import Bill
from relay.core.prices import Price, Prices
from relay.core.tally import Costs

PRICES = Prices(
    {"a": Price(audio_output=Decimal(10_000)), "b": Price(audio_output=Decimal(20_000), minute=Decimal(60))}
)
DONE = {"usage": {"output_tokens": 10}}


def test_a_response_costs_what_its_model_does() -> None:
    """A response is billed to the model that the upstream says it is, and before that to the one that was dialled."""
    costs = Costs()
    bill = Bill(PRICES, "a", costs)
    assert bill.responded(DONE) == Decimal("0.1")
    bill.learn({"model": "b"})
    assert bill.responded(DONE) == Decimal("0.2")
    assert bill.spent_usd == Decimal("0.3")
    assert costs.usd == {"a": Decimal("0.1"), "b": Decimal("0.2")}


def test_a_transcript_costs_what_its_own_model_does() -> None:
    """A transcript is billed to the session's transcription model."""
    bill = Bill(PRICES, "a", Costs())
    bill.learn({"audio": {"input": {"transcription": {"model": "b"}}}})
    assert bill.transcribed({"type": "duration", "seconds": 0.5}) == Decimal("0.5")


@pytest.mark.parametrize("session", [None, "a", {"model": 7}, {"audio": None}, {"audio": {"input": []}}])
def test_a_session_of_any_shape_teaches_nothing(session) -> None:
    """What does not name a model leaves the bill as it is."""
    bill = Bill(PRICES, "a", Costs())
    bill.learn(session)
    assert bill.responded(DONE) == Decimal("0.1")


@pytest.mark.parametrize("response", [None, [], {}, {"usage": None}])
def test_a_response_without_usage_costs_nothing(response) -> None:
    """What the API does not say costs nothing."""
    assert Bill(PRICES, "a", Costs()).responded(response) == 0


def test_time_costs_what_its_model_does() -> None:
    """Time is billed to the session's model, by the minute."""
    costs = Costs()
    assert Bill(PRICES, "b", costs).lasted(Decimal("1.5")) == Decimal("1.5")
    assert costs.seconds == {"b": Decimal("1.5")}
