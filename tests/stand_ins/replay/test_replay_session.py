"""A replayed session, driven line by line."""

import base64
import json
import math
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from relay.core.events import Data
from relay.recording.format import write_line
from relay.stand_ins.exchange import CloseWith
from relay.stand_ins.replay.session import ReplayOptions, ReplaySession
from tests.fakes.recordings import Said, Scripted

AT_ONCE = ReplayOptions(speed=math.inf)
LENIENT = ReplayOptions(speed=math.inf, strict=False)
APPEND = {"type": "input_audio_buffer.append", "audio": "AAAA"}
RESPOND = {"type": "response.create"}


class Replayed:
    """A session and its peer, on a clock that a test sets."""

    def __init__(self, path: Path, script: Scripted, options: ReplayOptions = AT_ONCE) -> None:
        self.session = ReplaySession(script.write(path), options, 0.0)

    def say(self, *said: Said, now: float = 0.0) -> "Replayed":
        for one in said:
            self.session.receive(json.dumps(one) if isinstance(one, dict) else one, now)
        return self

    def heard(self, now: float = 0.0) -> list[Data]:
        """All that is due by now."""
        return list(iter(lambda: self.session.next_message(now), None))

    def kinds(self, now: float = 0.0) -> list[str]:
        return [json.loads(data)["type"] for data in self.heard(now)]

    @property
    def drifts(self) -> list[str]:
        return [drift.what for drift in self.session.drifts]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "talk.jsonl"


def turn() -> Scripted:
    """A greeting, an order, its answer."""
    script = Scripted().down({"type": "session.created"}, 0.1).up(RESPOND, 2.0)
    return script.down({"type": "response.created"}, 2.5).down({"type": "response.done"}, 3.0).closed_by_peer(9.0)


def test_an_answer_waits_for_its_cause(path) -> None:
    """What the upstream said after the peer's message is not said before it."""
    replayed = Replayed(path, turn())
    assert replayed.kinds() == ["session.created"]
    assert replayed.kinds() == []
    assert replayed.say(RESPOND).kinds() == ["response.created", "response.done"]
    assert replayed.session.closing is None


ASK = {"type": "session.update", "session": {"type": "realtime"}}
SIGN = {"type": "session.updated", "session": {"voice": "marin"}}


@pytest.mark.parametrize("recorded", range(4))
@pytest.mark.parametrize("asked", range(4))
def test_signs_of_life_are_no_part_of_a_session(path, recorded, asked) -> None:
    """A peer may ask for as many signs of life as it likes: each is answered, and nothing waits for them."""
    script = Scripted().down({"type": "session.created", "session": {"voice": "marin"}}).up(APPEND)
    for _ in range(recorded):
        script.up(ASK).up(APPEND).down(SIGN)
    script.up(RESPOND).up(ASK).down({"type": "response.done"}).down(SIGN).closed_by_upstream(1000, "")
    replayed = Replayed(path, script)
    assert replayed.kinds() == ["session.created"]
    for _ in range(asked):
        assert [json.loads(data)["session"] for data in replayed.say(ASK).heard()] == [{"voice": "marin"}]
    assert replayed.say(*[APPEND] * (1 + recorded), RESPOND).kinds() == ["response.done"]
    assert (replayed.drifts, replayed.session.closing) == ([], CloseWith(1000, ""))


def test_what_only_looks_like_a_session_is_played_as_it_was(path) -> None:
    """What is no JSON, or no object, but has the words of a session in it, breaks no replay."""
    odd = ['"session.updated"', 'no JSON: "session.created"', '{"type":"session.updated","session":7}']
    script = Scripted().down({"type": "session.created", "session": {}})
    for one in odd:
        script.down(one)
    assert Replayed(path, script.closed_by_peer()).heard()[1:] == odd


def test_an_update_that_changes_nothing_is_told_as_it_was(path) -> None:
    """Only what answers a sign of life is left out: a session that was told twice is told twice."""
    update = {"type": "session.update", "session": {"voice": "marin"}}
    script = Scripted().down({"type": "session.created", "session": {"voice": "marin"}}).up(update).down(SIGN)
    assert Replayed(path, script).say(update).kinds()[:2] == ["session.created", "session.updated"]


@pytest.mark.parametrize("speed", [1.0, 2.0, 10.0])
def test_an_answer_waits_for_its_time(path, speed) -> None:
    """An answer comes as long after its cause as it was recorded, by the speed, however long a peer thinks."""
    replayed = Replayed(path, turn(), ReplayOptions(speed))
    assert replayed.session.next_due == pytest.approx(0.1 / speed)
    assert replayed.kinds(0.1 / speed) == ["session.created"]
    assert replayed.session.next_due is None
    replayed.say(RESPOND, now=7.0)
    assert replayed.session.next_due == pytest.approx(7.0 + 0.5 / speed)
    assert replayed.kinds(7.0 + 0.49 / speed) == []
    assert replayed.kinds(7.001 + 0.5 / speed) == ["response.created"]
    assert replayed.kinds(7.001 + 1.0 / speed) == ["response.done"]


@pytest.mark.parametrize("data", ['{ "type":"x", "n": 1.0e3 }', "{broken", b"\x00\xff"])
def test_what_the_upstream_said_is_said_to_the_byte(path, data) -> None:
    """A recorded message is sent as it was, with its opcode."""
    assert Replayed(path, Scripted().down(data).closed_by_peer()).heard() == [data]


@pytest.mark.parametrize(
    ("code", "goodbye"),
    [(1001, CloseWith(1001, "over")), (4000, CloseWith(4000, "over")), (1006, CloseWith(None, "over"))],
)
def test_the_upstream_leaves_as_it_did(path, code, goodbye) -> None:
    """The recorded upstream's close is made after all it said; a connection that broke is aborted."""
    script = Scripted().up(RESPOND).down({"type": "error"}).closed_by_upstream(code, "over")
    replayed = Replayed(path, script)
    assert replayed.heard() == []
    assert replayed.session.closing is None
    assert replayed.say(RESPOND).kinds() == ["error"]
    assert replayed.session.closing == goodbye


@pytest.mark.parametrize(
    ("recorded", "current"),
    [
        ({"type": "response.create", "event_id": "a"}, {"type": "response.create", "event_id": "b"}),
        ({"type": "response.create", "event_id": "a"}, {"type": "response.create"}),
        ({"type": "response.create", "response": None}, {"type": "response.create"}),
        ({"audio": "AAAA", "type": APPEND["type"]}, {"type": APPEND["type"], "audio": "BBBB", "event_id": "1"}),
        ({"type": APPEND["type"], "audio": f"sha256:{'0' * 64}:3"}, APPEND),
        ({"type": "session.update", "session": {"instructions": "[redacted]"}},
         {"type": "session.update", "session": {"instructions": "Be kind."}}),
        ({"type": "conversation.item.truncate", "item_id": "i", "audio_end_ms": 100},
         {"type": "conversation.item.truncate", "item_id": "i", "audio_end_ms": 250}),
        (b"\x00\x01", b"\x02\x03"),
        ("{broken", "{broken"),
    ],
)  # fmt: skip
def test_what_may_differ(path, recorded, current) -> None:
    """Ids that the peer makes, the sound of its audio, the order of keys, and what was redacted may differ."""
    replayed = Replayed(path, Scripted().up(recorded).down({"type": "x"}).closed_by_peer())
    assert replayed.say(current).kinds() == ["x"]
    assert replayed.drifts == []


@pytest.mark.parametrize(
    ("recorded", "current", "what"),
    [
        (RESPOND, {"type": "response.cancel"}, "response.create was awaited, response.cancel came"),
        (RESPOND, {"type": "response.create", "response": {"input": []}}, "response.create differs in response"),
        (APPEND, {"type": APPEND["type"], "audio": "AAAAAAAA"}, "input_audio_buffer.append differs in audio"),
        ({"type": "session.update", "session": {"a": [{"b": 1}]}},
         {"type": "session.update", "session": {"a": [{"b": 2}]}}, "session.update differs in session.a[0].b"),
        ({"type": "conversation.item.truncate", "item_id": "i"}, {"type": "conversation.item.truncate", "item_id": "j"},
         "conversation.item.truncate differs in item_id"),
        (b"\x00\x01", b"\x00", "binary differs in data"),
        ("{broken", "[]", "malformed differs in data"),
    ],
)  # fmt: skip
def test_a_peer_that_says_something_else(path, recorded, current, what) -> None:
    """A strict replay answers a drift with an error that says where and what, without payload, and closes with 4000."""
    replayed = Replayed(path, Scripted().up(recorded).down({"type": "x"}).closed_by_peer())
    [error] = [json.loads(data) for data in replayed.say(current).heard()]
    assert error["type"] == "error"
    assert error["error"]["code"] == "replay_drift"
    assert error["error"]["message"] == f"This is not the recorded session (talk, line 2): {what}."
    assert replayed.session.closing == CloseWith(4000, "replay_drift")
    assert replayed.drifts == [what]


def test_a_peer_that_says_more_than_was_recorded(path) -> None:
    """A message after the recorded peer's last is a drift, too."""
    replayed = Replayed(path, Scripted().up(RESPOND).closed_by_peer()).say(RESPOND, RESPOND)
    assert replayed.drifts == ["the recorded peer says no more, this one says response.create"]


def test_ids_of_the_peer_come_back(path) -> None:
    """Where the upstream repeated an id of the recorded peer, it repeats this peer's, and references to it fit."""
    item = {"type": "message", "role": "user", "id": "item_then"}
    create = {"type": "conversation.item.create", "event_id": "e_then", "item": item}
    script = Scripted().up(create).down('{"type":"conversation.item.added", "item":{"id":"item_then","x":"item_then"}}')
    script.up({"type": "conversation.item.delete", "item_id": "item_then"}).closed_by_peer()
    now = {"type": "conversation.item.create", "event_id": "e_now", "item": {**item, "id": "item_now"}}
    replayed = Replayed(path, script).say(now)
    assert replayed.heard() == ['{"type":"conversation.item.added", "item":{"id":"item_now","x":"item_then"}}']
    replayed.say({"type": "conversation.item.delete", "item_id": "item_now"})
    assert replayed.drifts == []


def test_an_error_names_the_event_of_this_peer(path) -> None:
    """The error that answers an event names it as this peer named it."""
    script = Scripted().up({"type": "nonsense", "event_id": "then"})
    script.down('{"type":"error","event_id":"event_1","error":{"event_id":"then"}}').closed_by_peer()
    replayed = Replayed(path, script).say({"type": "nonsense", "event_id": "now"})
    assert replayed.heard() == ['{"type":"error","event_id":"event_1","error":{"event_id":"now"}}']


def test_a_name_where_the_recorded_peer_gave_none(path) -> None:
    """An item that the recorded upstream had to name has the name that this peer gives it."""
    item = {"type": "message", "role": "user"}
    script = Scripted().up({"type": "conversation.item.create", "item": item})
    script.down({"type": "conversation.item.added", "item": {**item, "role": "assistant", "id": "item_other"}})
    script.down({"type": "conversation.item.added", "item": {**item, "id": "item_theirs"}})
    script.up({"type": "conversation.item.delete", "item_id": "item_theirs"}).closed_by_peer()
    replayed = Replayed(path, script)
    replayed.say({"type": "conversation.item.create", "item": {**item, "id": "item_mine"}})
    ids = [json.loads(data)["item"]["id"] for data in replayed.heard()]
    assert ids == ["item_other", "item_mine"]
    assert replayed.say({"type": "conversation.item.delete", "item_id": "item_mine"}).drifts == []


def test_what_the_relay_says_is_not_awaited(path) -> None:
    """A recorded injection need not come again, and one that comes is not missed in the recording."""
    injected = {"type": "session.update", "event_id": "relay_1", "session": {}}
    plain = Scripted().up(json.dumps(injected, separators=(",", ":"))).down({"type": "session.updated"}, 0.0)
    plain.up(RESPOND).down({"type": "response.created"}).closed_by_peer()
    replayed = Replayed(path, plain)
    assert replayed.kinds() == ["session.updated"]
    assert replayed.say('{"type":"session.update","event_id":"relay_2"}', RESPOND).kinds() == ["response.created"]


def test_audio_that_was_left_out_is_silence(path) -> None:
    """Audio that the recording holds as a digest is sent as silence of its length."""
    delta = '{"type":"response.output_audio.delta","delta":"%s"}'
    replayed = Replayed(path, Scripted(audio="hash").down(delta % f"sha256:{'f' * 64}:6").closed_by_peer())
    assert replayed.heard() == [delta % "AAAAAAAA"]


def spoken() -> Scripted:
    """Ten chunks of speech, then an answer, then an order."""
    script = Scripted()
    for _ in range(10):
        script.up(APPEND)
    script.down({"type": "input_audio_buffer.speech_stopped"})
    return script.up(RESPOND).down({"type": "response.created"}).closed_by_peer()


@pytest.mark.parametrize("chunks", [[3] * 10, [30], [7, 7, 7, 9], [1] * 30, [3] * 50])
def test_a_lenient_replay_takes_audio_by_its_amount(path, chunks) -> None:
    """However audio is cut, the upstream hears the turn's end after as much as it was; more of it is no drift."""
    replayed = Replayed(path, spoken(), LENIENT)
    for count, size in enumerate(chunks):
        kinds = replayed.say({"type": APPEND["type"], "audio": base64_of(size)}).kinds()
        assert kinds == (["input_audio_buffer.speech_stopped"] if kinds else [])
        assert bool(kinds) == (sum(chunks[:count]) < 30 <= sum(chunks[: count + 1]))
    assert replayed.say(RESPOND).kinds() == ["response.created"]
    assert replayed.drifts == []


@pytest.mark.parametrize(
    ("said", "heard", "drifts"),
    [
        ([RESPOND], ["input_audio_buffer.speech_stopped", "response.created"], []),
        ([{"type": "response.cancel"}], [], ["passed over response.cancel where response.create was awaited"]),
        ([{"type": "response.create", "response": {"a": 1}}], ["input_audio_buffer.speech_stopped", "response.created"],
         ["response.create differs in response"]),
        ([RESPOND, RESPOND], ["input_audio_buffer.speech_stopped", "response.created"],
         ["passed over response.create where no more was awaited"]),
    ],
)  # fmt: skip
def test_a_lenient_replay_goes_on(path, said, heard, drifts) -> None:
    """What fits nowhere is noted and passed over, what is left out is not waited for."""
    replayed = Replayed(path, spoken(), LENIENT).say(*said)
    assert replayed.kinds() == heard
    assert replayed.drifts == drifts
    assert replayed.session.closing is None


def test_a_lenient_replay_finds_what_comes_early(path) -> None:
    """A peer that leaves out a message is followed to the next that fits, which is noted."""
    script = Scripted().up({"type": "a"}).down({"type": "x"}).up({"type": "b"}).down({"type": "y"}).closed_by_peer()
    replayed = Replayed(path, script, LENIENT).say({"type": "b"})
    assert replayed.kinds() == ["x", "y"]
    assert replayed.drifts == ["b of line 4 came early, a was awaited"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda lines: [*lines[:3], b"?\n", *lines[3:]], "talk.jsonl, line 4: this is not JSON"),
        (lambda lines: lines[:3], "The recording talk breaks off at line 4."),
        (lambda lines: [*lines[:3], lines[3][:20]], "The recording talk breaks off at line 4."),
    ],
)
def test_a_damaged_recording_says_so(path, damage, words) -> None:
    """A replay goes as far as the recording does; then the peer is told what is wrong with it, and closed with 1011."""
    script = turn()
    replayed = Replayed(path, script)
    path.write_bytes(b"".join(damage([write_line(line) for line in script.lines])))
    replayed.say(RESPOND)
    *_, last = [json.loads(data) for data in replayed.heard()]
    assert last["type"] == "error"
    assert last["error"]["message"].endswith(words)
    assert replayed.session.closing in {CloseWith(1011, "replay_failed"), CloseWith(1011, "replay_ended")}
    assert replayed.session.next_due is None


def base64_of(size: int) -> str:
    return base64.b64encode(bytes(size)).decode()


@pytest.mark.parametrize("options", [AT_ONCE, LENIENT])
def test_a_long_replay_is_not_held(path, options) -> None:
    """A recording of 12 MB is replayed in a fraction of that memory, even where the peer runs ahead of it."""
    append = json.dumps({"type": APPEND["type"], "audio": "A" * 2400})
    delta = json.dumps({"type": "response.output_audio.delta", "delta": "A" * 2400})
    script = Scripted()
    for _ in range(2500):
        script.up(append).down(delta)
    replayed = Replayed(path, script.closed_by_peer(), options)
    del script
    tracemalloc.start()
    try:
        for _ in range(1000):
            replayed.say(append)
        heard = sum(1 for _ in iter(lambda: replayed.session.next_message(0.0), None))
        for _ in range(1500):
            replayed.say(append)
            heard += len(replayed.heard())
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert heard == 2500
    assert path.stat().st_size > 12_000_000
    assert peak_bytes < 1_500_000


def test_what_is_said_after_the_end_is_ignored(path) -> None:
    """Once the session is to be closed nothing that the peer says changes that."""
    replayed: Any = Replayed(path, Scripted().closed_by_upstream(1001, "over"))
    assert replayed.heard() == []
    assert replayed.say(RESPOND).heard() == []
    assert replayed.drifts == []
