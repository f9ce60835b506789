from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.events import Event
from relay.core.interceptor import Interceptor
from relay.core.limits import TURN_MAY_TAKE_S, WINDOW_S, Allowance, Bounds, Limits
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


def is_read(joined: Joined) -> bool:
    """Whether the peer is read now."""
    told = [entry[0] for entry in joined.peer.trace if entry[0] in {"pause", "resume"}]
    return not told or told[-1] == "resume"


def most_in_a_window(passed: list[tuple[float, int]]) -> int:
    """The most that passed in any ten seconds."""
    times, sums = [now for now, _ in passed], [0, *accumulate(amount for _, amount in passed)]
    return max(sums[last + 1] - sums[bisect_right(times, times[last] - WINDOW_S)] for last in range(len(times)))


def sent(joined: Joined, size: int, gap_s: float, until: float) -> Iterator[tuple[float, int]]:
    """Have the peer send messages of this size whenever it is read, so far apart; yields when each went up."""
    next_tick = joined.now + 1
    while joined.now < until:
        joined.now += gap_s
        if joined.now >= next_tick:
            joined.session.tick(joined.now)
            next_tick += 1
        if is_read(joined):
            joined.peer_says("x" * size)
            yield joined.now, size


@pytest.mark.parametrize("gap_s", [0.0001, 0.015, 0.0193, 0.11])
@pytest.mark.parametrize("pause_s", [0, 4.7, 31])
def test_messages_have_an_upper_bound_in_any_ten_seconds(gap_s, pause_s) -> None:
    """However fast a peer sends, and after whatever silence, ten seconds hold ten times the limit at most."""
    joined = bounded(messages_per_s=50)
    passed = list(sent(joined, 1, gap_s, until=17.3))
    ticks(joined, joined.now + pause_s)
    passed += sent(joined, 1, gap_s, until=joined.now + 23)
    assert most_in_a_window([(now, 1) for now, _ in passed]) <= 50 * WINDOW_S
    assert joined.session.ended is None
    if gap_s < 1 / 50:
        assert len(passed) > 0.85 * 50 * 40, "a peer that sends too much is slowed down, not starved"


@pytest.mark.parametrize("size", [10, 999, 30_000])
def test_bytes_have_an_upper_bound_in_any_ten_seconds(size) -> None:
    """Of bytes there is at most one message more, and a large message is waited for as long as it takes."""
    joined = bounded(bytes_per_s=1000)
    passed = list(sent(joined, size, 0.003, until=121))
    assert most_in_a_window(passed) < 1000 * WINDOW_S + size
    assert 0.85 * 1000 * 121 < sum(size for _, size in passed) < 1000 * (121 + WINDOW_S) + size


@pytest.mark.parametrize(
    ("limits", "data", "count"),
    [({"messages_per_s": 10}, '{"type":"x"}', 100), ({"bytes_per_s": 100}, "x" * 1500, 1)],
)
def test_a_peer_that_sends_too_much_is_read_more_slowly(limits, data, count) -> None:
    """It is not read from the message on that spends its share until that has grown; nothing is lost, nothing ended."""
    joined = bounded(**limits)
    for _ in range(count):
        assert joined.peer.trace == []
        joined.peer_says(data)
    ticks(joined, 9)
    assert joined.peer.trace == [("pause",)]
    ticks(joined, 20)
    assert joined.peer.trace == [("pause",), ("resume",)]
    assert joined.upstream.sent == [data] * count


def test_a_burst_is_free() -> None:
    """What comes at once and is less than ten seconds' worth holds nobody up."""
    joined = bounded(messages_per_s=10)
    for _ in range(int(10 * WINDOW_S) - 1):
        joined.peer_says("x")
    ticks(joined, 1)
    assert joined.peer.trace == []


def test_refused_events_count() -> None:
    """An event that a policy keeps from the upstream counts as one that goes up."""

    class Nothing(Interceptor):
        up = frozenset({"x"})

        def on_up(self, event: Event, now: float) -> Event | None:
            return None

    joined = Joined(Nothing(), Bounds(Limits(messages_per_s=10), ResponseTurns())).opened()
    for _ in range(100):
        joined.peer_says('{"type":"x"}')
    assert joined.upstream.sent == []
    assert joined.peer.trace == [("pause",)]


def test_debt_is_not_forgiven() -> None:
    """What went beyond an allowance is waited for, however much it was, and no longer than that takes."""
    allowance = Allowance(10, 0.0)
    now = 0
    while allowance.up_to < 1000:
        now += 1
        allowance.tick(1000, now)
    assert 90 <= now <= 90 * 1.1


@given(st.lists(st.tuples(st.floats(0, 4), st.integers(0, 30)), max_size=60))
def test_an_allowance_keeps_what_changes_alone(steps) -> None:
    """What is not said again because it has not changed is reckoned with all the same."""
    allowance, total, now = Allowance(2, 0.0), 0, 0.0
    all_, up_to = [(0.0, 0.0)], 2 * WINDOW_S
    for seconds, more in steps:
        now, total = now + seconds, total + more
        allowance.tick(total, now)
        all_.append((now, min(total, up_to)))
        before = [granted for at, granted in all_ if at <= now - WINDOW_S] or [0.0]
        up_to = before[-1] + 2 * WINDOW_S
        assert allowance.up_to == up_to


def test_a_peer_that_floods_with_frames() -> None:
    """Pings, pongs and fragments beyond ten seconds' worth in ten seconds end the session with 1008."""
    joined = bounded(frames_per_s=20)
    joined.peer.extra_frames = 200
    ticks(joined, 5)
    assert joined.peer.closes == []
    joined.peer.extra_frames += 1
    ticks(joined, 6)
    assert joined.peer.closes == [(1008, "too_many_frames")]
    assert joined.upstream.closes == [(1001, "")]


def test_frames_may_go_on_as_fast_as_they_may() -> None:
    """A peer that sends its frames at the limit for an hour is never closed."""
    joined = bounded(frames_per_s=20, idle_minutes=600)
    while joined.now < 3600:
        joined.peer.extra_frames += 20
        ticks(joined, joined.now + 1)
    assert joined.peer.closes == []


def test_a_full_upstream_and_a_fast_peer() -> None:
    """A peer that is held up for two reasons is read again when both are gone."""
    joined = bounded(messages_per_s=10)
    joined.upstream.buffered_bytes = 9 * 1024 * 1024
    for _ in range(100):
        joined.peer_says("x")
    joined.upstream.buffered_bytes = 0
    joined.session.upstream_listener.on_drained(joined.now)
    assert joined.peer.trace == [("pause",)]
    ticks(joined, 12)
    assert joined.peer.trace == [("pause",), ("resume",)]


@pytest.mark.parametrize(
    "event",
    [
        '{"type":"input_audio_buffer.speech_started"}',
        CREATED,
        '{"type":"output_audio_buffer.started"}',
        '{"type":"response.done","response":{"status":"completed","usage":'
        '{"output_token_details":{"audio_tokens":1000000000}}}}',
    ],
)
def test_a_turn_without_end_is_idle(event) -> None:
    """An upstream that falls silent in the middle of a turn has nothing to say, as one that is between turns."""
    joined = bounded(idle_minutes=1)
    joined.now = 5
    joined.upstream_says(event)
    ticks(joined, 200)
    assert (joined.now, joined.peer.closes) == (67, [(1001, "idle")])


@pytest.mark.parametrize("kind", ["ping", "session.usage.updated"])
def test_pings_are_no_life(kind) -> None:
    """Events that an upstream sends in a quiet session, too, pass and do not keep it open."""
    joined = bounded(idle_minutes=1)
    while joined.now < 61:
        joined.upstream_says(f'{{"type":"{kind}"}}')
        ticks(joined, joined.now + 1)
    assert joined.peer.closes == [(1001, "idle")]
    assert f'{{"type":"{kind}"}}' in joined.peer.sent
