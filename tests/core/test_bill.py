from decimal import Decimal

import pytest

from relay.config.limits import read_prices
from relay.core.bill import Bill
from relay.core.prices import Price, Prices
from relay.core.tally import Costs

PRICES = Prices(
    {"a": Price(audio_output=Decimal(10_000)), "b": Price(audio_output=Decimal(20_000), minute=Decimal(60))}
)
DONE = {"response": {"usage": {"output_tokens": 10}}}


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


@pytest.mark.parametrize("response", [None, [], {}, {"usage": None}, {"usage": {}}, {"usage": []}])
def test_a_response_without_usage_is_counted(response) -> None:
    """What a service does not say costs nothing here, and is counted as unbilled."""
    costs = Costs()
    assert Bill(PRICES, "a", costs).responded({"response": response, "usage": None}) == 0
    assert costs.unbilled == 1


XAI = {"input_tokens": 10, "output_tokens": 277, "output_token_details": {"text_tokens": 19, "audio_tokens": 258}}
PER_MINUTE = Prices({"a": Price(minute=Decimal(60))})
PER_TOKEN = Prices({"a": Price.completed({"audio_input": Decimal(10), "audio_output": Decimal(20)})})


@pytest.mark.parametrize(
    ("prices", "usage", "usd"),
    [
        (PER_MINUTE, XAI | {"output_audio_seconds": 5.134, "billable_audio_seconds": 6}, "6"),
        (PER_MINUTE, XAI | {"output_audio_seconds": 5.134, "billable_audio_seconds": 3}, "5.134"),
        (PER_MINUTE, {"billable_audio_seconds": 3}, "3"),
        (PER_MINUTE, XAI, "15.8"),
        (PER_TOKEN, XAI, "0.00526"),
        (PER_TOKEN, {"output_audio_seconds": 5}, "0.002"),
    ],
)
def test_a_usage_beside_the_response(prices, usage, usd) -> None:
    """xAI's usage stands beside an empty one, in tokens and in seconds: it costs what the price is for."""
    done = {"response": {"usage": {}}, "usage": usage}
    assert Bill(prices, "a", Costs()).responded(done) == Decimal(usd)


def test_a_sum_of_billed_seconds_is_paid_for_once() -> None:
    """Of billed seconds that are summed over the session only what is new is paid for; fewer of them begin anew."""
    bill = Bill(PER_MINUTE, "a", Costs())
    usages = [{"billable_audio_seconds": seconds} for seconds in (3, 8, 12, 2)]
    assert [bill.responded({"response": {"usage": {}}, "usage": usage}) for usage in usages] == [3, 5, 4, 2]


def test_of_two_usages_the_dearer_counts() -> None:
    """Where a provider fills both places, the one that says more is paid for."""
    done = {"response": {"usage": {"total_tokens": 0}}, "usage": {"output_tokens": 10}}
    assert Bill(PRICES, "a", Costs()).responded(done) == Decimal("0.1")


@pytest.mark.parametrize(
    "usage",
    [
        "free", 7, [1], {"calls": 1}, {"output_tokens": -1}, {"output_tokens": 2**70}, {"output_tokens": float("inf")},
        {"output_tokens": float("nan")}, {"output_tokens": 1e300}, {"output_tokens": True}, {"output_tokens": "many"},
        {"output_tokens": [5]}, {"output_tokens": 1, "output_token_details": {"audio_tokens": -5}},
        {"billable_audio_seconds": -3},
    ],
)  # fmt: skip
def test_a_usage_that_nobody_understands_is_guessed(usage) -> None:
    """It costs what a long answer does, or the dearest of the session so far: it was not free."""
    bill = Bill(PRICES, "a", Costs())
    assert bill.responded({"response": {"usage": usage}}) == Decimal("40.96")
    bill.responded({"response": {"usage": {"output_tokens": 5000}}})
    assert bill.responded({"response": {"usage": usage}}) == Decimal(50)


@pytest.mark.parametrize("tokens", ["10", 10.0, 9.5, "9.01"])
def test_a_count_may_be_written_otherwise(tokens) -> None:
    """A number with a point, or in a string, is the number that it is; a part of a token is one."""
    assert Bill(PRICES, "a", Costs()).responded({"response": {"usage": {"output_tokens": tokens}}}) == Decimal("0.1")


def test_a_transcript_that_nobody_understands_is_guessed() -> None:
    """It costs what a minute does, also where the price is for tokens."""
    bill = Bill(PER_TOKEN, "a", Costs())
    assert bill.transcribed({"type": "duration", "seconds": -1}) == Decimal("0.024")
    assert bill.transcribed({}) == 0


@pytest.mark.parametrize(
    ("session", "response", "unread_chars", "usd"),
    [
        (None, None, 0, "320"),
        (None, {"max_output_tokens": 100}, 0, "1"),
        ({"max_output_tokens": 200}, {}, 0, "2"),
        ({"max_output_tokens": 200}, {"max_output_tokens": 100}, 0, "1"),
        ({"max_output_tokens": "inf"}, {"max_output_tokens": "inf"}, 0, "320"),
        ({"max_output_tokens": 200}, {"max_output_tokens": "inf"}, 0, "320"),
        (None, {"max_output_tokens": -1}, 0, "320"),
        (None, {"max_output_tokens": True}, 0, "320"),
        (None, "odd", 0, "320"),
        (None, {"max_output_tokens": 100}, 4000, "2"),
    ],
)
def test_what_an_answer_is_likely_to_cost(session, response, unread_chars, usd) -> None:
    """It is all that the answer may say, at the model's price, with what the peer said since; else a long answer."""
    prices = Prices({"a": Price(text_input=Decimal(1000), audio_output=Decimal(10_000))})
    bill = Bill(prices, "a", Costs())
    bill.learn(session)
    assert bill.likely_usd(response, unread_chars) == Decimal(usd)


@pytest.mark.parametrize(
    ("model", "session", "response", "usd"),
    [
        ("gpt-realtime-2.1", {}, None, "2.048"),
        ("gpt-realtime-2.1-mini", {}, None, "0.64"),
        ("gpt-realtime-1.5", {}, None, "0.262144"),
        ("gpt-realtime-2025-08-28", {}, None, "0.262144"),
        ("gpt-4o-realtime-preview-2024-10-01", {}, None, "0.8192"),
        ("nobody-knows-it", {}, None, "6.4"),
        ("gpt-realtime-2.1", {"output_modalities": ["text"]}, None, "0.768"),
        ("gpt-realtime-2.1", {"output_modalities": ["text"]}, {"output_modalities": ["audio"]}, "2.048"),
        ("gpt-realtime-2.1", {}, {"output_modalities": ["text"], "max_output_tokens": 1000}, "0.024"),
    ],
)
def test_a_first_answer_is_bounded_by_its_model(model, session, response, usd) -> None:
    """Without a bound of its own it may be all that the model can say, in text or aloud, at that model's price."""
    bill = Bill(read_prices({}), model, Costs())
    bill.learn(session)
    assert bill.likely_usd(response) == Decimal(usd)


def test_a_price_of_ones_own_may_say_how_much_its_model_says() -> None:
    """Else it is the most that any of the API's models says."""
    prices = read_prices({"mine": {"audio_output": 10, "most_output_tokens": 1000}, "other": {"audio_output": 10}})
    assert Bill(prices, "mine", Costs()).likely_usd() == Decimal("0.01")
    assert Bill(prices, "other", Costs()).likely_usd() == Decimal("0.32")


def test_an_answer_is_likely_to_cost_what_the_dearest_did() -> None:
    """Once answers are known the dearest counts, and what it read is added to what another one may say."""
    bill = Bill(Prices({"a": Price(audio_input=Decimal(1000), audio_output=Decimal(10_000))}), "a", Costs())
    bill.responded({"response": {"usage": {"input_tokens": 1000, "output_tokens": 100}}})
    bill.responded({"response": {"usage": {"input_tokens": 1000, "output_tokens": 10}}})
    assert bill.likely_usd() == 2
    assert bill.likely_usd({"max_output_tokens": 10}) == Decimal("1.1")


def test_time_costs_what_its_model_does() -> None:
    """Time is billed to the session's model, by the minute."""
    costs = Costs()
    assert Bill(PRICES, "b", costs).lasted(Decimal("1.5")) == Decimal("1.5")
    assert costs.seconds == {"b": Decimal("1.5")}


STAGED = Prices(
    {
        "ear": Price.completed({"minute": Decimal(6)}),
        "mind": Price.completed({"text_input": Decimal(100), "text_cached": Decimal(10), "text_output": Decimal(1000)}),
        "voice": Price.completed({"characters": Decimal(10_000)}),
    }
)
STAGES = {
    "hear": {"model": "ear", "seconds": 2.5},
    "think": {"model": "mind", "input_tokens": 1000, "cached_tokens": 400, "output_tokens": 10},
    "speak": {"model": "voice", "seconds": 1.5, "characters": 30},
}


def test_a_cascade_is_billed_by_its_services() -> None:
    """Each service of a cascade is billed at its own model's price: by the minute, the token or the character."""
    costs = Costs()
    bill = Bill(STAGED, "any", costs)
    usage = {"total_tokens": 1010, "input_tokens": 1000, "output_tokens": 10, "stages": STAGES}
    assert bill.responded({"response": {"usage": usage}}) == Decimal("0.25") + Decimal("0.074") + Decimal("0.3")
    assert costs.usd == {"ear": Decimal("0.25"), "mind": Decimal("0.074"), "voice": Decimal("0.3")}
    assert costs.characters == {"voice": 30}
    assert costs.tokens["mind", "text_cached"] == 400
    assert costs.unbilled == 0


def test_a_service_without_a_price_costs_what_the_dearest_does() -> None:
    """A service of a cascade whose model has no price, or no name, costs what the dearest would."""
    bill = Bill(STAGED, "any", Costs())
    stages = {"think": {"model": None, "output_tokens": 10}, "speak": {"model": "other", "characters": 30}, "odd": 7}
    assert bill.responded({"response": {"usage": {"stages": stages}}}) == Decimal("0.01") + Decimal("0.3")


def test_a_transcript_may_say_who_made_it() -> None:
    """A transcript whose usage names a model is billed to that one, whatever the session asked for."""
    bill = Bill(STAGED, "any", Costs())
    bill.learn({"audio": {"input": {"transcription": {"model": "mind"}}}})
    assert bill.transcribed({"type": "duration", "seconds": 10, "model": "ear"}) == Decimal(1)
