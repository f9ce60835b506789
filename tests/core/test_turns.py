import pytest

from relay.core.tally import Tally
from relay.core.turns import TurnTimer
from tests.fakes.legs import Joined

STARTED, STOPPED, DELTA, PLAYED = (
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "response.output_audio.delta",
    "output_audio_buffer.started",
)


@pytest.mark.parametrize(
    ("events", "observed_s"),
    [
        ([(1.0, STOPPED), (1.4, DELTA), (1.5, DELTA)], 0.4),
        ([(1.0, STOPPED), (1.4, PLAYED), (1.5, DELTA)], 0.4),
        ([(1.0, DELTA)], None),
        ([(1.0, STOPPED), (1.1, STARTED), (1.2, DELTA)], None),
        ([(1.0, STOPPED), (1.1, STARTED), (2.0, STOPPED), (2.3, DELTA)], 0.3),
    ],
)
def test_a_turn_is_timed_once(events, observed_s) -> None:
    """Each turn gives one observation, from the end of speech to the first audio, and a false end gives none."""
    tally = Tally()
    joined = Joined(TurnTimer(tally.first_audio_s)).opened()
    for now, kind in events:
        joined.now = now
        joined.upstream_says(f'{{"type":"{kind}"}}')
    assert sum(tally.first_audio_s.counts) == (0 if observed_s is None else 1)
    assert tally.first_audio_s.sum == pytest.approx(observed_s or 0.0)
    assert len(joined.peer.sent) == len(events)
