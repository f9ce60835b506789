"""Answers under way, and how they end where their upstream has gone."""

import json

from relay.core.events import read_upstream_event
from relay.core.open_answers import OpenAnswers


def following(*events: dict[str, object]) -> OpenAnswers:
    answers = OpenAnswers()
    for event in events:
        answers.follow(read_upstream_event(json.dumps(event)))
    return answers


def created(response_id: str, conversation: str | None = "conv_1") -> dict[str, object]:
    return {"type": "response.created", "response": {"id": response_id, "conversation_id": conversation}}


def begun(response_id: str, item_id: str, status: str = "in_progress") -> dict[str, object]:
    kind = "response.output_item.added" if status == "in_progress" else "response.output_item.done"
    return {"type": kind, "response_id": response_id, "item": {"id": item_id, "status": status, "content": ["much"]}}


def test_an_answer_that_is_done_does_not_fail() -> None:
    """An answer is open from its beginning to its end."""
    answers = following(created("r1"), {"type": "response.done", "response": {"id": "r1"}})
    assert (len(answers), list(answers.fail())) == (0, [])


def test_how_open_answers_fail() -> None:
    """Each open item ends as incomplete and each open answer as failed, with its items but not what they say; once."""
    answers = following(
        created("r1"), begun("r1", "a"), begun("r1", "a", "completed"), begun("r1", "b"), created("r2", None)
    )
    assert len(answers) == 2
    item_done, first, second = answers.fail()
    assert (item_done["type"], item_done["item"], item_done["output_index"]) == (
        "response.output_item.done", {"id": "b", "status": "incomplete"}, 1,
    )  # fmt: skip
    assert (first["response"]["status"], first["response"]["conversation_id"]) == ("failed", "conv_1")
    assert [item["id"] for item in first["response"]["output"]] == ["a", "b"]
    assert (second["response"]["id"], second["response"]["output"]) == ("r2", [])
    assert second["response"]["conversation_id"] is None
    assert list(answers.fail()) == []


def test_what_belongs_to_no_open_answer() -> None:
    """Items of answers that are not open, and what is no answer, are passed over."""
    answers = following(
        begun("r9", "a"), {"type": "response.created", "response": None}, {"type": "response.done", "response": 5}
    )
    assert len(answers) == 0
