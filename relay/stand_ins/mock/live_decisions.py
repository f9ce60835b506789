"""The decisions of a Live session: its items, and questions that are answered by what stands in them.

The mock judges by words alone. A predicate is likely, an option is chosen and a level given where a longer word of it
stands in what is judged: the items, and what was said last. Else it is unlikely, the first option, the first level.
"""

import re
from collections.abc import Sequence
from typing import Any

import orjson

from relay.engine.errors import Fault, Refused
from relay.engine.events import Event, event, new_id
from relay.stand_ins.mock.usage import text_tokens

MAX_ITEMS = 1000
LIKELY = 0.9
WORD = re.compile(r"[a-z]{4,}")
READ_FIELDS = ("content", "text", "arguments", "input", "output")
Question = dict[str, Any]


class Decisions:
    """Remembers the items that questions are answered from; beyond `MAX_ITEMS` the oldest is forgotten."""

    def __init__(self) -> None:
        self._items: dict[str, dict[str, Any]] = {}

    def add(self, given: dict[str, Any]) -> dict[str, Any]:
        """Keep this item, and return it as it is kept.

        Raises:
            Refused: there is one with its id.
        """
        item = {"type": "message", **given, "id": given.get("id") or new_id("item")}
        if item["id"] in self._items:
            raise Refused(Fault.ITEM_EXISTS, item_id=item["id"])
        self._items[item["id"]] = item
        if len(self._items) > MAX_ITEMS:
            del self._items[next(iter(self._items))]
        return item

    def delete(self, item_id: str) -> None:
        """Let this item go.

        Raises:
            Refused: there is none with this id.
        """
        if self._items.pop(item_id, None) is None:
            raise Refused(Fault.DELETE_NOT_FOUND, item_id=item_id)

    def decide(self, model: str, questions: Sequence[Question], said: str, **source: str) -> Event:
        """The `decision.event` that answers these questions; `source` says what it is for."""
        judged = " ".join([said, *(_written(item) for item in self._items.values())])
        words = set(WORD.findall(judged.lower()))
        answers = [_answer(question, words) for question in questions]
        read, written = text_tokens(judged), len(answers)
        usage = {
            "input_tokens": read,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": read + written,
        }
        decision = {"model": model, "answers": answers, "usage": usage}
        return event("decision.event", event={"type": "decision.completed", "decision": decision}, **source)


def _answer(question: Question, words: set[str]) -> dict[str, Any]:
    named = {"type": question["type"], "name": question.get("name")}
    if question["type"] == "predicate":
        asked = f"{question.get('name') or ''} {_written(question['instructions'])}"
        return {**named, "probability": LIKELY if _mentioned(asked, words) else round(1 - LIKELY, 2)}
    if question["type"] == "choice":
        values = [option["value"] for option in question["choices"]]
        chosen, probabilities = _chosen(question["choices"], "value", words)
        listed = [{"value": value, "probability": each} for value, each in zip(values, probabilities, strict=True)]
        return {**named, "choice": values[chosen], "confidence": probabilities[chosen], "probabilities": listed}
    chosen, probabilities = _chosen(question["levels"], "label", words)
    rated = [
        {"label": level["label"], "value": index, "probability": probabilities[index]}
        for index, level in enumerate(question["levels"])
    ]
    return {**named, "score": float(chosen), "confidence": probabilities[chosen], "probabilities": rated}


def _chosen(options: Sequence[dict[str, Any]], name: str, words: set[str]) -> tuple[int, list[float]]:
    """Which of these it is, and how likely each is."""
    told = [f"{option[name]} {option.get('description') or ''}" for option in options]
    chosen = next((index for index, text in enumerate(told) if _mentioned(text, words)), 0)
    if len(options) == 1:
        return 0, [1.0]
    other = round((1 - LIKELY) / (len(options) - 1), 4)
    return chosen, [LIKELY if index == chosen else other for index in range(len(options))]


def _mentioned(text: str, words: set[str]) -> bool:
    return not words.isdisjoint(WORD.findall(text.lower()))


def _written(value: Any) -> str:
    """What can be read in this item, in its parts, or in instructions; not the names of its fields."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(map(_written, value))
    if not isinstance(value, dict):
        return ""
    data = [orjson.dumps(value["data"]).decode()] if "data" in value else []
    return " ".join([*data, *(_written(value[name]) for name in READ_FIELDS if name in value)])
