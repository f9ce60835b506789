import pytest

from relay.core.limits import BURST_S, TURN_MAY_TAKE_S, Allowance, Bounds, Limits
from relay.core.turn_state import ResponseTurns
from tests.fakes.legs import Joined

CREATED, DONE = '{"type":"response.created"}', '{"type":"response.done"}'


def bounded(**limits: float) -> Joined:
    turn_state = ResponseTurns()
    return Joined(turn_state, Bounds(Limits(**limits), turn_state)).opened()  # type: ignore[arg-type]


def ticks(joined: Joined, until: float) -> None:
    """Let the seconds go by."""
    while joined.now < until and joined.session.ended is None:
        joined.now = min(until, joined.now + 1)
        joined.session.tick(joined.now)


def test_a_session_has_its_time() -> None:
    """A session that has lasted as long as it may ends, and no sooner."""
    joined = bounded(session_minutes=2)
    ticks(joined, 120)
    assert joined.peer.closes == []
    ticks(joined, 121)
    assert joined.peer.closes == [(1001, "time_over")]


@pytest.mark.parametrize(("done_at", "ends_at"), [(150, 151), (1000, 121 + TURN_MAY_TAKE_S)])
def test_its_last_turn_may_end(done_at, ends_at) -> None:
    """An answer that is on its way is said to its end, but not for ever."""
    joined = bounded(session_minutes=2)
    joined.upstream_says(CREATED)
    ticks(joined, min(done_at, ends_at - 1))
    assert joined.peer.closes == []
    if done_at < ends_at:
        joined.upstream_says(DONE)
    ticks(joined, ends_at)
    assert joined.peer.closes == [(1001, "time_over")]


def test_a_session_in_which_nothing_happens() -> None:
    """It ends when the upstream has had nothing to say for so long; audio from the peer alone is no life."""
    joined = bounded(idle_minutes=1)
    ticks(joined, 50)
    joined.upstream_says('{"type":"anything"}')
    while joined.now < 111:
        joined.peer_says('{"type":"input_audio_buffer.append"}')
        ticks(joined, joined.now + 1)
    assert joined.peer.closes == []
    ticks(joined, 112)
    assert joined.peer.closes == [(1001, "idle")]


@pytest.mark.parametrize(
    ("limits", "data", "count"),
    [({"messages_per_s": 10}, '{"type":"x"}', 150), ({"bytes_per_s": 100}, "x" * 1500, 1)],
)
def test_a_peer_that_sends_too_much_is_read_more_slowly(limits, data, count) -> None:
    """Beyond a burst a peer is not read until its share has grown again; nothing is lost and nothing ended."""
    joined = bounded(**limits)
    for _ in range(count):
        joined.peer_says(data)
    ticks(joined, 5)
    assert joined.peer.trace == [("pause",)]
    ticks(joined, 6)
    assert joined.peer.trace == [("pause",), ("resume",)]
    assert joined.upstream.sent == [data] * count


def test_a_burst_is_free() -> None:
    """What comes at once and is within the burst holds nobody up."""
    joined = bounded(messages_per_s=10)
    for _ in range(int(10 * BURST_S)):
        joined.peer_says("x")
    ticks(joined, 1)
    assert joined.peer.trace == []


def test_nobody_is_held_up_for_long() -> None:
    """However much came, the peer is read again after `BURST_S`."""
    allowance = Allowance(10)
    assert not allowance.take(1e9, 1)
    assert not allowance.take(0, BURST_S - 0.1)
    assert allowance.take(0, 0.1)


def test_a_full_upstream_and_a_fast_peer() -> None:
    """A peer that is held up for two reasons is read again when both are gone."""
    joined = bounded(messages_per_s=10)
    joined.upstream.buffered_bytes = 9 * 1024 * 1024
    for _ in range(150):
        joined.peer_says("x")
    ticks(joined, 1)
    joined.upstream.buffered_bytes = 0
    joined.session.upstream_listener.on_drained(joined.now)
    assert joined.peer.trace == [("pause",)]
    ticks(joined, 6)
    assert joined.peer.trace == [("pause",), ("resume",)]


@pytest.mark.parametrize("kind", ["ping", "session.usage.updated"])
def test_pings_are_no_life(kind) -> None:
    """Events that an upstream sends in a quiet session, too, pass and do not keep it open."""
    joined = bounded(idle_minutes=1)
    while joined.now < 61:
        joined.upstream_says(f'{{"type":"{kind}"}}')
        ticks(joined, joined.now + 1)
    assert joined.peer.closes == [(1001, "idle")]
    assert f'{{"type":"{kind}"}}' in joined.peer.sent
