"""Guards, event by event, and against a mock that is as strict as the API."""

import json
import random
from collections import Counter

import pytest

from relay.core.events import Event
from relay.core.guards import HELD_AT_MOST_S, RESPONSE, TRUNCATE, ResponseGuard, TruncateGuard
from relay.core.interceptor import Interceptor
from relay.core.sound import SoundCount
from relay.core.turn_state import ANSWER_WITHIN_S
from relay.stand_ins.mock.pace import Pace
from tests.fakes.legs import Joined
from tests.fakes.lines import SlowTalk


class Guarded:
    """A session with guards, and what they counted."""

    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()
        self.sound = SoundCount()
        self.guards: tuple[Interceptor, ...] = (
            self.sound,
            TruncateGuard(self.sound, lambda guard: self.counted.update([guard])),
            ResponseGuard(lambda guard: self.counted.update([guard])),
        )


class Trace(Guarded):
    """The same between two fake legs."""

    def __init__(self) -> None:
        super().__init__()
        self.joined = Joined(*self.guards).opened()

    def up(self, kind: str, **fields: object) -> None:
        self.joined.peer_says(json.dumps({"type": kind, **fields}))

    def down(self, kind: str, **fields: object) -> None:
        self.joined.upstream_says(json.dumps({"type": kind, **fields}))

    def after(self, seconds: float) -> None:
        self.joined.now += seconds
        self.joined.session.tick(self.joined.now)

    @property
    def sent_up(self) -> list[dict[str, object]]:
        return [json.loads(data) for data in self.joined.upstream.sent]

    @property
    def asked(self) -> list[object]:
        return [event.get("event_id") for event in self.sent_up if event["type"] == "response.create"]


def truncation(end_ms: object, item_id: object = "a1", index: object = 0) -> dict[str, object]:
    return {"item_id": item_id, "content_index": index, "audio_end_ms": end_ms}


@pytest.mark.parametrize(("asked_ms", "passed_ms"), [(0, 0), (99, 99), (100, 100), (101, 100), (10**9, 100)])
def test_an_end_beyond_the_sound_becomes_its_end(asked_ms, passed_ms) -> None:
    """An `audio_end_ms` above what was passed down becomes that, and no other is touched."""
    trace = Trace()
    trace.down("response.output_audio.delta", item_id="a1", content_index=0, delta="AAAA" * 1600)
    trace.up("conversation.item.truncate", event_id="e1", **truncation(asked_ms))
    assert trace.sent_up == [{"type": "conversation.item.truncate", "event_id": "e1", **truncation(passed_ms)}]
    assert trace.counted[TRUNCATE] == (asked_ms > 100)


@pytest.mark.parametrize(
    "asked", [truncation(500, "other"), truncation("long"), truncation(500, 7), truncation(500, "a1", "first")]
)
def test_what_is_not_known_is_left_to_the_upstream(asked) -> None:
    """A truncation of an item without sound, or one that is none, goes up as it is."""
    trace = Trace()
    trace.down("response.output_audio.delta", item_id="a1", content_index=0, delta="AAAA" * 16)
    trace.up("conversation.item.truncate", **asked)
    assert trace.sent_up == [{"type": "conversation.item.truncate", **asked}]
    assert trace.counted[TRUNCATE] == 0


def test_a_second_cut_is_within_the_first() -> None:
    """After a cut an item has no more than that, even if more of its sound is still on its way."""
    trace = Trace()
    piece = {"item_id": "a1", "content_index": 0, "delta": "AAAA" * 1600}
    trace.down("response.output_audio.delta", **piece)
    trace.up("conversation.item.truncate", **truncation(60))
    trace.down("response.output_audio.delta", **piece)
    trace.up("conversation.item.truncate", **truncation(90))
    trace.down("conversation.item.truncated", **truncation(60))
    trace.up("conversation.item.truncate", **truncation(90))
    assert [event["audio_end_ms"] for event in trace.sent_up] == [60, 60, 60]


def test_a_peer_that_asked_is_told() -> None:
    """A peer that asked for the relay's events is told what a guard did."""
    trace = Trace()
    trace.joined.session._relay_events = True
    trace.down("response.output_audio.delta", item_id="a1", content_index=0, delta="AAAA" * 1600)
    trace.up("conversation.item.truncate", **truncation(500))
    trace.down("response.created", response={"id": "r1"})
    trace.up("response.create", event_id="e1")
    told = [json.loads(data) for data in trace.joined.peer.sent if "relay.guarded" in str(data)]
    assert [{name: event[name] for name in event if name not in {"type", "event_id"}} for event in told] == [
        {"guard": "truncate", "item_id": "a1", "asked_ms": 500, "audio_end_ms": 100},
        {"guard": "response", "outcome": "held", "about": "e1"},
    ]


CREATED, DONE = "response.created", "response.done"
STARTED, STOPPED = "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"


def response(response_id: str, **fields: object) -> dict[str, object]:
    return {"response": {"id": response_id, **fields}}


def test_a_request_waits_for_the_answer_before_it() -> None:
    """A request for an answer waits while one is on its way; of several the last goes up, once that is done."""
    trace = Trace()
    for event_id in ("e1", "e2", "e3"):
        trace.up("response.create", event_id=event_id)
    assert trace.asked == ["e1"]
    trace.down(CREATED, **response("r1"))
    trace.up("response.create", event_id="e4")
    trace.down(DONE, **response("r1"))
    assert trace.asked == ["e1", "e4"]
    assert trace.joined.peer.trace[-1][1] == json.dumps({"type": DONE, **response("r1")})
    trace.up("response.create", event_id="e5")
    trace.down(CREATED, **response("r2"))
    trace.down(DONE, **response("r2"))
    assert trace.asked == ["e1", "e4", "e5"]


def test_an_answer_to_speech_takes_the_place_of_the_request() -> None:
    """Where voice detection had the upstream answer meanwhile, what was held is dropped."""
    trace = Trace()
    trace.down(CREATED, **response("r1"))
    trace.up("response.create", event_id="e1")
    trace.down(STARTED)
    trace.down(DONE, **response("r1", status="cancelled"))
    trace.after(1.0)
    trace.down(STOPPED)
    trace.down(CREATED, **response("r2"))
    trace.down(DONE, **response("r2"))
    assert trace.asked == []
    trace.up("response.create", event_id="e2")
    assert trace.asked == ["e2"]


def test_speech_that_is_not_answered() -> None:
    """Where the upstream does not answer turns by itself, the request goes up when the answer before it is done."""
    trace = Trace()
    quiet = {"audio": {"input": {"turn_detection": {"type": "server_vad", "create_response": False}}}}
    trace.down("session.updated", session=quiet)
    trace.down(CREATED, **response("r1"))
    trace.up("response.create", event_id="e1")
    trace.down(STARTED)
    trace.down(DONE, **response("r1", status="cancelled"))
    assert trace.asked == ["e1"]


def test_a_turn_that_is_not_answered_in_time() -> None:
    """A request during a turn that should have been answered goes up when no answer has begun for long."""
    trace = Trace()
    trace.down(STOPPED)
    trace.up("response.create", event_id="e1")
    trace.after(ANSWER_WITHIN_S - 0.1)
    assert trace.asked == []
    trace.after(0.1)
    assert trace.asked == ["e1"]


def test_nothing_is_held_for_ever() -> None:
    """A request that was held too long goes up whatever goes on."""
    trace = Trace()
    trace.down(CREATED, **response("r1"))
    trace.up("response.create", event_id="e1")
    trace.after(HELD_AT_MOST_S)
    assert trace.asked == []
    trace.after(0.1)
    assert trace.asked == ["e1"]


def test_answers_beside_the_conversation() -> None:
    """What belongs to no conversation passes beside an answer, and holds nothing itself."""
    trace = Trace()
    trace.down(CREATED, **response("r1", conversation_id="conv_1"))
    trace.up("response.create", event_id="e1", response={"conversation": "none"})
    trace.down(DONE, **response("r1"))
    trace.down(CREATED, **response("r2", conversation_id=None))
    trace.up("response.create", event_id="e2")
    assert trace.asked == ["e1", "e2"]


@pytest.mark.parametrize(
    ("error", "goes_on"),
    [({"event_id": "e1"}, True), ({"event_id": None}, True), ("odd", True), ({"event_id": "other"}, False)],
)
def test_a_request_that_was_refused(error, goes_on) -> None:
    """A request that the upstream refused is waited for no longer."""
    trace = Trace()
    trace.up("response.create", event_id="e1")
    trace.down("error", error=error)
    trace.up("response.create", event_id="e2")
    assert trace.asked == (["e1", "e2"] if goes_on else ["e1"])


def test_a_released_request_passes_those_behind_the_guard() -> None:
    """What is released is seen by whoever stands behind the guard, and by nobody before it."""

    class Other(Interceptor):
        up = frozenset({"response.create"})

        def __init__(self, last: str) -> None:
            self.seen: list[object] = []
            self._last = last

        def on_up(self, event: Event, now: float) -> Event | None:
            self.seen.append(event.body["event_id"])
            return None if event.body["event_id"] == self._last else event

    before, behind = Other(""), Other("e3")
    joined = Joined(before, ResponseGuard(lambda _: None), behind).opened()
    for event_id, done in (("e1", "r0"), ("e2", "r1"), ("e3", "r2")):
        joined.peer_says(json.dumps({"type": "response.create", "event_id": event_id}))
        joined.upstream_says(json.dumps({"type": DONE, **response(done)}))
        joined.upstream_says(json.dumps({"type": CREATED, **response(f"r{event_id[1]}")}))
        joined.now += 1
    joined.upstream_says(json.dumps({"type": DONE, **response("r3")}))
    assert (before.seen, behind.seen) == (["e1", "e2", "e3"], ["e1", "e2", "e3"])
    assert [json.loads(data)["event_id"] for data in joined.upstream.sent] == ["e1", "e2"]


STORY = {"response": {"input": [{"type": "message", "role": "user", "content": [
    {"type": "input_text", "text": "tell me a story"}]}]}}  # fmt: skip
FORMATS = [{"type": "audio/pcm", "rate": 24000}, {"type": "audio/pcmu"}, {"type": "audio/pcma"}]


@pytest.mark.parametrize("interruptions", [100, pytest.param(10_000, marks=pytest.mark.reliability)])
def test_interruptions_at_any_time_are_no_errors(interruptions) -> None:
    """However late an interruption comes, on whatever line and in whatever format, a strict upstream finds no fault."""
    draw = random.Random(interruptions)
    errors: Counter[str] = Counter()
    clamped = done = 0
    while done < interruptions:
        guarded = Guarded()
        talk = SlowTalk(*guarded.guards, pace=Pace(latency_s=0.1, speedup=draw.choice([1, 8, 50])))
        audio = {"output": {"format": draw.choice(FORMATS)}, "input": {"turn_detection": None}}
        talk.says("session.update", session={"type": "realtime", "audio": audio})
        talk.late_s = draw.choice([0.001, 0.05, 0.4])
        for _ in range(10):
            interrupt(talk, draw)
        done += 10
        clamped += guarded.counted[TRUNCATE]
        errors.update(event["error"]["code"] for event in talk.of("error"))
        assert guarded.counted[RESPONSE] == 0
    assert errors.keys() <= {"response_cancel_not_active"}
    assert clamped > interruptions / 10


def interrupt(talk: SlowTalk, draw: random.Random) -> None:
    """Ask for an answer, and cut it somewhere, perhaps twice."""
    known = len(talk.of("response.output_item.added"))
    while len(talk.of(CREATED)) > len(talk.of(DONE)):
        talk.run(0.1)
    talk.says("response.create", **STORY)
    while len(talk.of("response.output_item.added")) == known:
        talk.run(0.1)
    item = talk.of("response.output_item.added")[-1]["item"]["id"]
    while not any(event["item_id"] == item for event in talk.of("response.output_audio.delta")):
        talk.run(0.05)
    talk.run(draw.uniform(0, 1.5))
    if draw.random() < 0.8:
        talk.says("response.cancel")
    for _ in range(draw.choice([1, 1, 2])):
        talk.says("conversation.item.truncate", **truncation(draw.choice([0, 300, 1500, 5000, 10**6]), item))
    talk.run(draw.uniform(0, 1.0))
    talk.says("response.cancel")
    talk.run(1.0)
