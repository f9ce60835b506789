import json
from base64 import b64encode
from decimal import Decimal
from typing import Any

import pytest

from relay.core.budget import SessionBudget
from relay.core.leg import Closed
from relay.core.payers import Payers, Place
from relay.core.prices import Price, Prices
from relay.core.session import Session
from relay.core.time_meters import AppendMeter, TimeMeter, UsageMeter
from tests.fakes.budgets import SlowBudget
from tests.fakes.legs import Joined

PRICES = Prices({"a": Price(minute=Decimal(60)), "b": Price(minute=Decimal(120))})


def metered(kind: type[TimeMeter], limit: str = "100") -> tuple[Joined, TimeMeter, list[Decimal]]:
    joined = Joined()
    warnings: list[Decimal] = []
    meter = kind(PRICES, "a", [SessionBudget(Decimal(limit))], joined.tally.costs, warnings.append)
    joined.session = Session("s1", joined.peer, joined.upstream, [meter], joined.tally, relay_events=True)
    return joined.opened(), meter, warnings


def append(audio_bytes: int) -> str:
    return json.dumps({"type": "session.input_audio_buffer.append", "audio": b64encode(bytes(audio_bytes)).decode()})


def used(seconds: Any, kind: str = "session.usage.updated") -> str:
    return json.dumps({"type": kind, "usage": {"seconds": seconds}})


def ended(joined: Joined) -> None:
    joined.session.peer_listener.on_closed(Closed(1000), joined.now)
    joined.session.finish(joined.now)


START = '{"type":"session.start","session":{"model":"b"}}'


@pytest.mark.parametrize("piece", [1, 2, 3, 960, 9600, 48_000])
def test_appended_audio_is_paid_for(piece) -> None:
    """Audio costs what its length does, to the byte, in whatever pieces it comes; the last of it is paid at the end."""
    joined, meter, _ = metered(AppendMeter)
    for _ in range(120_000 // piece if piece > 3 else 100):
        joined.peer_says(append(piece))
    ended(joined)
    total = 120_000 // piece * piece if piece > 3 else 100 * piece
    assert meter.spent_usd == Decimal(total) / 48_000
    assert joined.tally.costs.seconds == {"a": Decimal(total) / 48_000}


def test_a_second_is_paid_for_at_a_time() -> None:
    """A peer that asked is told what it costs once a second, not with each piece."""
    joined, _, _ = metered(AppendMeter)
    for _ in range(125):
        joined.peer_says(append(960))
    told = [json.loads(message) for message in joined.peer.sent]
    assert [(event["type"], event["spent_usd"]) for event in told] == [("relay.cost", "1"), ("relay.cost", "2")]


def test_a_translation_ends_when_its_budget_does() -> None:
    """There is no answer to wait for: the append that spends the last of it still goes up, and the session ends."""
    joined, _, warnings = metered(AppendMeter, "2")
    for _ in range(3):
        joined.peer_says(append(48_000))
    assert len(joined.upstream.sent) == 2
    assert joined.peer.closes == [(4000, "budget_spent")]
    assert warnings == [Decimal(2)]


BROKEN = '{"type":"session.input_audio_buffer.append","audio":"'


@pytest.mark.parametrize(
    ("data", "paid_bytes"),
    [
        (b"x" * 48_000, 48_000),
        ("x" * 64_000, 48_000),
        (BROKEN, len(BROKEN) // 4 * 3),
        (BROKEN + "\n" * 64_000 + '"}', 48_000),
    ],
)
def test_what_cannot_be_read_is_paid_for(data, paid_bytes) -> None:
    """A message that is no event here is paid for as audio, since the upstream may be able to read it."""
    joined, meter, _ = metered(AppendMeter)
    joined.peer_says(data)
    ended(joined)
    assert joined.upstream.sent == [data]
    assert meter.spent_usd == Decimal(paid_bytes) / 48_000


@pytest.mark.parametrize("audio", [None, 7, ["AAAA"], {"a": 1}])
def test_odd_appends_cost_nothing(audio) -> None:
    """What is no audio passes and costs nothing."""
    joined, meter, _ = metered(AppendMeter)
    odd = json.dumps({"type": "session.input_audio_buffer.append", "audio": audio})
    joined.peer_says(odd)
    ended(joined)
    assert joined.upstream.sent == [odd]
    assert meter.spent_usd == 0


def test_usage_is_a_sum() -> None:
    """Each usage tells all that was used so far, so only what is new is paid for, at the price of the model started."""
    joined, meter, _ = metered(UsageMeter)
    joined.peer_says(START)
    for seconds in (1.0, 2.5, 2.5):
        joined.upstream_says(used(seconds))
    assert meter.spent_usd == 5
    joined.upstream_says(used(3, "session.closed"))
    assert meter.spent_usd == 6
    assert joined.tally.costs.seconds == {"b": Decimal(3)}


def test_a_session_starts_once() -> None:
    """A peer that says a start again, with another model, is charged neither twice nor less."""
    joined, meter, _ = metered(UsageMeter)
    joined.peer_says(START)
    joined.upstream_says(used(1))
    joined.peer_says(START.replace('"b"', '"a"'))
    joined.upstream_says(used(2))
    assert meter.spent_usd == 4


def test_a_session_that_somebody_else_has_started_is_paid_for_from_now_on() -> None:
    """A sideband does not pay again for what was used before it."""
    joined, meter, _ = metered(UsageMeter)
    joined.upstream_says(used(600))
    assert meter.spent_usd == 0
    joined.upstream_says(used(601))
    assert meter.spent_usd == 1


def test_a_live_session_ends_when_its_budget_does() -> None:
    """The usage that spends the last of it still comes down, and then the session ends."""
    joined, _, _ = metered(UsageMeter, "4")
    joined.peer_says(START)
    joined.upstream_says(used(1))
    joined.upstream_says(used(2))
    assert joined.peer.sent[2] == used(2)
    assert joined.peer.closes == [(4000, "budget_spent")]


def test_the_upstream_says_which_model_it_is() -> None:
    """The model that the session was started with may be another one than was asked for."""
    joined, meter, _ = metered(UsageMeter)
    joined.peer_says(START)
    joined.upstream_says('{"type":"session.started","session":{"model":"a"}}')
    joined.upstream_says(used(1))
    assert meter.spent_usd == 1


def test_delegated_responses_are_unbilled() -> None:
    """What a Live session delegates is billed by the token, at prices that are not known here; it is counted."""
    joined, meter, _ = metered(UsageMeter)
    for kind in ("response.created", "response.output_text.delta", "response.completed"):
        joined.upstream_says(json.dumps({"type": "response.event", "event": {"type": kind}}))
    joined.upstream_says('{"type":"response.event","event":"odd"}')
    assert joined.tally.costs.unbilled == 1
    assert meter.spent_usd == 0


@pytest.mark.parametrize("seconds", [-1, "soon", float("inf"), 1e300, 2**70, [5], True])
def test_a_sum_that_nobody_understands_is_the_time_that_went_by(seconds) -> None:
    """A session is never free because its usage is odd, and a sum that is understood afterwards counts again."""
    joined, meter, _ = metered(UsageMeter)
    joined.peer_says(START)
    joined.now = 3.0
    joined.upstream_says(used(seconds))
    assert meter.spent_usd == 6
    joined.upstream_says(used("4.5"))
    assert meter.spent_usd == 9


def test_a_session_learns_that_others_have_spent_what_it_shares() -> None:
    """It ends within a second."""
    joined, budget = Joined(), SlowBudget()
    meter = UsageMeter(PRICES, "a", [budget], joined.tally.costs)
    joined.session = Session("s1", joined.peer, joined.upstream, [meter], joined.tally)
    joined.opened().session.tick(1.0)
    assert joined.peer.closes == []
    budget.spent_share = Decimal(1)
    joined.session.tick(2.0)
    assert joined.peer.closes == [(4000, "budget_spent")]


def test_a_session_that_is_watched_is_paid_for_once() -> None:
    """What is attached to a session of this process does not pay, and takes over when that one has gone."""
    payers = Payers()
    with payers.place(None) as own:
        one, its_meter = placed(own)
        one.peer_says(START)
        one.upstream_says('{"type":"session.started","session":{"id":"live_1"}}')
        with payers.place("live_1") as attached:
            other, meter = placed(attached)
            for joined in (one, other):
                joined.upstream_says(used(5))
                joined.upstream_says(used(9))
            assert its_meter.spent_usd == 18
            assert meter.spent_usd == 0
            own.leave()
            other.upstream_says(used(10))
            assert meter.spent_usd == 1


def placed(place: Place) -> tuple[Joined, UsageMeter]:
    """A session with this place among those that see it."""
    joined = Joined()
    meter = UsageMeter(PRICES, "a", [], joined.tally.costs, place=place)
    joined.session = Session("s", joined.peer, joined.upstream, [meter], joined.tally)
    return joined.opened(), meter


@pytest.mark.parametrize("usage", [None, [], {}, {"seconds": None}])
def test_odd_usages_cost_nothing(usage) -> None:
    """What has not the API's shape passes and costs nothing."""
    joined, meter, _ = metered(UsageMeter)
    joined.peer_says(START)
    odd = json.dumps({"type": "session.usage.updated", "usage": usage})
    joined.upstream_says(odd)
    assert joined.peer.sent == [odd]
    assert meter.spent_usd == 0
