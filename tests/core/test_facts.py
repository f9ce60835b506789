"""The facts of a session, event by event."""

import json
from decimal import Decimal

import pytest

from relay.core.facts import ERRORS_TOLD, SessionCosts, SessionFacts
from relay.core.tally import Costs
from relay.core.usage import Usage
from tests.fakes.legs import Joined

DELTA = '{"type":"response.output_audio.delta","delta":"AAAA"}'


class Facts(SessionFacts):
    """Facts that write down what they tell."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []
        super().__init__(
            "dialled", lambda *begun: self.told.append(("begun", *begun)), lambda *said: self.told.append(said)
        )


def joined(facts: SessionFacts) -> Joined:
    return Joined(facts).opened()


@pytest.mark.parametrize("kind", ["session.created", "session.started"])
def test_the_upstreams_name_for_the_session_is_told_once(kind) -> None:
    """The upstream's id and model of a session are noted when it says them first, and then stay."""
    facts = Facts()
    session = joined(facts)
    session.upstream_says(json.dumps({"type": kind, "session": {"id": "sess_1", "model": "gpt-realtime-2.1"}}))
    session.upstream_says(json.dumps({"type": kind, "session": {"id": "sess_2", "model": "other"}}))
    assert facts.told == [("begun", "sess_1", "gpt-realtime-2.1")]
    assert (facts.upstream_session_id, facts.model) == ("sess_1", "gpt-realtime-2.1")


@pytest.mark.parametrize("session", [None, [], {}, {"id": 5, "model": []}, {"id": "", "model": ""}])
def test_a_session_that_is_none(session) -> None:
    """An upstream that says nothing of use leaves the model that was dialled."""
    facts = Facts()
    joined(facts).upstream_says(json.dumps({"type": "session.created", "session": session}))
    assert (facts.upstream_session_id, facts.model) == (None, "dialled")


def test_errors_are_told_without_their_words() -> None:
    """Of an error its type and code are told, bounded and printable, and never what it says."""
    facts = Facts()
    session = joined(facts)
    session.upstream_says('{"type":"error","error":{"type":"invalid","code":"bad\\u001b[31m","message":"my secret"}}')
    session.upstream_says('{"type":"error","error":"my secret"}')
    session.upstream_says('{"type":"error"}')
    assert facts.told == [("invalid", "bad\ufffd[31m"), ("unknown", "unknown"), ("unknown", "unknown")]
    assert facts.errors == 3


def test_errors_do_not_fill_the_log() -> None:
    """A session with more errors than anybody reads is told the first of them, and how many there were."""
    facts = Facts()
    session = joined(facts)
    for _ in range(3 * ERRORS_TOLD):
        session.upstream_says('{"type":"error","error":{"type":"t","code":"c"}}')
    assert (len(facts.told), facts.errors) == (ERRORS_TOLD, 3 * ERRORS_TOLD)


def test_how_long_people_waited() -> None:
    """The first wait and the slowest are from the end of speech, or the request for an answer, to its first sound."""
    facts = Facts()
    session = joined(facts)
    for asked_at, heard_at in ((1.0, 1.5), (10.0, 12.0), (20.0, 20.1)):
        session.now = asked_at
        if asked_at == 10.0:
            session.peer_says('{"type":"response.create"}')
        else:
            session.upstream_says('{"type":"input_audio_buffer.speech_stopped"}')
        session.now = heard_at
        session.upstream_says(DELTA)
        session.now = heard_at + 1
        session.upstream_says(DELTA)
        session.upstream_says('{"type":"response.done","response":{}}')
    assert facts.first_audio_s == pytest.approx(0.5)
    assert facts.slowest_audio_s == pytest.approx(2.0)
    assert facts.turns == 3


def test_what_one_session_used_is_counted_with_everybodys() -> None:
    """A session's own tokens, seconds and money are summed by model, and all of it in the process's sums too."""
    everybody = Costs()
    everybody.add("gpt-realtime-2.1", Usage({"audio_input": 5}), Decimal("0.1"))
    costs = SessionCosts(everybody)
    costs.add("gpt-realtime-2.1", Usage({"audio_input": 7}), Decimal("0.02"))
    costs.add("whisper-1", Usage({}, Decimal(3)), Decimal("0.001"))
    costs.unbilled += 2
    costs.close()
    assert costs.by_model() == {
        "gpt-realtime-2.1": {"audio_input": 7, "usd": "0.020000"},
        "whisper-1": {"seconds": "3", "usd": "0.001000"},
    }
    assert everybody.tokens["gpt-realtime-2.1", "audio_input"] == 12
    assert (everybody.usd["gpt-realtime-2.1"], everybody.unbilled) == (Decimal("0.12"), 2)
