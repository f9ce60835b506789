import json

import pytest

from relay.core.turn_state import ANSWER_WITHIN_S, PAUSE_S, TURN_MAY_LAST_S, ResponseTurns, TranscriptPauses
from tests.fakes.legs import Joined

STARTED, STOPPED = '{"type":"input_audio_buffer.speech_started"}', '{"type":"input_audio_buffer.speech_stopped"}'
PLAYED, SILENT, CLEARED = (f'{{"type":"output_audio_buffer.{what}"}}' for what in ("started", "stopped", "cleared"))
FORGOTTEN, COMMITTED = (f'{{"type":"input_audio_buffer.{what}"}}' for what in ("cleared", "committed"))
CREATED, AUDIO = '{"type":"response.created"}', '{"type":"response.output_audio.delta"}'


def done(status: str = "completed", audio_tokens: int = 0, output: object = ()) -> str:
    usage = {"output_token_details": {"audio_tokens": audio_tokens}}
    return json.dumps({"type": "response.done", "response": {"status": status, "usage": usage, "output": output}})


CALL = [{"type": "function_call"}]


@pytest.mark.parametrize(
    ("events", "rests_from"),
    [
        ([], 0.0),
        ([(1, STARTED)], None),
        ([(1, STARTED), (2, STOPPED)], 2 + ANSWER_WITHIN_S),
        ([(1, STARTED), (2, FORGOTTEN)], 2.0),
        ([(1, STARTED), (2, COMMITTED)], 2 + ANSWER_WITHIN_S),
        ([(1, CREATED), (2, STARTED), (3, FORGOTTEN)], None),
        ([(1, STARTED), (2, STOPPED), (3, CREATED)], None),
        ([(3, CREATED), (4, done())], 4.0),
        ([(3, CREATED), (3.5, AUDIO), (4, done(audio_tokens=100))], 8.5),
        ([(3, CREATED), (3.5, AUDIO), (4, done("cancelled", audio_tokens=100))], 4.0),
        ([(3, CREATED), (3.1, CREATED), (4, done())], None),
        ([(3, CREATED), (4, done(output=CALL))], 4 + ANSWER_WITHIN_S),
        ([(3, CREATED), (3.5, AUDIO), (4, done(audio_tokens=100)),
          (4, CREATED), (5, AUDIO), (6, done(audio_tokens=20))], 9.5),
        ([(3, CREATED), (3.5, PLAYED), (4, done(audio_tokens=100))], None),
        ([(3, CREATED), (3.5, PLAYED), (4, done()), (9, SILENT)], 9.0),
        ([(3, CREATED), (3.5, PLAYED), (4, done("cancelled")), (4.1, CLEARED)], 4.1),
        ([(3, CREATED), (3.5, AUDIO), (4, done(audio_tokens=10**7))], None),
        ([(3, CREATED), (3.5, AUDIO), (4, done(audio_tokens=-(10**9)))], 4.0),
        ([(3, done())], 3.0),
        ([(3, '{"type":"response.done","response":"odd"}')], 3.0),
    ],
)  # fmt: skip
def test_when_a_session_rests(events, rests_from) -> None:
    """It rests when nobody speaks, no answer is awaited or running, and what was said has been heard, or should be."""
    turn_state = ResponseTurns()
    joined = Joined(turn_state).opened()
    for now, data in events:
        joined.now = now
        joined.upstream_says(data)
    last = events[-1][0] if events else 0.0
    if rests_from is None:
        assert not turn_state.is_between_turns(events[0][0] + TURN_MAY_LAST_S - 0.01)
        assert turn_state.is_between_turns(last + TURN_MAY_LAST_S)
    else:
        assert turn_state.is_between_turns(rests_from)
        assert rests_from == last or not turn_state.is_between_turns(rests_from - 0.01)


USAGE = {"output_token_details": {"audio_tokens": 100}}


@pytest.mark.parametrize(
    ("within", "beside", "rests_from"),
    [
        ({}, USAGE, 8.5),
        (USAGE, None, 8.5),
        ({"output_token_details": {"audio_tokens": 2**70}}, None, 4.0),
        ({"output_token_details": {"audio_tokens": float("nan")}}, None, 4.0),
        ({"output_token_details": {"audio_tokens": "100"}}, None, 8.5),
        ({"output_token_details": 7}, "odd", 4.0),
    ],
    ids=str,
)
def test_what_is_heard_is_read_from_any_usage(within, beside, rests_from) -> None:
    """A usage beside the response says how long it is heard, too, and one that is no usage ends nothing."""
    turn_state = ResponseTurns()
    joined = Joined(turn_state).opened()
    response = {"status": "completed", "usage": within}
    said = json.dumps({"type": "response.done", "response": response, "usage": beside})
    for now, data in ((3.0, CREATED), (3.5, AUDIO), (4.0, said)):
        joined.now = now
        joined.upstream_says(data)
    assert turn_state.is_between_turns(rests_from)
    assert rests_from == 4.0 or not turn_state.is_between_turns(rests_from - 0.01)


def test_an_answer_that_was_asked_for_is_awaited() -> None:
    """After `response.create` the turn goes on until its answer is done, or does not come."""
    turn_state = ResponseTurns()
    joined = Joined(turn_state).opened()
    joined.now = 1.0
    joined.peer_says('{"type":"response.create"}')
    assert not turn_state.is_between_turns(1.0 + ANSWER_WITHIN_S - 0.01)
    assert turn_state.is_between_turns(1.0 + ANSWER_WITHIN_S)


@pytest.mark.parametrize("side", ["input", "output"])
def test_a_session_without_turns_rests_in_a_pause(side) -> None:
    """It can end where neither side has said a word for a while, and not right at its beginning."""
    pauses = TranscriptPauses()
    joined = Joined(pauses)
    joined.now = 10.0
    joined.opened()
    assert not pauses.is_between_turns(10.1)
    assert pauses.is_between_turns(10 + PAUSE_S)
    joined.now = 20.0
    joined.upstream_says(json.dumps({"type": f"session.{side}_transcript.delta", "delta": "so"}))
    assert not pauses.is_between_turns(20.0)
    assert pauses.is_between_turns(20 + PAUSE_S)
