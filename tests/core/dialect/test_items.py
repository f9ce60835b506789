import json
from typing import Any

from relay.core.dialect import Translation
from relay.core.dialect.items import UNFINISHED_LIMIT
from relay.core.dialect.translation import OneWay

Body = dict[str, Any]


def told(way: OneWay, *bodies: Body) -> list[Body]:
    return [json.loads(out) for body in bodies for out in way(json.dumps(body))]


def kinds(events: list[Body]) -> list[str]:
    return [event["type"] for event in events]


USER = {"id": "i1", "type": "message", "role": "user", "status": "completed", "content": []}
ANSWER = {"id": "i2", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
SAID = {**ANSWER, "status": "completed", "content": [{"type": "audio", "transcript": "Hello."}]}
CALL = {
    "id": "i3",
    "type": "function_call",
    "status": "in_progress",
    "name": "weather",
    "call_id": "c",
    "arguments": "",
}


def test_a_ga_peer_is_told_of_an_item_twice() -> None:
    """An item that is whole is added and done at once; an answer is done just before its response's item is."""
    events = told(
        Translation().from_upstream,
        {"type": "conversation.item.created", "event_id": "e1", "previous_item_id": None, "item": USER},
        {"type": "response.output_item.added", "event_id": "e2", "output_index": 0, "item": ANSWER},
        {"type": "conversation.item.created", "event_id": "e3", "previous_item_id": "i1", "item": ANSWER},
        {"type": "response.output_item.done", "event_id": "e4", "output_index": 0, "item": SAID},
    )
    assert kinds(events) == [
        "conversation.item.added", "conversation.item.done",
        "response.output_item.added", "conversation.item.added",
        "conversation.item.done", "response.output_item.done",
    ]  # fmt: skip
    assert events[4]["previous_item_id"] == "i1"
    assert events[4]["item"]["content"] == [{"type": "output_audio", "transcript": "Hello."}]
    assert len({event["event_id"] for event in events}) == len(events)


def test_a_beta_peer_is_told_of_an_item_once() -> None:
    """What GA says when an item is done, the beta has said when it was created."""
    added, done = (f"conversation.item.{word}" for word in ("added", "done"))
    events = told(Translation().to_peer, {"type": added, "item": ANSWER}, {"type": done, "item": SAID})
    assert events == [{"type": "conversation.item.created", "item": ANSWER}]


def test_a_call_gets_its_name() -> None:
    """Complete arguments name their function, as in 2024; where an upstream does not, the item that was added does."""
    done = {"type": "response.function_call_arguments.done", "item_id": "i3", "call_id": "c", "arguments": "{}"}
    translation = Translation()
    assert told(translation.from_upstream, done) == [done]
    events = told(translation.from_upstream, {"type": "response.output_item.added", "item": CALL}, done)
    assert events[1] == {**done, "name": "weather"}
    assert told(translation.to_peer, events[1]) == [events[1]]


def test_an_answer_that_was_given_whole() -> None:
    """An assistant's item that its peer created is done at once."""
    events = told(Translation().from_upstream, {"type": "conversation.item.created", "item": SAID})
    assert kinds(events) == ["conversation.item.added", "conversation.item.done"]


def test_what_never_ends_is_forgotten() -> None:
    """No more than a number of unfinished items are remembered, the newest of them."""
    translation = Translation()
    for number in range(UNFINISHED_LIMIT + 1):
        told(translation.from_upstream, {"type": "response.output_item.added", "item": {**CALL, "id": str(number)}})
    done = {"type": "response.function_call_arguments.done"}
    assert "name" not in told(translation.from_upstream, {**done, "item_id": "0"})[0]
    assert told(translation.from_upstream, {**done, "item_id": "1"})[0]["name"] == "weather"
