"""Items of a conversation as text, and how they are said again to a model that has not heard them.

An item of the API holds audio, images and what nobody may create; what is kept of it is who said which words, and which
function was called with what result. That is enough for a model to go on, and little enough to be kept.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from relay.core.events import Body

MESSAGE = "message"
CALL = "function_call"
RESULT = "function_call_output"

MOST_TURNS = 20
MOST_TOKENS = 4000
"""So much is said again: with more text before it the model has been seen to answer in text, in silence."""

MOST_ID_CHARS = 32
"""The API takes no longer `id` from a client."""

_ROLES = ("user", "assistant", "system")
_BYTES_A_TOKEN = 4
_FRAME_TOKENS = 4
_OVERHEAD_BYTES = 200


@dataclass(frozen=True, slots=True)
class Remembered:
    """One item.

    Attributes:
        id: the upstream's.
        kind: `MESSAGE`, `CALL` or `RESULT`.
        role: who speaks; empty where it is no message.
        text: what was said or written; a call's arguments, a result's output. None where it was said and nobody has
            written it down.
        call_id: which call it is, or is the result of.
        name: of the function.
    """

    id: str
    kind: str
    role: str = ""
    text: str | None = ""
    call_id: str = ""
    name: str = ""

    @property
    def size_bytes(self) -> int:
        """What keeping it takes, about."""
        return _OVERHEAD_BYTES + _size_bytes(self.name) + _size_bytes(self.text or "")

    @property
    def tokens(self) -> int:
        """What saying it takes, about: a token is four bytes of UTF-8, so that no script is cheap."""
        return _FRAME_TOKENS + (_size_bytes(self.name) + _size_bytes(self.text or "")) // _BYTES_A_TOKEN

    @property
    def begins_turn(self) -> bool:
        """Whether the user says something here."""
        return self.role == "user"

    def as_item(self) -> Body:
        """The item as a client creates it."""
        item: Body = {"type": self.kind}
        if len(self.id) <= MOST_ID_CHARS:
            item["id"] = self.id
        if self.kind == MESSAGE:
            part = "output_text" if self.role == "assistant" else "input_text"
            return {**item, "role": self.role, "content": [{"type": part, "text": self.text}]}
        if self.kind == CALL:
            return {**item, "call_id": self.call_id, "name": self.name, "arguments": self.text}
        return {**item, "call_id": self.call_id, "output": self.text}

    def as_line(self) -> str:
        """The same as a line of a transcript."""
        if self.kind == MESSAGE:
            return f"{self.role.capitalize()}: {self.text}"
        return f"Called {self.name}: {self.text}" if self.kind == CALL else f"Result: {self.text}"


def read_item(item: Any) -> Remembered | None:
    """What is kept of an item as an upstream shows it; None where nothing of it can be said again."""
    if not isinstance(item, Mapping) or not _is_name(item.get("id")):
        return None
    kind, id_ = item.get("type"), item["id"]
    if kind == MESSAGE:
        role = item.get("role")
        return Remembered(id_, MESSAGE, role, _words(item.get("content"))) if role in _ROLES else None
    if kind not in {CALL, RESULT} or not _is_name(item.get("call_id")):
        return None
    text, name = item.get("arguments" if kind == CALL else "output"), item.get("name")
    return Remembered(
        id_,
        kind,
        text=text if isinstance(text, str) else "",
        call_id=item["call_id"],
        name=name if isinstance(name, str) and kind == CALL else "",
    )


def latest(
    items: Sequence[Remembered], most_turns: int = MOST_TURNS, most_tokens: int = MOST_TOKENS
) -> list[Remembered]:
    """Of these items those that are to be said again, in order: as many of the last turns as the bounds let.

    What a system message says stands for the whole conversation, so it is taken first, up to half of the tokens. A
    result goes with its call or not at all, what has no words does not go, and a long text loses its end, so that it
    does not take the place of all others.
    """
    items = [_shortened(item, most_tokens // 4) for item in items if _can_be_said(item)]
    kept = {item.id for item in _within([item for item in items if item.role == "system"], most_tokens // 2)}
    tokens = sum(item.tokens for item in items if item.id in kept)
    turns = 0
    calls = {item.call_id: item for item in items if item.kind == CALL}
    for item in reversed(items):
        if item.role == "system" or item.id in kept:
            continue
        if item.kind == RESULT and item.call_id not in calls:
            continue
        together = [item, calls[item.call_id]] if item.kind == RESULT else [item]
        tokens += sum(each.tokens for each in together)
        if tokens > most_tokens:
            break
        kept |= {each.id for each in together}
        turns += item.begins_turn
        if turns >= most_turns:
            break
    return [item for item in items if item.id in kept]


def as_events(items: Iterable[Remembered]) -> Iterator[Body]:
    """The events with which a client says these items again."""
    for item in items:
        yield {"type": "conversation.item.create", "item": item.as_item()}


def as_instructions(items: Iterable[Remembered], instructions: str = "") -> str:
    """The same as one block of text behind a session's instructions."""
    lines = "\n".join(item.as_line() for item in items)
    return f"{instructions}\n\nThe conversation so far, which goes on now:\n{lines}".lstrip() if lines else instructions


def heard(text: str, heard_ms: int, whole_ms: int) -> str:
    """The words of a speech of this length that were heard until it was cut, as if all were equally long."""
    if heard_ms >= whole_ms:
        return text
    chars = len(text) * max(0, heard_ms) // whole_ms
    if chars == 0:
        return ""
    return text[:chars] if text[chars].isspace() else text[:chars].rpartition(" ")[0].rstrip()


def _within(items: Sequence[Remembered], most_tokens: int) -> Iterator[Remembered]:
    for item in reversed(items):
        most_tokens -= item.tokens
        if most_tokens < 0:
            return
        yield item


def _shortened(item: Remembered, most_tokens: int) -> Remembered:
    most_bytes = most_tokens * _BYTES_A_TOKEN
    text = (item.text or "").encode(errors="replace")
    return item if len(text) <= most_bytes else replace(item, text=text[:most_bytes].decode(errors="ignore") + " …")


def _can_be_said(item: Remembered) -> bool:
    return bool(item.text) or item.kind != MESSAGE


def _size_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and len(value) <= 512


def _words(content: Any) -> str | None:
    """What the parts of a message say; None where one was said and has no transcript."""
    words = []
    for part in content if isinstance(content, list) else ():
        if not isinstance(part, Mapping):
            continue
        said = part.get("text") if isinstance(part.get("text"), str) else part.get("transcript")
        if isinstance(said, str):
            words.append(said)
        elif part.get("type") == "input_image":
            words.append("[an image]")
        elif part.get("type") == "input_audio":
            return None
    return " ".join(filter(None, words))
