"""The session, driven line by line between two fake legs."""

import json
from collections.abc import Callable

import pytest

from relay.core.causes import ROWS, Cause
from relay.core.closing import ended
from relay.core.events import Event, write_event
from relay.core.flow import HIGH_WATER_BYTES, Buffers
from relay.core.interceptor import Interceptor
from relay.core.leg import Closed
from relay.core.session import PAUSE_LIMIT_S, State
from tests.fakes.legs import Joined

APPEND = '{ "type":"input_audio_buffer.append", "audio" : "AAAA" }'
DELTA = '{"type":"response.output_audio.delta","delta":"AAAA","unheard_of":[1e400]}'


class Hooked(Interceptor):
    """Wants two made-up types and does with them what the test says."""

    up = frozenset({"mine.up"})
    down = frozenset({"mine.down"})

    def __init__(self, act: Callable[[Event], Event | None]) -> None:
        self.act = act
        self.seen: list[str] = []

    def on_up(self, event: Event, now: float) -> Event | None:
        self.seen.append(event.type)
        return self.act(event)

    on_down = on_up


def error_of(data: object) -> dict[str, object]:
    assert isinstance(data, str)
    event = json.loads(data)
    assert event["type"] == "error"
    assert event["event_id"].startswith("relay_")
    error: dict[str, object] = event["error"]
    return error


@pytest.mark.parametrize("data", [APPEND, DELTA, "{broken", b"\x00\xff", "", "[]"])
def test_messages_pass_untouched(data) -> None:
    """A message that nobody wants leaves as the very object that arrived, both ways."""
    joined = Joined().opened()
    joined.peer_says(data)
    joined.upstream_says(data)
    assert joined.upstream.sent[0] is data
    assert joined.peer.sent[0] is data


def test_order_is_kept() -> None:
    """Messages leave in the order in which they arrived, whether somebody looks at them or not."""
    joined = Joined(Hooked(lambda event: event)).opened()
    messages = [f'{{"type":"{kind}","n":{n}}}' for n, kind in enumerate(["mine.up", "other", "mine.up", "other"])]
    for message in messages:
        joined.peer_says(message)
    assert joined.upstream.sent == messages


def test_interceptors_see_their_types_only() -> None:
    """An interceptor sees the types that it named, in the direction in which it named them."""
    hooked = Hooked(lambda event: event)
    joined = Joined(hooked).opened()
    for message in ('{"type":"mine.up"}', '{"type":"mine.down"}', '{"type":"other"}'):
        joined.peer_says(message)
        joined.upstream_says(message)
    assert hooked.seen == ["mine.up", "mine.down"]


def test_interceptors_may_replace_and_drop() -> None:
    """What an interceptor returns goes on instead of the event, and nothing goes on for None."""
    joined = Joined(
        Hooked(lambda event: write_event({**event.body, "more": True})),
        Hooked(lambda event: None if event.body.get("drop") else event),
    ).opened()
    joined.peer_says('{"type":"mine.up"}')
    joined.peer_says('{"type":"mine.up","drop":1}')
    joined.upstream_says('{"type":"mine.down","drop":1}')
    assert joined.upstream.sent == ['{"type":"mine.up","more":true}']
    assert joined.peer.sent == []


def test_events_are_counted_by_known_type() -> None:
    """Events and bytes are counted by direction and type; a type that the API does not have counts as other."""
    joined = Joined().opened()
    for data in (APPEND, APPEND, '{"type":"made.up"}', "{", b"12"):
        joined.peer_says(data)
    by_type = {kind: entry for kind, entry in joined.tally.up.by_type.items() if entry[0]}
    assert by_type == {
        "input_audio_buffer.append": [2, 2 * len(APPEND)],
        "other": [1, 18],
        "malformed": [1, 1],
        "binary": [1, 2],
    }
    assert (joined.session.up.events, joined.session.up.octets) == (5, 2 * len(APPEND) + 21)
    assert joined.session.down.events == 0


def test_strangers_cannot_make_labels() -> None:
    """Ten thousand made-up types add no entry to the counts."""
    joined = Joined().opened()
    entries = set(joined.tally.up.by_type)
    for n in range(10_000):
        joined.peer_says(f'{{"type":"made.up.{n}"}}')
    assert set(joined.tally.up.by_type) == entries
    assert joined.tally.up.by_type["other"][0] == 10_000


def test_a_peer_that_closes_closes_the_upstream() -> None:
    """The peer's close code and reason travel to the upstream, and nothing is said to a peer that has left."""
    joined = Joined().opened()
    joined.session.peer_listener.on_closed(Closed(4001, "bye"), 1.0)
    assert joined.upstream.closes == [(4001, "bye")]
    assert joined.peer.sent == []
    assert joined.session.ended == ended(Cause.PEER_CLOSED, code=4001, reason="bye")


UPSTREAM_CLOSES = [
    (Closed(1000, "done"), Cause.UPSTREAM_CLOSED, 1000, "done"),
    (Closed(1001, "60 minutes"), Cause.UPSTREAM_CLOSED, 1001, "60 minutes"),
    (Closed(1005), Cause.UPSTREAM_CLOSED, 1000, ""),
    (Closed(1015), Cause.UPSTREAM_CLOSED, 1011, ""),
    (Closed(3000, "invalid_request_error.invalid_api_key"), Cause.UPSTREAM_CLOSED, 3000,
     "invalid_request_error.invalid_api_key"),
    (Closed(1006), Cause.UPSTREAM_LOST, 1011, "upstream_lost"),
    (Closed(1009, "too big", ours=True), Cause.UPSTREAM_TOO_BIG, 1009, "upstream_too_big"),
    (Closed(1002, "a reserved bit is set", ours=True), Cause.UPSTREAM_INVALID, 1011, "a reserved bit is set"),
]  # fmt: skip


@pytest.mark.parametrize(("closed", "cause", "code", "reason"), UPSTREAM_CLOSES)
def test_an_upstream_that_closes_closes_the_peer(closed, cause, code, reason) -> None:
    """The peer gets what had arrived, one error event unless the end was a normal one, and the mapped close."""
    joined = Joined().opened()
    joined.upstream_says(DELTA)
    joined.session.upstream_listener.on_closed(closed, 1.0)
    assert joined.session.ended is not None
    assert joined.session.ended.cause is cause
    assert joined.peer.closes == [(code, reason)]
    assert joined.peer.sent[0] == DELTA
    is_normal = closed.code in {1000, 1005}
    assert [error_of(data)["code"] for data in joined.peer.sent[1:]] == ([] if is_normal else [cause.value])


def test_an_upstream_that_said_why_is_not_repeated() -> None:
    """Where the upstream's last event was its own error, the relay adds none."""
    joined = Joined().opened()
    said = '{"type":"error","error":{"code":"session_expired"}}'
    joined.upstream_says(said)
    joined.session.upstream_listener.on_closed(Closed(1001, "expired"), 1.0)
    assert joined.peer.sent == [said]
    assert joined.peer.closes == [(1001, "expired")]


def test_nothing_passes_after_the_end() -> None:
    """The first cause ends a session; messages and causes that come later are ignored."""
    joined = Joined().opened()
    joined.session.end(ended(Cause.DRAINING), 1.0)
    told = [list(joined.peer.trace), list(joined.upstream.trace)]
    joined.peer_says(APPEND)
    joined.upstream_says(DELTA)
    joined.session.end(ended(Cause.INTERNAL_ERROR), 2.0)
    joined.session.upstream_listener.on_closed(Closed(1000), 2.0)
    joined.session.peer_listener.on_closed(Closed(1000), 2.0)
    assert [joined.peer.trace, joined.upstream.trace] == told
    assert joined.session.state is State.ENDED
    assert joined.session.ended == ended(Cause.DRAINING)


@pytest.mark.parametrize("cause", [cause for cause in Cause if ROWS[cause].message])
def test_every_row_with_a_message_is_told(cause) -> None:
    """An end that has something to tell sends one error event in the API's shape before the close."""
    joined = Joined().opened()
    joined.session.end(ended(cause, code=None if ROWS[cause].peer_code else 4000), 0.0)
    error = error_of(joined.peer.sent[-1])
    assert error["code"] == cause.value
    assert error["message"]
    assert joined.peer.trace[-1] == ("resume",)
    assert len(joined.peer.closes) == len(joined.upstream.closes) == 1


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_full_side_pauses_the_other(way) -> None:
    """Above the high water mark reading from the other side is paused, and goes on when all has been sent."""
    joined = Joined().opened()
    source, sink, says = {
        "up": (joined.peer, joined.upstream, joined.peer_says),
        "down": (joined.upstream, joined.peer, joined.upstream_says),
    }[way]
    listener = joined.session.upstream_listener if way == "up" else joined.session.peer_listener
    says(b"x" * HIGH_WATER_BYTES)
    assert source.trace == []
    says(b"x")
    says(b"x")
    assert source.trace == [("pause",)]
    sink.buffered_bytes = 0
    listener.on_drained(1.0)
    listener.on_drained(1.0)
    assert source.trace == [("pause",), ("resume",)]


@pytest.mark.parametrize(("way", "cause"), [("up", Cause.SLOW_UPSTREAM), ("down", Cause.SLOW_PEER)])
def test_a_side_that_stays_full_ends_the_session(way, cause) -> None:
    """A side that takes nothing for the whole pause limit ends the session, not before, and with that as the cause."""
    joined = Joined().opened()
    says = joined.peer_says if way == "up" else joined.upstream_says
    says(b"x" * (HIGH_WATER_BYTES + 1))
    joined.session.tick(PAUSE_LIMIT_S)
    assert joined.session.ended is None
    joined.session.tick(PAUSE_LIMIT_S + 0.1)
    assert joined.session.ended == ended(cause)


def test_all_sessions_share_a_bound() -> None:
    """When too much waits in all sessions, each end that something waits for is waited for; the others go on."""
    buffers = Buffers(session_bytes=100, process_bytes=150)
    one, two, idle = (Joined(buffers=buffers).opened() for _ in range(3))
    one.upstream_says("x" * 90)
    two.upstream_says("x" * 50)
    assert (buffers.waiting, one.upstream.trace, two.upstream.trace) == (140, [], [])
    two.upstream_says("x" * 11)
    assert two.upstream.trace == [("pause",)]
    idle.upstream_says("")
    assert idle.upstream.trace == []
    one.session.peer_listener.on_drained(1.0)
    assert buffers.waiting == 61
    two.session.end(ended(Cause.DRAINING), 1.0)
    two.session.finish(1.0)
    assert buffers.waiting == 0


def test_interceptors_hear_of_start_and_end() -> None:
    """Interceptors may speak when the session opens, before anything else, and hear how it ended."""
    heard = []

    class Speaker(Interceptor):
        def opened(self, session, now) -> None:
            session.send_up({"type": "hello.up"}, now)
            session.send_down({"type": "hello.down"}, now)

        def closed(self, how, now) -> None:
            heard.append(how.cause)

    joined = Joined(Speaker()).opened()
    joined.session.finish(0.0)
    assert heard == []
    joined.peer_says(APPEND)
    joined.session.end(ended(Cause.DRAINING), 1.0)
    joined.session.finish(1.0)
    assert joined.upstream.sent == ['{"type":"hello.up"}', APPEND]
    assert joined.peer.sent[0] == '{"type":"hello.down"}'
    assert heard == [Cause.DRAINING]


def test_own_event_ids_are_never_the_same() -> None:
    """Each event of the relay's own has an id that starts with relay_ and names the session."""
    session = Joined().session
    assert [session.own_event_id(), session.own_event_id()] == ["relay_s1_1", "relay_s1_2"]


def test_a_leg_that_hands_over_by_the_clock() -> None:
    """What still waits goes on counting, and a peer that takes it as fast as it should is not slow, however long."""
    buffers = Buffers(100, 1000)
    joined = Joined(buffers=buffers).opened()
    joined.upstream_says("x" * 150)
    assert joined.upstream.trace == [("pause",)]
    for now in range(1, 100):
        joined.session.peer_listener.on_progress(150 - now // 3, float(now))
        joined.session.tick(float(now))
    assert (joined.session.ended, buffers.waiting) == (None, 117)
    joined.session.peer_listener.on_progress(100, 100.0)
    assert joined.upstream.trace == [("pause",), ("resume",)]
    assert buffers.waiting == 100
