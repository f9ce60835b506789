import json
from decimal import Decimal

import pytest

from relay.core.answers import BEGINS_WITHIN_S
from relay.core.budget import SessionBudget
from relay.core.leg import Closed
from relay.core.meter import SPENT_MAY_TAKE_S, Meter
from relay.core.payers import Payers
from relay.core.prices import Price, Prices
from relay.core.session import Session
from tests.fakes.budgets import SlowBudget
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


ASK = '{"type":"response.create"}'


def created(response_id: str) -> str:
    return json.dumps({"type": "response.created", "response": {"id": response_id}})


def done_with(response_id: str, tokens: int) -> str:
    return json.dumps({"type": "response.done", "response": {"id": response_id, "usage": {"output_tokens": tokens}}})


def error_codes(joined: Joined) -> list[str]:
    """Of the errors that the peer was told."""
    events = [json.loads(data) for data in joined.peer.sent]
    return [event["error"]["code"] for event in events if event["type"] == "error" and "code" in event["error"]]


def test_a_response_that_is_running_is_said_to_its_end() -> None:
    """With another answer on its way the session goes on until that is done, and no further one is asked for."""
    joined, _, _ = metered("1000")
    joined.upstream_says(CREATED)
    joined.upstream_says(CREATED)
    joined.upstream_says(done(100_000))
    assert joined.peer.closes == []
    joined.peer_says('{"type":"response.create","event_id":"e9"}')
    assert joined.upstream.sent == []
    assert json.loads(joined.peer.sent[-1])["error"]["event_id"] == "e9"
    joined.peer_says('{"type":"input_audio_buffer.append"}')
    assert joined.upstream.sent == ['{"type":"input_audio_buffer.append"}']
    joined.upstream_says(done(1))
    assert joined.peer.closes == [(4000, "budget_spent")]


@pytest.mark.parametrize(
    "data", [ASK, ASK.encode(), '{"type":"response.create","x":NaN}', '{"Type":"response.create"}']
)
def test_a_hundred_requests_at_once_are_one(data) -> None:
    """While one answer is under way whose cost nobody knows no further one goes up; when it is done, one does."""
    joined, meter, _ = metered("1")
    for _ in range(100):
        joined.peer_says(data)
    assert joined.upstream.sent == [data]
    assert error_codes(joined) == ["budget_spent"] * 99
    joined.upstream_says(created("r1"))
    joined.upstream_says(done_with("r1", 60))
    for _ in range(100):
        joined.peer_says(data)
    assert len(joined.upstream.sent) == 2
    joined.upstream_says(done_with("r2", 60))
    assert meter.spent_usd == Decimal("1.2")
    assert joined.peer.closes == [(4000, "budget_spent")]


def test_as_many_go_up_as_can_be_paid_for() -> None:
    """With a bound on what they may say, or when the dearest so far is known, as many are under way as fit."""
    joined, _, _ = metered("1")
    for _ in range(5):
        joined.peer_says('{"type":"response.create","response":{"max_output_tokens":30}}')
    assert len(joined.upstream.sent) == 3
    for name in ("r1", "r2", "r3"):
        joined.upstream_says(done_with(name, 10))
    for _ in range(9):
        joined.peer_says(ASK)
    assert len(joined.upstream.sent) == 3 + 7


def test_an_upstream_that_does_not_keep_to_bounds_is_not_trusted() -> None:
    """Once an answer has cost more than it was bounded to, another one is likely to, too."""
    joined, _, _ = metered("1")
    bounded = '{"type":"response.create","response":{"max_output_tokens":1}}'
    joined.peer_says(bounded)
    joined.upstream_says(done_with("r1", 40))
    for _ in range(3):
        joined.peer_says(bounded)
    assert len(joined.upstream.sent) == 1 + 1


def test_a_request_that_is_refused_or_lost_makes_room() -> None:
    """An error about the request frees what was set aside for it, and so does a time in which nothing comes."""
    joined, _, _ = metered("1")
    joined.peer_says('{"type":"response.create","event_id":"e1"}')
    joined.upstream_says('{"type":"error","error":{"event_id":"e0"}}')
    joined.peer_says(ASK)
    assert error_codes(joined)[-1] == "budget_spent"
    joined.upstream_says('{"type":"error","error":{"code":"no","event_id":"e1"}}')
    joined.peer_says(ASK)
    assert len(joined.upstream.sent) == 2
    joined.session.tick(BEGINS_WITHIN_S + 1)
    joined.peer_says(ASK)
    assert len(joined.upstream.sent) == 3
    joined.upstream_says('{"type":"error","error":{"message":"No."}}')
    joined.peer_says(ASK)
    assert len(joined.upstream.sent) == 4


def test_an_answer_that_the_upstream_begins_by_itself_is_cancelled_where_nothing_pays_for_it() -> None:
    """After voice detection nobody can refuse a request; so the answer is cancelled, and the peer told."""
    joined, _, _ = metered("1")
    joined.peer_says(ASK)
    joined.upstream_says(created("r1"))
    joined.upstream_says(created("r2"))
    cancel = json.loads(joined.upstream.sent[-1])
    assert (cancel["type"], cancel["response_id"]) == ("response.cancel", "r2")
    assert error_codes(joined) == ["budget_spent"]
    late = {"type": "error", "error": {"code": "response_cancel_not_active", "event_id": cancel["event_id"]}}
    joined.upstream_says(json.dumps(late))
    assert error_codes(joined) == ["budget_spent"]
    joined.upstream_says(done_with("r1", 10))
    joined.upstream_says(done_with("r2", 0))
    joined.upstream_says(created("r3"))
    assert len(joined.upstream.sent) == 2


def test_a_spent_session_lets_nothing_up_that_is_not_harmless() -> None:
    """While the last answer is said, speech and cuts pass, and whatever may cost something is refused."""
    joined, _, _ = metered("1000")
    joined.upstream_says(created("r1"))
    joined.upstream_says(created("r2"))
    joined.upstream_says(done_with("r1", 100_000))
    harmless: list[str | bytes] = [
        '{"type":"response.cancel"}',
        '{"type":"input_audio_buffer.append","audio":"AAAA"}',
        b"\x00\x01",
    ]
    twice = '{"type":"response.cancel","Type":"response.create"}'
    refused: list[str | bytes] = [ASK, ASK.encode(), '{"type":"session.update"}', "{", twice]
    for data in (*harmless, *refused):
        joined.peer_says(data)
    assert joined.upstream.sent == harmless
    assert error_codes(joined) == ["budget_spent"] * len(refused)


def test_a_spent_session_ends_in_a_bounded_time() -> None:
    """However many answers overlap or never end, a session does not outlast its budget for long."""
    joined, _, _ = metered("1000")
    for number in range(3):
        joined.upstream_says(created(f"r{number}"))
    joined.now = 5.0
    joined.upstream_says(done_with("r0", 100_000))
    joined.session.tick(5.0 + SPENT_MAY_TAKE_S)
    assert joined.peer.closes == []
    joined.session.tick(5.1 + SPENT_MAY_TAKE_S)
    assert joined.peer.closes == [(4000, "budget_spent")]


def sharing() -> tuple[Joined, SlowBudget]:
    """A session that pays from a budget that it shares, and that takes its time."""
    joined, budget = Joined(), SlowBudget()
    joined.session = Session(
        "s1", joined.peer, joined.upstream, [Meter(PRICES, "a", [budget], joined.tally.costs)], joined.tally
    )
    return joined.opened(), budget


def test_a_session_learns_that_others_have_spent_what_it_shares() -> None:
    """It ends within a second, or with what is being said."""
    joined, budget = sharing()
    budget.spent_share = Decimal(1)
    joined.session.tick(1.0)
    assert joined.peer.closes == [(4000, "budget_spent")]


def test_a_request_waits_for_a_budget_that_is_asked_elsewhere() -> None:
    """The peer is read no further until the answer is known; then the request goes up, before what comes behind it."""
    joined, budget = sharing()
    joined.peer_says(ASK)
    assert joined.upstream.sent == []
    assert joined.peer.trace == [("pause",)]
    budget.verdicts[0](True)
    assert joined.upstream.sent == [ASK]
    assert joined.peer.trace == [("pause",), ("resume",)]
    joined.peer_says(ASK)
    budget.verdicts[1](False)
    assert joined.upstream.sent == [ASK]
    assert error_codes(joined) == ["budget_spent"]


def test_an_answer_is_cancelled_when_a_slow_budget_says_so() -> None:
    """A budget that is asked elsewhere may refuse while the answer is being said."""
    joined, budget = sharing()
    joined.upstream_says(created("r1"))
    assert joined.upstream.sent == []
    budget.verdicts[0](False)
    assert json.loads(joined.upstream.sent[0])["response_id"] == "r1"
    assert error_codes(joined) == ["budget_spent"]


def test_a_verdict_that_comes_too_late_frees_the_money() -> None:
    """A session that has ended, or an answer that is done, needs none."""
    joined, budget = sharing()
    joined.upstream_says(created("r1"))
    joined.upstream_says(done_with("r1", 1))
    budget.freed.clear()
    budget.verdicts[0](True)
    assert budget.freed == ["1"]
    joined.peer_says(ASK)
    joined.session.peer_listener.on_closed(Closed(1000), joined.now)
    budget.verdicts[1](True)
    assert budget.freed == ["1", "2"]
    assert joined.upstream.sent == []


def test_an_answer_that_is_cut_off_is_charged_for_what_was_heard() -> None:
    """A peer that leaves before its answer is done does not get it for nothing: the common budget pays by a guess."""
    joined, budget = sharing()
    joined.peer_says('{"type":"response.create","response":{"max_output_tokens":100}}')
    budget.verdicts[0](True)
    joined.upstream_says(created("r1"))
    for _ in range(10):
        joined.upstream_says(json.dumps({"type": "response.output_audio.delta", "delta": "A" * 3200}))
    joined.session.peer_listener.on_closed(Closed(1000), joined.now)
    joined.session.finish(joined.now)
    assert budget.paid[-1] == Decimal("0.10")
    assert joined.tally.costs.unbilled == 1


def test_a_bill_that_cannot_be_read_is_guessed() -> None:
    """An answer whose end is no JSON for anybody costs what a long one does."""
    joined, meter, _ = metered("1000")
    joined.upstream_says('{"type":"response.done","response":{"usage":{"output_tokens":5')
    assert meter.spent_usd == Decimal("40.96")


def test_what_another_session_pays_for_is_neither_paid_nor_refused() -> None:
    """A sideband to a call that this process meters already only watches, and pays when it is left alone."""
    joined, payers = Joined(), Payers()
    with payers.place("rtc_1") as first, payers.place("rtc_1") as second:
        meter = Meter(PRICES, "b", [SessionBudget(Decimal("0.01"))], joined.tally.costs, place=second)
        joined.session = Session("s1", joined.peer, joined.upstream, [meter], joined.tally)
        joined.opened()
        joined.upstream_says('{"type":"session.created","session":{"model":"a"}}')
        for _ in range(3):
            joined.peer_says(ASK)
            joined.upstream_says(CREATED)
        joined.upstream_says(done(10))
        assert joined.upstream.sent == [ASK] * 3
        assert meter.spent_usd == 0
        assert joined.tally.costs.usd == {}
        first.leave()
        joined.upstream_says(done(10))
        assert joined.tally.costs.usd == {"a": Decimal("0.1")}
        assert joined.peer.closes == [(4000, "budget_spent")]


def test_half_an_emoji_does_not_make_an_answer_free() -> None:
    """An answer that repeats what few readers read is billed."""
    joined, meter, _ = metered("10")
    joined.upstream_says(
        '{"event_id":"e","response":{"output":["\\ud83d",NaN],"usage":{"output_tokens":10}},"type":"response.done"}'
    )
    joined.upstream_says(
        f'{{"type":"response.done","response":{{"x":{"[" * 1500}{"]" * 1500},"usage":{{"output_tokens":10}}}}}}'
    )
    assert meter.spent_usd == Decimal("0.2")


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
