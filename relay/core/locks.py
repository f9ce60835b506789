"""What a peer may not change: a profile's locked fields, in every event that could set them.

A locked field is a path into the session object, such as `audio.output.voice`. It is taken out of `session.update`, of
`session.start` and of the overrides in `response.create`; what else such an event says still passes. Items are taken
where they are known to change nothing: of the kinds in `HARMLESS_ITEMS`, and where `instructions` are locked, the
user's or the assistant's, since the model obeys others as it obeys those.

Two readers of one JSON text may disagree: about which of two equal keys counts, about letter case (Go's reader ignores
it) or underscores, about what is not an event at all. So in a locked session a message that is binary, is no event, is
nested without end, has two keys in one object that differ at most in case, or says a type or a field with a character
that no API has there, is refused, never forwarded; so is a type that is a guarded one but for its look. The beta API's
flat names count as their GA paths, and `prompt` as instructions and tools, which it can bring.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from relay.core.events import BriefEvent, Data, Event, write_event
from relay.core.interceptor import EVERY, Interceptor
from relay.core.session import Session
from relay.core.types import CLIENT_EVENTS

INSTRUCTIONS = "instructions"
SESSION_UPDATES = frozenset({"session.start", "session.update", "transcription_session.update"})
ITEMS = frozenset({"conversation.item.create", "response.item.create", "decision.item.create"})
MORE_INSTRUCTIONS = "session.instructions.append"
RESPONSE_CREATE = "response.create"
HOLDERS = frozenset({*SESSION_UPDATES, RESPONSE_CREATE})
GUARDED = frozenset({*HOLDERS, *ITEMS, MORE_INSTRUCTIONS})

_OTHER_NAMES = (
    ("audio.output.voice", "voice"),
    ("audio.output.speed", "speed"),
    ("audio.output.format", "output_audio_format"),
    ("audio.input.format", "input_audio_format"),
    ("audio.input.transcription", "input_audio_transcription"),
    ("audio.input.noise_reduction", "input_audio_noise_reduction"),
    ("audio.input.turn_detection", "turn_detection"),
    ("output_modalities", "modalities"),
    ("max_output_tokens", "max_response_output_tokens"),
    ("instructions", "prompt"),
    ("tools", "prompt"),
)

HARMLESS_ITEMS = (
    "message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output",
    "item_reference", "mcp_approval_response",
)  # fmt: skip
"""Kinds of items that say something and set nothing, as `mcp_list_tools` does; an item that names none is a message."""

_HARMLESS_ROLES = ("user", "assistant")
_PLAIN = re.compile(r"[A-Za-z0-9_.:/-]*")
_ANY_NAME = re.compile(r".*", re.DOTALL)
_LOOKS = str.maketrans("0|1i", "olll", "_.:/-")
_UNGUARDED = CLIENT_EVENTS - GUARDED

Path = tuple[str, ...]


class Ambiguous(ValueError):  # noqa: N818 - the fact, not the fault
    """A JSON text that two readers may understand in two ways."""


class Locks(Interceptor):
    """Keeps a peer from changing the locked fields.

    Args:
        fields: paths into the session object, such as `tools` or `audio.output.voice`.
    """

    up = frozenset({EVERY})

    def __init__(self, fields: Iterable[str]) -> None:
        fields = tuple(fields)
        paths = {path for field in fields for path in _spellings(field)}
        self._locked = {
            holder: _tree([*paths, *((holder, *path) for path in paths)]) for holder in ("session", "response")
        }
        self._locks_instructions = holds(fields, INSTRUCTIONS)

    def opened(self, session: Session, now: float) -> None:
        self._session = session

    def on_up(self, event: Event, now: float) -> Event | None:
        if isinstance(event, BriefEvent) and event.type in _UNGUARDED:
            return event
        why = _why_unreadable(event) or self._why_refused(event)
        if why is not None:
            self._session.refuse_event(event, "event_refused", why, now)
            return None
        if event.type in SESSION_UPDATES:
            return self._unlocked(event, "session")
        if event.type == RESPONSE_CREATE:
            return self._unlocked(event, "response")
        return event

    def passes_proved(self, kind: str) -> bool:
        return kind not in GUARDED and _look(kind) not in _GUARDED_LOOKS

    def _unlocked(self, event: Event, holder: str) -> Event:
        """The event without locked fields, in its `holder` and, where a lax upstream might look, beside it."""
        body = _pruned(event.body, self._locked[holder])
        for outer in called(holder, body):
            if isinstance(body[outer], dict):
                body = {**body, outer: self._with_harmless_input(body[outer])}
        return event if body == event.body else write_event(body)

    def _with_harmless_input(self, held: Mapping[str, Any]) -> dict[str, Any]:
        """A session or response without those items, in what it begins with, that are no harmless ones."""
        kept = dict(held)
        for name in called("input", held):
            value = held[name]
            kept[name] = [item for item in value if self._is_harmless(item)] if isinstance(value, list) else []
        return kept

    def _why_refused(self, event: Event) -> str | None:
        """Why an event that can be read in one way only does not go up; None where it may."""
        if event.type not in GUARDED and _look(event.type) in _GUARDED_LOOKS:
            return "The type of this event looks like one that the locks of this session are about."
        if event.type == MORE_INSTRUCTIONS and self._locks_instructions:
            return "The instructions of this session are locked, so nothing is added to them."
        items = called("item", event.body) if event.type in ITEMS else []
        if not all(self._is_harmless(event.body[name]) for name in items):
            return self._why_no_item()
        if event.type in HOLDERS and called("input", event.body):
            return "This session has locks, so its items stand where the API has them, and not beside that."
        return None

    def _why_no_item(self) -> str:
        if self._locks_instructions:
            return "The instructions of this session are locked, so its items are the user's or the assistant's."
        return f"This session has locks, so its items are of these kinds: {', '.join(HARMLESS_ITEMS)}."

    def _is_harmless(self, item: Any) -> bool:
        if not isinstance(item, dict) or not all(map(_PLAIN.fullmatch, item)):
            return False
        known = all(item[name] in HARMLESS_ITEMS for name in called("type", item))
        return known and not (self._locks_instructions and commands(item))


def without(node: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The object without what stands at the path; the very same object where nothing does.

    Letter case is ignored. What stands where the path wants an object, such as null, is taken out: it could reset
    everything below it.
    """
    return _pruned(node, _tree([path]), _ANY_NAME)


def without_locked(session: Mapping[str, Any], fields: Iterable[str]) -> Mapping[str, Any]:
    """A session object without the locked fields, however they are spelt."""
    return _pruned(session, _tree(path for field in fields for path in _spellings(field)))


def holds(lock: Iterable[str], field: str) -> bool:
    """Whether this field is locked, by its own name, another one, or with what it is in."""
    path = tuple(field.split("."))
    return any(path in _spellings(locked) or _within(field, locked) for locked in lock)


def called(plain: str, names: Iterable[str]) -> list[str]:
    """Those of the names that are this one for somebody who overlooks case, underscores and what looks alike."""
    look, names = _look(plain), list(names)
    looks = _looks(names)
    return [name for name, its_look in zip(names, looks, strict=True) if its_look == look] if look in looks else []


def commands(item: Any) -> bool:
    """Whether the model may obey this item as it obeys its instructions."""
    if not isinstance(item, dict):
        return True
    return any(item[name] not in _HARMLESS_ROLES for name in called("role", item))


def check_unambiguous(data: Data) -> None:
    """Raise `Ambiguous` where an object at any depth has two keys that differ at most in letter case.

    Numbers are measured, not made: one of a million digits would hold the loop.
    """
    try:
        json.loads(data, object_pairs_hook=_distinct, parse_int=len, parse_float=len, parse_constant=len)
    except RecursionError:
        raise Ambiguous("The event is nested too deeply.") from None


def _why_unreadable(event: Event) -> str | None:
    """Why an event may mean two things; None where it means one."""
    if isinstance(event.data, bytes):
        return "This session takes text messages only."
    if not isinstance(event.body.get("type"), str):
        return "The message is not a JSON object with a type, or has too many values or levels to be read."
    if not all(map(_PLAIN.fullmatch, [event.type, *event.body])):
        return "The type of the event, or a field of it, has a character that no API has there."
    try:
        check_unambiguous(event.data)
    except Ambiguous as why:
        return str(why)
    return None


def _look(name: str) -> str:
    return name.lower().translate(_LOOKS).replace("rn", "m").replace("vv", "w")


def _looks(names: Sequence[str]) -> list[str]:
    """The look of each name. They are looked at all in one, since an object may have twenty thousand."""
    looks = _look("\n".join(names)).split("\n")
    return looks if len(looks) == len(names) else [_look(name) for name in names]


_GUARDED_LOOKS = frozenset(map(_look, GUARDED))

Tree = dict[str, "Tree"]
"""Names to be taken out, by their look, each with those that are taken out below it; none there means all of it."""


def _tree(paths: Iterable[Path]) -> Tree:
    tree: Tree = {}
    for path in sorted(paths):  # a path before those that go on from it
        _plant(tree, path)
    return tree


def _plant(tree: Tree, path: Path) -> None:
    name, below = _look(path[0]), path[1:]
    if not below:
        tree[name] = {}
    elif tree.get(name) != {}:
        _plant(tree.setdefault(name, {}), below)


def _pruned(node: Mapping[str, Any], tree: Tree, names: re.Pattern[str] = _PLAIN) -> dict[str, Any]:
    """The object without what is in the tree, and without names, on the way there, that are not like those."""
    looks = _looks(list(node))
    if tree.keys().isdisjoint(looks) and names.fullmatch("".join(node)):
        return node  # type: ignore[return-value]
    kept: dict[str, Any] = {}
    changed = False
    for (name, value), look in zip(node.items(), looks, strict=True):
        below = tree.get(look)
        if not names.fullmatch(name) or below == {} or (below and not isinstance(value, dict)):
            changed = True
            continue
        kept[name] = _pruned(value, below, names) if below else value
        changed = changed or kept[name] is not value
    return kept if changed else node  # type: ignore[return-value]


def _distinct(pairs: list[tuple[str, Any]]) -> None:
    keys = [key.casefold() for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise Ambiguous("The event has a key twice in one object.")


def _spellings(field: str) -> Iterator[Path]:
    """The field's path and each path that means the same, a part of it, or brings it along."""
    yield tuple(field.split("."))
    for path, name in _OTHER_NAMES:
        if _within(path, field):
            yield (name,)
        elif _within(field, path):
            yield (name, *field.removeprefix(path).removeprefix(".").split("."))


def _within(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}.")
