"""Answers of a mind, as the peer sees them."""

from relay.engine.mind import (
    CONTENT_FILTER,
    Arguments,
    CallBegun,
    Ending,
    MessageBegun,
    Spoken,
    Step,
    Written,
)
from relay.engine.schedule import UNTIL_WOKEN
from tests.fakes.minds import MindedSession, ScriptedMind
from tests.stand_ins.mock.talk import OPENED, SPOKEN_END, trace

FAILURE = Ending("failed", error={"type": "server_error", "code": "model_failed"})
TWO_CALLS: list[Step] = [
    CallBegun("first", "call_1"), Arguments('{"a":'), Arguments(" 1}"), CallBegun("second"), Arguments("{}"),
]  # fmt: skip


def test_several_calls_in_one_answer() -> None:
    """Each call of an answer is an item of its own, closed before the next begins."""
    session = MindedSession(ScriptedMind(TWO_CALLS))
    came = session.send("response.create")
    added = [event["output_index"] for event in came if event["type"] == "response.output_item.added"]
    first, second = came[-1]["response"]["output"]
    assert added == [0, 1]
    assert (first["name"], first["call_id"], first["arguments"]) == ("first", "call_1", '{"a": 1}')
    assert (second["name"], second["status"]) == ("second", "completed")
    assert [item.id for item in session.session.conversation] == [first["id"], second["id"]]


def test_a_call_behind_words() -> None:
    """An answer may say something and then call: the message is complete before the call begins."""
    steps = [MessageBegun(), Spoken(["One ", "moment."], bytes(4800)), *TWO_CALLS[:3]]
    came = trace(MindedSession(ScriptedMind(steps)).send("response.create"))
    ended = came.index("response.output_item.done")
    assert came[: ended + 1] == [*OPENED, "…", *SPOKEN_END[:-1]]
    assert came[ended + 1] == "response.output_item.added"


def test_an_answer_that_fails() -> None:
    """What fails ends as failed with a code, everything that was opened is closed, and the next answer is free."""
    session = MindedSession(ScriptedMind([MessageBegun(), Spoken(["Well"], bytes(480)), FAILURE]))
    came = session.send("response.create")
    assert trace(came) == [*OPENED, "…", *SPOKEN_END]
    done = came[-1]["response"]
    assert (done["status"], done["status_details"]["error"]["code"]) == ("failed", "model_failed")
    assert done["output"][0]["status"] == "incomplete"
    assert trace(session.send("response.create"))[0] == "response.created"
    assert session.mind.stopped == 2


def test_an_answer_with_nothing_in_it() -> None:
    """An answer without steps is a response without output."""
    came = MindedSession(ScriptedMind()).send("response.create")
    assert trace(came) == ["response.created", "response.done"]
    assert (came[-1]["response"]["status"], came[-1]["response"]["output"]) == ("completed", [])


def test_a_mind_may_end_an_answer_itself() -> None:
    """An ending among the steps is the response's, and what would come behind it is not asked for."""
    session = MindedSession(ScriptedMind([MessageBegun(), CONTENT_FILTER, Written("never")]))
    done = session.send("response.create", response={"output_modalities": ["text"]})[-1]["response"]
    assert (done["status"], done["status_details"]["reason"]) == ("incomplete", "content_filter")
    assert done["output"][0]["content"][0]["text"] == ""


def test_a_mind_that_does_not_know_how_long() -> None:
    """An answer may wait until it is woken; then it goes on from there, and cancelling it needs no waking."""
    steps: list[Step] = [MessageBegun(), UNTIL_WOKEN, Written("Now."), UNTIL_WOKEN, Written("Never.")]
    session = MindedSession(ScriptedMind(steps))
    text = {"output_modalities": ["text"]}
    assert trace(session.send("response.create", response=text)) == OPENED
    assert session.read() == []
    assert [event.get("delta") for event in session.read(wake=True)] == ["Now."]
    done = session.send("response.cancel")[-1]["response"]
    assert (done["status"], done["output"][0]["content"][0]["text"]) == ("cancelled", "Now.")


def test_what_a_mind_is_told() -> None:
    """A request has the session's settings, those of the response before them, and all that the response said."""
    session = MindedSession(ScriptedMind())
    session.send("session.update", session={"type": "realtime", "instructions": "Be brief.", "tool_choice": "none"})
    session.send(
        "response.create", response={"tool_choice": "required", "conversation": "none", "metadata": {"a": "b"}}
    )
    (request,) = session.mind.requests
    assert (request.instructions, request.tool_choice, request.conversation) == ("Be brief.", "required", None)
    assert request.params["metadata"] == request.metadata == {"a": "b"}
