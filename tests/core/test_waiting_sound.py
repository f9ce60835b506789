"""Ten minutes of an answer that wait to be played keep nobody from hearing of the user's speech."""

from relay.core.flow import HIGH_WATER_BYTES
from relay.core.waiting_sound import MOST_SOUND_BYTES, WaitingSound
from tests.fakes.legs import Joined


def test_waiting_sound_does_not_pause_the_upstream() -> None:
    """An upstream is read on while so much sound waits; more than that pauses it as ever."""
    joined = Joined(WaitingSound()).opened()
    joined.upstream_says("x" * (MOST_SOUND_BYTES + HIGH_WATER_BYTES))
    assert joined.upstream.trace == []
    joined.upstream_says("x")
    assert joined.upstream.trace == [("pause",)]
