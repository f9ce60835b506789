"""A conversation as a chat model reads it: messages made of items, the oldest turns left out."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from relay.engine.items import Item

CHARS_PER_TOKEN = 4
IMAGE_TOKENS = 250
MESSAGE_TOKENS = 4

NO_RESULT_YET = "There is no result yet."
SILENCE = "(The user says nothing.)"

Message: TypeAlias = dict[str, Any]
Words: TypeAlias = Callable[[Item, int], str]
"""What was said in the audio of an item's content part; empty where that is not known."""


def messages_of(instructions: str, items: Sequence[Item], words: Words, context_tokens: int) -> tuple[Message, ...]:
    """What a model is given to answer.

    Args:
        instructions: come first, and are never left out.
        items: the conversation.
        words: of what was spoken.
        context_tokens: how long it may be, by an estimate of four characters a token. Whole turns are left out, a turn
            being a user's message and all behind it up to the next; the last turn stays.
    """
    items = _in_order(items)
    calls = _Calls(items)
    turns = [_messages(turn, words, calls, is_last=index == 0) for index, turn in enumerate(reversed(_turns(items)))]
    preamble: list[Message] = [{"role": "system", "content": instructions}] if instructions else []
    left = context_tokens - sum(map(tokens_of, preamble))
    kept: list[list[Message]] = []
    for index, turn in enumerate(turns):
        left -= sum(map(tokens_of, turn))
        if index and left < 0:
            break
        kept.append(turn)
    return (*preamble, *(message for turn in reversed(kept) for message in turn))


def tokens_of(message: Message) -> int:
    """How long a message is, about."""
    content = message.get("content") or ""
    parts = content if isinstance(content, list) else [{"text": content}]
    chars: int = sum(len(part.get("text", "")) for part in parts)
    calls: int = sum(len(call["function"]["arguments"]) for call in message.get("tool_calls", ()))
    images: int = sum(part.get("type") == "image_url" for part in parts)
    return MESSAGE_TOKENS + math.ceil((chars + calls) / CHARS_PER_TOKEN) + images * IMAGE_TOKENS


def _turns(items: Sequence[Item]) -> list[list[Item]]:
    turns: list[list[Item]] = [[]]
    for before, item in zip([None, *items], items, strict=False):
        if item.role == "user" and before is not None and before.role != "user":
            turns.append([])
        turns[-1].append(item)
    return turns


def _in_order(items: Sequence[Item]) -> list[Item]:
    """The items as they were meant: an answer stands behind what it answers, not behind what was said meanwhile."""
    ordered: list[Item] = []
    for item in items:
        place = len(ordered)
        if item.follows is not None:
            anchors = (index for index in reversed(range(place)) if ordered[index].id == item.follows)
            place = next(anchors, place - 1) + 1
            while place < len(ordered) and ordered[place].follows == item.follows:
                place += 1
        ordered.insert(place, item)
    return ordered


class _Calls:
    """The function calls of a conversation and their results, which chat models want directly behind them."""

    def __init__(self, items: Iterable[Item]) -> None:
        items = list(items)
        self._outputs = {item.fields["call_id"]: item for item in items if item.kind == "function_call_output"}
        self._made = {item.fields["call_id"] for item in items if item.kind == "function_call"}

    def is_told_with_its_call(self, item: Item) -> bool:
        """Whether this is a result that `told` tells."""
        return item.kind == "function_call_output" and item.fields["call_id"] in self._made

    def told(self, calls: Sequence[Item]) -> Iterator[Message]:
        """Calls that were made together, and their results."""
        if not calls:
            return
        yield {"role": "assistant", "content": None, "tool_calls": [_call(item) for item in calls]}
        for item in calls:
            output = self._outputs.get(item.fields["call_id"])
            content = NO_RESULT_YET if output is None else output.fields["output"]
            yield {"role": "tool", "tool_call_id": item.fields["call_id"], "content": content}


def _call(item: Item) -> dict[str, Any]:
    function = {"name": item.fields["name"], "arguments": item.fields["arguments"] or "{}"}
    return {"id": item.fields["call_id"], "type": "function", "function": function}


def _messages(items: Sequence[Item], words: Words, calls: _Calls, *, is_last: bool) -> list[Message]:
    """The messages of a turn."""
    messages: list[Message] = []
    together: list[Item] = []
    for item in items:
        if item.kind == "function_call":
            together.append(item)
        elif not calls.is_told_with_its_call(item):
            messages += calls.told(together)
            together = []
            messages += _message(item, words, may_be_silent=is_last and item is items[-1])
    return [*messages, *calls.told(together)]


def _message(item: Item, words: Words, *, may_be_silent: bool) -> Iterator[Message]:
    if item.kind == "function_call_output":
        yield {"role": "user", "content": f"The result of a function: {item.fields['output']}"}
    elif item.role == "user":
        parts = list(_parts(item, words))
        if parts or may_be_silent:
            yield {"role": "user", "content": _joined(parts or [{"type": "text", "text": SILENCE}])}
    elif item.role is not None and (text := _said(item)):
        yield {"role": item.role, "content": text}


def _parts(item: Item, words: Words) -> Iterator[dict[str, Any]]:
    for index, part in enumerate(item.content):
        if part["type"] == "input_image":
            image = {"url": part["image_url"]}
            yield {"type": "image_url", "image_url": image | ({"detail": part["detail"]} if "detail" in part else {})}
            continue
        text = words(item, index) if part["type"] == "input_audio" else part["text"]
        if text:
            yield {"type": "text", "text": text}


def _joined(parts: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """One string where there is nothing but text: not every model takes parts."""
    if any(part["type"] != "text" for part in parts):
        return parts
    return "\n".join(part["text"] for part in parts)


def _said(item: Item) -> str:
    """What a model or the system said; of speech that was cut short, what was heard."""
    said = (
        part.get("text") or (item.heard_words if part.get("transcript") is None else part["transcript"])
        for part in item.content
    )
    return " ".join(filter(None, (text.strip() for text in said)))
