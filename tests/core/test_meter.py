import json
from decimal import Decimal

import pytest

from relay.core.budget import SessionBudget
from relay.core.leg import Closed
from relay.core.meter import Meter
from relay.core.prices import Price, Prices
from relay.core.session import Session
from tests.fakes.legs import FakeLeg, Joined

PRICES = Prices(
    {"a": Price(audio_output=Decimal(10_000)), "b": Price(audio_output=Decimal(20_000), minute=Decimal(60))}
)


def done(tokens: int) -> str:
    return json.dumps({"type": "response.done", "response": {"usage": {"output_tokens": tokens}}})


CREATED = '{"type":"response.created"}'


def metered(limit: str = "1", *, relay_events: bool = False) -> tuple[Joined, Meter, list[Decimal]]:
    joined = Joined()
    warnings: list[Decimal] = []
    meter = Meter(PRICES, "a", [SessionBudget(Decimal(limit))], joined.tally.costs, warnings.append)
    joined.session = Session("s1", joined.peer, joined.upstream, [meter], joined.tally, relay_events=relay_events)
    return joined.opened(), meter, warnings


def test_costs_are_summed() -> None:
    """Each response and each transcript adds to the session's cost and to its model's."""
    joined, meter, _ = metered()
    joined.upstream_says(done(10))
    joined.upstream_says(done(5))
    joined.upstream_says(
        '{"type":"session.updated","session":{"model":"b","audio":{"input":{"transcription":{"model":"b"}}}}}'
    )
    joined.upstream_says(done(1))
    joined.upstream_says(
        '{"type":"conversation.item.input_audio_transcription.completed","usage":{"type":"duration","seconds":0.1}}'
    )
    assert meter.spent_usd == Decimal("0.15") + Decimal("0.02") + Decimal("0.1")
    assert joined.tally.costs.usd == {"a": Decimal("0.15"), "b": Decimal("0.12")}
    assert joined.tally.costs.tokens == {("a", "audio_output"): 15, ("b", "audio_output"): 1}
    assert joined.tally.costs.seconds == {"b": Decimal("0.1")}


def test_a_budget_ends_the_session_after_the_response() -> None:
    """The response that spends the last of it is delivered whole; then the session ends, with that as the cause."""
    joined, _, warnings = metered()
    joined.upstream_says(done(79))
    assert warnings == []
    joined.upstream_says(done(1))
    assert warnings == [Decimal("0.80")]
    joined.upstream_says(done(20))
    assert warnings == [Decimal("0.80")]
    assert joined.peer.sent[:3] == [done(79), done(1), done(20)]
    assert json.loads(joined.peer.sent[3])["error"]["code"] == "budget_spent"
    assert joined.peer.closes == [(4000, "budget_spent")]


def test_a_response_that_is_running_is_said_to_its_end() -> None:
    """With another answer on its way the session goes on until that is done, and no further one is asked for."""
    joined, _, _ = metered()
    joined.upstream_says(CREATED)
    joined.upstream_says(CREATED)
    joined.upstream_says(done(100))
    assert joined.peer.closes == []
    joined.peer_says('{"type":"response.create","event_id":"e9"}')
    assert joined.upstream.sent == []
    assert json.loads(joined.peer.sent[-1])["error"]["event_id"] == "e9"
    joined.peer_says('{"type":"input_audio_buffer.append"}')
    assert joined.upstream.sent == ['{"type":"input_audio_buffer.append"}']
    joined.upstream_says(done(1))
    assert joined.peer.closes == [(4000, "budget_spent")]


def test_a_peer_that_asked_is_told_what_it_costs() -> None:
    """After each response comes what was spent, and how much of the budget that is."""
    joined, _, _ = metered("0.5", relay_events=True)
    joined.upstream_says(done(25))
    told = json.loads(joined.peer.sent[1])
    assert (told["type"], told["spent_usd"], told["spent_share"]) == ("relay.cost", "0.25", 0.5)


def test_a_peer_that_did_not_ask_is_told_nothing() -> None:
    """To all others the relay adds no event."""
    joined, _, _ = metered()
    joined.upstream_says(done(25))
    assert joined.peer.sent == [done(25)]


def test_a_model_without_a_price_counts_as_other() -> None:
    """Its label is not made of what the upstream said."""
    joined, meter, _ = metered()
    joined.upstream_says('{"type":"session.created","session":{"model":"mine"}}')
    joined.upstream_says(done(1))
    assert joined.tally.costs.usd == {"other": Decimal("0.02")}
    assert meter.spent_usd == Decimal("0.02")


def test_responses_without_a_bill_are_counted() -> None:
    """An answer that was running when the session ended was paid for, but nobody says how much."""
    joined, _, _ = metered()
    joined.upstream_says(CREATED)
    joined.session.peer_listener.on_closed(Closed(1000), joined.now)
    joined.session.finish(joined.now)
    assert joined.tally.costs.unbilled == 1


@pytest.mark.parametrize("body", ['"response":null', '"response":"r"', '"response":{"usage":[]}', '"x":1'])
def test_odd_responses_cost_nothing(body) -> None:
    """What has not the API's shape passes and costs nothing."""
    joined, meter, _ = metered()
    odd = '{"type":"response.done",' + body + "}"
    joined.upstream_says(odd)
    joined.upstream_says('{"type":"session.updated","session":[]}')
    assert joined.peer.sent[0] == odd
    assert meter.spent_usd == 0


def test_every_budget_pays() -> None:
    """Of several budgets the emptiest decides."""
    joined = Joined()
    budgets = [SessionBudget(Decimal(100)), SessionBudget(Decimal("0.1"))]
    peer = FakeLeg()
    session = Session("s1", peer, joined.upstream, [Meter(PRICES, "a", budgets, joined.tally.costs)], joined.tally)
    session.open(0.0)
    session.upstream_listener.on_message(done(10), 0.0)
    assert peer.closes == [(4000, "budget_spent")]
