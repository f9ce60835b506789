"""What the mock's Live sessions delegate: to the application, to Responses, to decisions."""

from typing import Any

import orjson
import pytest

from relay.config.kinds import LIVE
from relay.stand_ins.mock import Pace
from relay.stand_ins.mock.live import LiveSession
from relay.stand_ins.mock.voice import clips
from tests.stand_ins.mock.streams import MODEL, Stream, kinds, started, words
from tests.stand_ins.mock.talk import UNIX_NOW, silence, tone

CLIENT = {"type": "client"}
WEATHER = {"type": "function", "name": "get_weather", "description": None, "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}}}  # fmt: skip
RESPONSES = {"type": "responses", "responses": {"model": "gpt-5.5", "tools": [WEATHER]}}
RAIN = {"type": "predicate", "name": "rain", "instructions": "Does the user ask about rain?"}
ROUTE = {"type": "choice", "instructions": "Whom for?", "choices": [{"value": "sales"}, {"value": "support"}]}
MOOD = {"type": "score", "instructions": [{"type": "input_text", "text": "How cross?"}],
        "levels": [{"label": "calm"}, {"label": "furious", "description": "shouting"}]}  # fmt: skip
DECISIONS = {"type": "decisions", "decisions": {"model": "gpt-decide", "questions": [RAIN, ROUTE, MOOD]}}


def turn(stream: Stream) -> list[dict[str, Any]]:
    """What comes after somebody has said something."""
    return stream.speak(tone(1500) + silence(500), LIVE.append)


def delegated(came: list[dict[str, Any]]) -> dict[str, Any]:
    (created,) = (event for event in came if event["type"] == "session.delegation.created")
    return dict(created["delegation"])


def nested(came: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event["event"] for event in came if event["type"] == "response.event"]


def written(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def ask(stream: Stream, text: str) -> list[dict[str, Any]]:
    """What comes after a text turn."""
    assert stream.send("response.item.create", item=written(text)) == []
    return stream.send("response.create", event_id="ask")


def test_a_turn_is_delegated_to_the_application() -> None:
    """The application is told of a delegation, and what it appends as commentary is said after the acknowledgement."""
    stream = started(delegation=CLIENT)
    came = turn(stream)
    told = delegated(came)
    assert (told["target"], "response_id" in told) == ("client", False)
    assert words(came).strip() == clips()["answer-1"].words
    came = stream.send("session.commentary.append", content="It is 21 degrees.", delegation_id=told["id"])
    assert words(came).endswith("[It is 21 degrees.]")


@pytest.mark.parametrize("note", ["thinking", "commentary"])
def test_an_application_that_is_quick_is_not_announced(note: str) -> None:
    """Commentary or thinking that comes before the acknowledgement takes its place; instructions do not."""
    stream = started(delegation={**CLIENT, "acknowledgement_delay_ms": 2000})
    told = delegated(turn(stream))
    stream.send("session.instructions.append", content="Be brief.", delegation_id=told["id"])
    stream.now += 1
    stream.send(f"session.{note}.append", content="Nearly.", delegation_id=told["id"])
    stream.now += 10
    assert stream.read() == []
    turn(stream)
    stream.now += 3
    assert words(stream.read()).strip() == clips()["answer-1"].words


def test_what_was_never_delegated() -> None:
    """A delegation that there is not, or that is not the application's, is refused by its id."""
    stream = started(delegation=CLIENT)
    (error,) = stream.send("session.thinking.append", content="Hm.", delegation_id="deleg_1")
    assert (error["error"]["code"], error["error"]["param"]) == ("delegation_not_found", "delegation_id")
    stream = started(delegation=RESPONSES)
    told = delegated(turn(stream))
    (error,) = stream.send("session.thinking.append", content="Hm.", delegation_id=told["id"])
    assert error["error"]["code"] == "delegation_not_found"


@pytest.mark.parametrize("given", [None, CLIENT])
@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.create"},
        {"type": "response.item.create", "item": written("Hello")},
        {"type": "decision.create", "event_id": "d1"},
        {"type": "decision.item.create", "item": {"role": "user", "content": "Rain?"}},
    ],
)
def test_what_needs_another_delegation(given: dict[str, Any] | None, event: dict[str, Any]) -> None:
    """Backend and decisions are there for sessions that delegate to them."""
    stream = started(delegation=given)
    stream.session.receive(orjson.dumps(event).decode(), 0.0)
    (error,) = stream.read()
    assert error["error"]["code"] == "delegation_not_found"


def test_a_turn_is_delegated_to_responses() -> None:
    """A turn becomes a response of the backend, each of whose events names the delegation; its words are said."""
    stream = started(delegation=RESPONSES)
    came = turn(stream)
    told = delegated(came)
    events = nested(came)
    assert [event["type"] for event in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        *["response.output_text.delta"] * sum(event["type"].endswith("text.delta") for event in events),
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["response"]["id"] == told["response_id"]
    assert {event["delegation_id"] for event in came if event["type"] == "response.event"} == {told["id"]}
    text = "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta")
    assert words(came).endswith(text)
    assert events[-1]["response"]["usage"]["output_tokens"] > 0


def test_a_text_turn_calls_a_function() -> None:
    """A written turn that names a tool calls it; with its output, the next response answers, and that is said."""
    stream = started(delegation=RESPONSES)
    came = ask(stream, "How is the weather in Oslo?")
    assert {event.get("client_event_id") for event in came} == {"ask"}
    call = next(event["item"] for event in nested(came) if event["type"] == "response.output_item.done")
    assert (call["name"], orjson.loads(call["arguments"])) == ("get_weather", {"city": "Oslo"})
    assert "".join(e["delta"] for e in nested(came) if e["type"].endswith("arguments.delta")) == call["arguments"]
    assert words(came) == ""
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": [{"text": "21 degrees"}]}
    assert stream.send("response.item.create", item=output) == []
    came = stream.send("response.create")
    assert words(came).endswith("[21 degrees]")


def test_a_delegation_that_waits_for_a_function_goes_on() -> None:
    """A spoken turn whose response calls a function keeps its delegation in the response that follows."""
    backend = {**RESPONSES["responses"], "tool_choice": {"type": "function", "name": "get_weather"}}  # type: ignore[dict-item]
    stream = started(delegation={**RESPONSES, "responses": backend})
    came = turn(stream)
    told = delegated(came)
    call = next(event["item"] for event in nested(came) if event["type"] == "response.output_item.done")
    stream.send("session.update", session={"delegation": {"type": "responses", "responses": {"tool_choice": "none"}}})
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}
    stream.send("response.item.create", item=output)
    came = stream.send("response.create")
    assert {event["delegation_id"] for event in came if event["type"] == "response.event"} == {told["id"]}


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"type": "function_call_output", "call_id": "call_none", "output": "?"}, "invalid_tool_call_id"),
        ({"type": "message", "role": "user"}, "missing_required_parameter"),
        ({"role": "nobody", "content": "Hello"}, "invalid_value"),
        ({"type": 7}, "invalid_type"),
    ],
)
def test_what_the_backend_refuses(item: dict[str, Any], code: str) -> None:
    """An item that cannot be used is an error, which names the client's event."""
    (error,) = started(delegation=RESPONSES).send("response.item.create", item=item, event_id="i1")
    assert (error["error"]["code"], error["error"]["client_event_id"]) == (code, "i1")


def test_items_that_the_mock_does_not_read() -> None:
    """Items of other kinds, and those with fields that nobody knows, are taken."""
    stream = started(delegation=RESPONSES)
    for item in (
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}", "kind": "x"},
        {"type": "function_call_output", "call_id": "c1", "output": "seen", "item_id": "y"},
    ):
        assert stream.send("response.item.create", item=item) == []


def test_responses_at_once_are_bounded() -> None:
    """More than sixteen responses of the backend at once are refused."""
    stream = Stream("live", LiveSession(pace=Pace(latency_s=9.0), now=0.0, unix_now=UNIX_NOW))
    stream.send("session.start", session={**MODEL, "delegation": RESPONSES})
    came = [event for _ in range(17) for event in stream.send("response.create")]
    assert [event["error"]["code"] for event in came if event["type"] == "error"] == ["rate_limit_exceeded"]


def test_a_turn_is_delegated_to_decisions() -> None:
    """Its questions are answered at once, in order, and the answers name the delegation."""
    stream = started(delegation=DECISIONS)
    (item,) = stream.send("decision.item.create", item={"role": "user", "content": "I am furious about the rain!"})
    assert item["type"] == "decision.item.created"
    came = turn(stream)
    (decided,) = (event for event in came if event["type"] == "decision.event")
    assert decided["delegation_id"] == delegated(came)["id"]
    rain, route, mood = decided["event"]["decision"]["answers"]
    assert (rain["name"], rain["probability"], route["choice"], mood["score"]) == ("rain", 0.9, "sales", 1.0)
    assert stream.send("decision.item.delete", item_id=item["item"]["id"])[0]["type"] == "decision.item.deleted"
    (decided,) = stream.send("decision.create", event_id="d1")
    rain, _, mood = decided["event"]["decision"]["answers"]
    assert (rain["probability"], mood["score"]) == (0.1, 0.0)


def test_a_decision_is_asked_for_once_by_an_id() -> None:
    """An `event_id` that was used for a decision is refused, and so is an item that is there or is not."""
    asked = [{**ROUTE, "choices": [{"value": True}]}]
    stream = started(delegation={**DECISIONS, "decisions": {"model": "gpt-decide", "questions": asked}})
    (decided,) = stream.send("decision.create", event_id="d1")
    assert decided["event"]["decision"]["answers"][0]["probabilities"] == [{"value": True, "probability": 1.0}]
    (error,) = stream.send("decision.create", event_id="d1")
    assert error["error"]["param"] == "event_id"
    data = {"role": "user", "id": "i1", "content": [{"type": "input_json", "data": {"rain": True}}]}
    stream.send("decision.item.create", item=data)
    assert stream.send("decision.item.create", item=data)[0]["error"]["code"] == "item_create_duplicate_item_id"
    assert stream.send("decision.item.delete", item_id="i2")[0]["error"]["code"] == "item_delete_invalid_item_id"


def test_a_transcript_triggers_decisions() -> None:
    """A trigger answers its questions after each piece of the transcript that it names, whoever handles delegations."""
    trigger = {"type": "decisions", "event_type": "session.output_transcript.delta", "decisions": {"questions": [
        {"type": "predicate", "instructions": "Is anything understood?"}]}}  # fmt: skip
    stream = started(triggers=[trigger])
    stream.send("decision.item.create", item={"role": "user", "content": "Hello"})
    came = turn(stream)
    said = [event["event_id"] for event in came if event["type"] == "session.output_transcript.delta"]
    decided = [event for event in came if event["type"] == "decision.event"]
    assert [event["source_event_id"] for event in decided] == said
    likely = [event["event"]["decision"]["answers"][0]["probability"] for event in decided]
    assert likely.count(0.9) == 1
    (updated,) = stream.send("session.update", session={"triggers": []})
    assert updated["session"]["triggers"] == []
    assert "decision.event" not in kinds(turn(stream))


def test_a_delegation_is_updated() -> None:
    """What an update leaves out stays as it was; it cannot change who is delegated to."""
    stream = started(delegation=RESPONSES)
    wanted = {"type": "responses", "acknowledgement_delay_ms": 5, "responses": {"instructions": "Be brief."}}
    (updated,) = stream.send("session.update", session={"delegation": wanted})
    assert updated["session"]["delegation"] == {
        **wanted,
        "responses": {"model": "gpt-5.5", "tools": [WEATHER], "instructions": "Be brief."},
    }
    assert stream.send("session.update", session={"delegation": None})[0]["session"] == updated["session"]
    (error,) = stream.send("session.update", session={"delegation": CLIENT})
    assert error["error"]["param"] == "session.delegation.type"
    (updated,) = started().send("session.update", session={"delegation": CLIENT})
    assert updated["session"]["delegation"] == CLIENT
