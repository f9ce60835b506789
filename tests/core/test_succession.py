"""When a successor takes over and what is said then, event by event."""

import json
from typing import Any

import pytest

from relay.core.handover import Phase
from relay.core.leg import Closed
from relay.core.memory import MOST_BYTES, Memory
from relay.core.open_answers import OpenAnswers
from relay.core.succession import Succession
from relay.core.turn_state import ResponseTurns
from relay.core.upstream_lifetime import Lifetime, read_lifetime
from relay.engine.requests import check
from tests.fakes.legs import Joined

UNIX_OFFSET = 1000.0
CREATED = {"type": "session.created", "event_id": "event_2", "session": {"id": "sess_2", "expires_at": 5000}}
UPDATED = {"type": "session.updated", "event_id": "event_3", "session": {"id": "sess_2"}}


class Talk:
    """A session that could be succeeded, and short words for what happens to it."""

    def __init__(self, session: dict[str, Any] | None = None, *, as_instructions: bool = False) -> None:
        self.memory = Memory(session or {})
        turns = ResponseTurns()
        self.succession = Succession(self.memory, turns, UNIX_OFFSET, lambda: as_instructions)
        self.joined = Joined(turns, self.memory, self.succession).opened()
        self.succession.deliver = lambda body, now: self.joined.upstream_says(json.dumps(body))
        self.down("session.created", session={"id": "sess_1", "expires_at": UNIX_OFFSET + 60})

    def up(self, kind: str, **fields: object) -> None:
        self.joined.peer_says(json.dumps({"type": kind, **fields}))

    def down(self, kind: str, **fields: object) -> None:
        self.joined.upstream_says(json.dumps({"type": kind, **fields}))

    def at(self, now: float) -> "Talk":
        self.joined.now = now
        return self

    def says(self, item_id: str, role: str, text: str | None) -> None:
        part = {"type": "input_audio", "transcript": None} if text is None else {"type": "text", "text": text}
        item = {"id": item_id, "type": "message", "role": role, "content": [part]}
        for kind in ("conversation.item.added", "conversation.item.done"):
            self.down(kind, item=item)

    def ready(self) -> list[dict[str, Any]]:
        self.succession.dialling()
        return [json.loads(data) for data in self.succession.ready(self.joined.now)]

    def swap(self, *, is_lost: bool = False) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """What the successor is told, each as the API takes it, and what the peer is told."""
        handover = self.succession.swap(CREATED, UPDATED, self.joined.now, is_lost=is_lost)
        up = [json.loads(data) for data in handover.up]
        for event in up:
            check(event)
        return up, [json.loads(data) for data in handover.down]

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(data) for data in self.joined.peer.sent]

    @property
    def sent_up(self) -> list[dict[str, Any]]:
        return [json.loads(data) for data in self.joined.upstream.sent]


@pytest.mark.parametrize(
    ("expires_at", "lifetime"),
    [
        (3700, Lifetime(3400.0, 3680.0, 3695.0)),
        (1000, Lifetime(700.0, 980.0, 995.0)),
        (160, Lifetime(140.0, 150.0, 155.0)),
        (None, Lifetime()),
        (102, Lifetime()),
        (99, Lifetime()),
        ("soon", Lifetime()),
    ],
)
def test_when_a_successor_is_dialled(expires_at, lifetime) -> None:
    """It is dialled five minutes before the end, or after two thirds of a short session; never where none is said."""
    assert read_lifetime({"expires_at": expires_at}, 0.0, 100.0) == lifetime
    assert read_lifetime(None, 0.0, 100.0) == Lifetime()


def test_it_is_dialled_once() -> None:
    """A successor is dialled when it is time, and again some time after it could not be had."""
    talk = Talk()
    assert talk.succession.dials_at() == 40
    talk.succession.dialling()
    assert talk.succession.dials_at() == float("inf")
    talk.succession.failed(45.0, 5.0)
    assert (talk.succession.phase, talk.succession.dials_at()) == (Phase.ALONE, 50.0)


def test_a_session_that_cannot_be_told() -> None:
    """A session that is too large to be said again has no successor."""
    talk = Talk({"instructions": "x" * MOST_BYTES})
    assert talk.succession.dials_at() == float("inf")
    assert not talk.succession.outlives(Closed(1006))


@pytest.mark.parametrize(
    ("closed", "goes_on"),
    [
        (Closed(1006), True), (Closed(1001), True), (Closed(1011), True), (Closed(1012), True), (Closed(1013), True),
        (Closed(1000), False), (Closed(3000), False), (Closed(4000), False), (Closed(1008), False),
        (Closed(1009, ours=True), False),
    ],
)  # fmt: skip
def test_which_ends_are_outlived(closed, goes_on) -> None:
    """A loss is outlived, and a refusal or a breach is not."""
    assert Talk().succession.outlives(closed) == goes_on


RESPONSE = {"id": "resp_1", "conversation_id": "conv_1", "status": "completed"}
CALL = {"id": "c1", "type": "function_call", "call_id": "call_1", "name": "time", "arguments": "{}"}
NOTHING: list[tuple[str, dict[str, Any]]] = []
ANSWERING = [("response.created", {"response": RESPONSE})]
SPEAKING = [("input_audio_buffer.speech_started", {"item_id": "u1"})]
AWAITED = [*SPEAKING, ("input_audio_buffer.speech_stopped", {"item_id": "u1"})]
CALLED = [("conversation.item.added", {"item": CALL})]
CHANGING = [("up", {"kind": "session.update", "session": {"instructions": "x"}})]
ASKING = [("up", {"kind": "conversation.item.delete", "item_id": "x"})]


@pytest.mark.parametrize(
    ("events", "in_a_pause", "late", "last"),
    [
        (NOTHING, True, True, True),
        (ANSWERING, False, False, True),
        ([*ANSWERING, ("response.done", {"response": RESPONSE})], True, True, True),
        (SPEAKING, False, True, True),
        (AWAITED, False, False, True),
        (CALLED, False, True, True),
        (CHANGING, False, False, True),
        (ASKING, False, False, True),
    ],
)
def test_when_a_successor_takes_over(events, in_a_pause, late, last) -> None:
    """It takes over in a pause; when that is late, at the end of an answer; at the very last, then and there."""
    for now, expected in ((45.0, in_a_pause), (51.0, late), (55.5, last)):
        talk = Talk().at(now - 0.1)
        talk.ready()
        for kind, fields in events:
            if kind == "up":
                talk.up(**fields)
            else:
                talk.down(kind, **fields)
        assert talk.succession.may_swap(now) == expected
    assert not Talk().succession.may_swap(55.5)


def test_what_a_successor_is_told() -> None:
    """It is told the session first, then the items in order, and the peer sees none of the answers to that."""
    talk = Talk({"type": "realtime", "instructions": "Be kind."})
    talk.says("u1", "user", "Hello.")
    talk.says("a1", "assistant", "Good day.")
    update = json.loads(talk.succession.update())
    check(update)
    assert update["session"] == {"type": "realtime", "output_modalities": ["audio"], "instructions": "Be kind."}
    talk.ready()
    up, down = talk.swap()
    assert [(event["type"], event["item"]["id"]) for event in up] == [
        ("conversation.item.create", "u1"), ("conversation.item.create", "a1"),
    ]  # fmt: skip
    assert [event["type"] for event in down] == ["session.updated"]  # which the first never said
    echoes = [
        json.dumps({"type": f"conversation.item.{kind}", "item": {"id": item}})
        for item in ("u1", "a1")
        for kind in ("added", "done")
    ]
    assert all(map(talk.succession.swallows, echoes))
    assert not any(map(talk.succession.swallows, echoes))
    refused = {"type": "error", "error": {"event_id": up[0]["event_id"]}}
    assert talk.succession.swallows(json.dumps(refused))
    assert not talk.succession.swallows(json.dumps({"type": "error", "error": {"event_id": "theirs"}}))


def test_a_conversation_as_instructions() -> None:
    """Where items would silence it, a successor is told the conversation as instructions, as it stands at the swap."""
    talk = Talk({"instructions": "Be kind."}, as_instructions=True)
    talk.says("u1", "user", "Hello.")
    up, _ = talk.swap()
    assert [event["type"] for event in up] == ["session.update"]
    assert up[0]["session"]["instructions"].endswith("User: Hello.")
    assert talk.succession.swallows('{"type":"session.updated","session":{}}')


def test_what_was_cut_off() -> None:
    """A lost upstream leaves an answer that has failed, and words that will not come; the peer is told both."""
    talk = Talk({"audio": {"input": {"transcription": {}}}})
    talk.down("session.updated", session={"id": "sess_1"})
    talk.says("u1", "user", None)
    talk.down("response.created", response=RESPONSE)
    item = {"id": "a1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    talk.down("response.output_item.added", response_id="resp_1", item=item)
    _, down = talk.swap(is_lost=True)
    assert [event["type"] for event in down] == [
        "conversation.item.input_audio_transcription.failed", "response.output_item.done", "response.done",
    ]  # fmt: skip
    assert down[1]["item"]["status"] == "incomplete"
    response = down[2]["response"]
    assert (response["id"], response["status"], response["output"][0]["id"]) == ("resp_1", "failed", "a1")
    assert response["status_details"]["error"]["code"] == "upstream_lost"
    assert all(event["event_id"].startswith("relay_s1_") for event in down)


def test_an_upstream_that_was_lost_before_it_began() -> None:
    """A peer that has seen no session begin sees the successor's."""
    talk = Talk({"instructions": "x"})
    talk.succession._ids.clear()
    _, down = talk.swap(is_lost=True)
    assert down == [CREATED, UPDATED]


def test_what_was_asked_and_not_answered_is_asked_again() -> None:
    """Requests without an answer are asked again as they were, behind the items; those that were answered are not."""
    talk = Talk()
    talk.up("conversation.item.create", item={"type": "message", "role": "user", "content": []}, event_id="e1")
    talk.says("u1", "user", "Hello.")
    talk.up("conversation.item.delete", item_id="u0", event_id="e2")
    talk.down("error", error={"event_id": "e2"})
    talk.up("session.update", session={"type": "realtime", "instructions": "x"}, event_id="e3")
    talk.up("response.create", event_id="e4")
    up, _ = talk.swap(is_lost=True)
    assert [event["event_id"] for event in up][1:] == ["e3", "e4"]
    assert talk.swap(is_lost=True)[0][2:] == []


@pytest.mark.parametrize(
    ("detection", "is_asked"), [({"type": "server_vad"}, True), ({"create_response": False}, False)]
)
def test_a_turn_that_was_not_answered_is_asked(detection, is_asked) -> None:
    """Where the old upstream owed an answer to a turn, its successor is asked for it."""
    talk = Talk()
    talk.down("session.updated", session={"id": "sess_1", "audio": {"input": {"turn_detection": detection}}})
    for kind, fields in AWAITED:
        talk.down(kind, **fields)
    up, _ = talk.swap(is_lost=True)
    assert ([event["type"] for event in up] == ["response.create"]) == is_asked


def append(number: int) -> dict[str, str]:
    return {"audio": "AA" * 15000 + f"A{number:03}"}


def test_what_waits_for_a_successor_is_said_once() -> None:
    """After a loss a successor is told what had gone up by then; what was said since waits, and follows."""
    talk = Talk()
    talk.down("input_audio_buffer.speech_started", item_id="u1")
    talk.up("input_audio_buffer.append", **append(0))
    talk.up("conversation.item.delete", item_id="x")
    talk.succession.lost()
    talk.up("input_audio_buffer.append", **append(1))
    talk.up("session.update", session={"type": "realtime", "instructions": "x"})
    talk.up("response.create")
    up, _ = talk.swap(is_lost=True)
    assert [event["type"] for event in up] == ["input_audio_buffer.append", "conversation.item.delete"]
    up, _ = talk.swap(is_lost=True)
    assert [event["type"] for event in up] == [
        "session.update", "input_audio_buffer.append", "input_audio_buffer.append", "response.create",
    ]  # fmt: skip


def test_one_clock() -> None:
    """For the peer all that is heard is counted from the session's beginning, whichever upstream hears it."""
    talk = Talk()
    talk.down("input_audio_buffer.speech_started", item_id="u1", audio_start_ms=100)
    for number in range(4):  # of 468.8 ms each
        talk.up("input_audio_buffer.append", **append(number))
    talk.down("input_audio_buffer.speech_stopped", item_id="u1", audio_end_ms=1500)
    talk.up("input_audio_buffer.append", **append(4))
    talk.swap()
    talk.down("input_audio_buffer.speech_started", item_id="u2", audio_start_ms=25)
    talk.down("input_audio_buffer.timeout_triggered", item_id="u2", audio_start_ms=30, audio_end_ms=40)
    talk.down("input_audio_buffer.speech_stopped", item_id="u2", audio_end_ms="soon")
    times = [(event.get("audio_start_ms"), event.get("audio_end_ms")) for event in talk.told[1:]]
    assert times == [(100, None), (None, 1500), (1900, None), (1905, 1915), (None, "soon")]


def test_unfinished_speech_is_said_again() -> None:
    """What is being said when a successor takes over is said again, as is the moment before; an item is not."""
    talk = Talk()
    talk.up("input_audio_buffer.append", **append(0))
    talk.down("input_audio_buffer.speech_started", item_id="u1")
    for number in (1, 2, 3):
        talk.up("input_audio_buffer.append", **append(number))
    assert [event["audio"][-1] for event in talk.swap()[0]] == ["0", "1", "2", "3"]
    talk.down("input_audio_buffer.speech_stopped", item_id="u1")
    talk.down("response.created", response=RESPONSE)
    assert [event["type"] for event in talk.swap()[0]] == []


@pytest.mark.parametrize("is_lost", [False, True])
def test_in_a_pause_the_last_second_is_said_again(is_lost) -> None:
    """The last second is kept, where an upstream is lost, too: speech may have begun that nobody has noticed."""
    talk = Talk()
    if not is_lost:
        talk.ready()
    for number in range(9):
        talk.up("input_audio_buffer.append", **append(number))
    assert [event["audio"][-1] for event in talk.swap(is_lost=is_lost)[0]] == ["7", "8"]


def test_what_is_pressed_to_talk() -> None:
    """Where no turns are detected, everything since the last commit is said again."""
    talk = Talk()
    talk.down("session.updated", session={"id": "sess_1", "audio": {"input": {"turn_detection": None}}})
    for number in range(5):
        talk.up("input_audio_buffer.append", **append(number))
    assert len(talk.swap()[0]) == 5
    talk.down("input_audio_buffer.committed", item_id="u1")
    talk.up("input_audio_buffer.append", **append(6))
    assert len(talk.swap()[0]) == 1


def test_speech_that_nobody_wrote_down_is_retrieved() -> None:
    """The old upstream is asked for speech without words, and the successor hears it; the peer sees none of that."""
    talk = Talk()
    talk.says("u1", "user", None)
    asked = talk.ready()
    assert [(event["type"], event["item_id"]) for event in asked] == [("conversation.item.retrieve", "u1")]
    assert not talk.succession.may_swap(0.0)
    seen = len(talk.told)
    content = [{"type": "input_audio", "audio": "AAAA"}]
    talk.down("conversation.item.retrieved", item={"id": "u1", "content": content})
    assert len(talk.told) == seen
    talk.down("conversation.item.retrieved", item={"id": "u2", "content": content})
    assert len(talk.told) == seen + 1
    up, _ = talk.swap()
    assert [event["item"]["content"] for event in up] == [content]


def test_turns_while_a_successor_waits_are_kept_as_sound() -> None:
    """Turns without words that come while a successor waits for its pause are said again, each as it was."""
    talk = Talk()
    talk.ready()
    for number, audio in enumerate(("AQ==", "Ag==", "Aw==")):
        talk.down("input_audio_buffer.speech_started", item_id=f"u{number}")
        talk.up("input_audio_buffer.append", audio=audio)
        talk.down("input_audio_buffer.speech_stopped", item_id=f"u{number}")
        talk.says(f"u{number}", "user", None)
    talk.down("conversation.item.input_audio_transcription.completed", item_id="u1", transcript="two")
    up, _ = talk.swap()
    said = [part for event in up[:3] for part in event["item"]["content"]]
    assert [part.get("audio") or part["text"] for part in said] == ["AQ==", "two", "Aw=="]


def test_the_last_turn_is_heard_again_after_a_loss() -> None:
    """A turn that was said and lost before it had words is said again as it was."""
    talk = Talk()
    talk.down("input_audio_buffer.speech_started", item_id="u1")
    for audio in ("AQ==", "AgM="):
        talk.up("input_audio_buffer.append", audio=audio)
    talk.down("input_audio_buffer.speech_stopped", item_id="u1")
    talk.says("u1", "user", None)
    up, _ = talk.swap(is_lost=True)
    assert up[0]["item"]["content"] == [{"type": "input_audio", "audio": "AQID"}]


def test_ids_stay_those_of_the_first() -> None:
    """A later upstream's session and conversation have the ids of the first, for the peer."""
    talk = Talk()
    talk.down("response.created", response={"id": "resp_1", "conversation_id": "conv_1"})
    talk.down("response.done", response={"id": "resp_1", "conversation_id": "conv_1"})
    talk.swap()
    talk.down("session.updated", session={"id": "sess_2"})
    talk.down("response.created", response={"id": "resp_2", "conversation_id": "conv_2"})
    talk.down("response.created", response={"id": "resp_3", "conversation_id": None})
    assert talk.told[-3]["session"]["id"] == "sess_1"
    assert [event["response"]["conversation_id"] for event in talk.told[-2:]] == ["conv_1", None]


def test_an_old_answer_is_cut_by_its_words() -> None:
    """Of an answer that the upstream has as text the words are cut, and the peer is told that it is done."""
    talk = Talk()
    talk.says("u1", "user", "Count.")
    talk.says("a1", "assistant", "one two three four")
    talk.swap()
    talk.up("conversation.item.truncate", item_id="a1", content_index=0, audio_end_ms=600)
    told = talk.told[-1]
    assert (told["type"], told["item_id"], told["audio_end_ms"]) == ("conversation.item.truncated", "a1", 600)
    deleted, created = talk.sent_up
    assert (deleted["type"], deleted["item_id"]) == ("conversation.item.delete", "a1")
    assert (created["previous_item_id"], created["item"]["content"][0]["text"]) == ("u1", "one two")
    assert talk.succession.swallows('{"type":"conversation.item.deleted","item_id":"a1"}')
    talk.says("a2", "assistant", "new")
    talk.up("conversation.item.truncate", item_id="a2", content_index=0, audio_end_ms=1)
    assert talk.sent_up[-1]["item_id"] == "a2"


@pytest.mark.parametrize(
    "event",
    [("session.updated", {"session": []}), ("response.created", {"response": 5}), ("response.done", {}),
     ("response.output_item.added", {"item": 5}), ("conversation.item.retrieved", {"item": None})],
)  # fmt: skip
def test_what_is_odd_passes(event) -> None:
    """What an upstream says otherwise than the API passes as it is."""
    talk = Talk()
    kind, fields = event
    talk.down(kind, **fields)
    assert talk.told[-1] == {"type": kind, **fields}


def test_no_answer_fails_twice() -> None:
    """Once told, a failed answer is over."""
    answers = OpenAnswers()
    assert (len(answers), list(answers.fail())) == (0, [])
