"""What a peer may not change: a profile's locked fields, in every event that could set them.

A locked field is a path into the session object, such as `audio.output.voice`. It is taken out of `session.update`, of
`session.start` and of the overrides in `response.create`; what else such an event says still passes. Where
`instructions` are locked, system items and further instructions are refused too, since the model obeys them alike, and
the instructions are not shown to the peer.

Two readers of one JSON text may disagree: about which of two equal keys counts, about letter case (Go's reader ignores
it), about what is not an event at all. So in a locked session a message that is binary, is no event, or has two keys
in one object that differ at most in case is refused, never forwarded. The beta API's flat names count as their GA
paths, and `prompt` as instructions and tools, which it can bring.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from relay.core.events import BriefEvent, Data, Event, write_event
from relay.core.interceptor import EVERY, Interceptor
from relay.core.session import Session

INSTRUCTIONS = "instructions"
SESSION_UPDATES = frozenset({"session.start", "session.update", "transcription_session.update"})
SESSION_ECHOES = frozenset(
    {"session.created", "session.started", "session.updated", "session.closed", "transcription_session.updated"}
)
ITEMS = frozenset({"conversation.item.create", "response.item.create", "decision.item.create"})
MORE_INSTRUCTIONS = "session.instructions.append"
RESPONSE_CREATE = "response.create"
GUARDED = frozenset({*SESSION_UPDATES, *ITEMS, MORE_INSTRUCTIONS, RESPONSE_CREATE})

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

_HARMLESS_ROLES = frozenset({"user", "assistant"})

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
        paths = frozenset(path for field in fields for path in _spellings(field))
        self._paths = sorted(paths)
        self._hides = (INSTRUCTIONS,) in paths
        self.down = SESSION_ECHOES if self._hides else frozenset()

    def opened(self, session: Session, now: float) -> None:
        self._session = session

    def on_up(self, event: Event, now: float) -> Event | None:
        if isinstance(event, BriefEvent) and event.type not in GUARDED:
            return event
        why = _why_refused(event)
        if why is None and self._hides:
            why = _commands_refused(event)
        if why is not None:
            self._session.refuse_event(event, "event_refused", why, now)
            return None
        if event.type in SESSION_UPDATES:
            return self._without_commands(self._unlocked(event, "session"), "session")
        if event.type == RESPONSE_CREATE:
            return self._without_commands(self._unlocked(event, "response"), "response")
        return event

    def passes_proved(self, kind: str) -> bool:
        return kind not in GUARDED

    def on_down(self, event: Event, now: float) -> Event | None:
        body = event.body
        for path in ((INSTRUCTIONS,), ("session", INSTRUCTIONS), ("session", "prompt")):
            body = without(body, path)
        return event if body is event.body else write_event(body)

    def _unlocked(self, event: Event, holder: str) -> Event:
        """The event without locked fields, in its `holder` and, where a lax upstream might look, beside it."""
        body = event.body
        for path in self._paths:
            body = without(without(body, (holder, *path)), path)
        return event if body is event.body else write_event(body)

    def _without_commands(self, event: Event, holder: str) -> Event:
        """The event without items that the model may obey, in what its `holder` begins with."""
        if not self._hides:
            return event
        body = event.body
        for outer, held in body.items():
            if outer.casefold() == holder and isinstance(held, dict):
                for inner, items in held.items():
                    if inner.casefold() == "input" and (kept := _harmless(items)) != items:
                        return write_event({**body, outer: {**held, inner: kept}})
        return event


def without(node: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The object without what stands at the path; the very same object where nothing does.

    Letter case is ignored. What stands where the path wants an object, such as null, is taken out: it could reset
    everything below it.
    """
    changed: dict[str, Any] = {}
    gone: list[str] = []
    for key, value in node.items():
        if key.casefold() != path[0]:
            continue
        if len(path) == 1 or not isinstance(value, dict):
            gone.append(key)
            continue
        kept = without(value, path[1:])
        if kept is not value:
            changed[key] = kept
    if not changed and not gone:
        return node  # type: ignore[return-value]
    return {key: changed.get(key, value) for key, value in node.items() if key not in gone}


def without_locked(session: Mapping[str, Any], fields: Iterable[str]) -> Mapping[str, Any]:
    """A session object without the locked fields, however they are spelt."""
    for path in {path for field in fields for path in _spellings(field)}:
        session = without(session, path)
    return session


def commands(item: Any) -> bool:
    """Whether the model may obey this item as it obeys its instructions."""
    if not isinstance(item, dict):
        return True
    roles = [value for key, value in item.items() if key.casefold() == "role"]
    return any(not isinstance(role, str) or role not in _HARMLESS_ROLES for role in roles)


def check_unambiguous(data: Data) -> None:
    """Raise `Ambiguous` where an object at any depth has two keys that differ at most in letter case.

    Numbers are measured, not made: one of a million digits would hold the loop.
    """
    try:
        json.loads(data, object_pairs_hook=_distinct, parse_int=len, parse_float=len, parse_constant=len)
    except RecursionError:
        raise Ambiguous("The event is nested too deeply.") from None


def _harmless(items: Any) -> list[Any]:
    return [item for item in items if not commands(item)] if isinstance(items, list) else []


def _why_refused(event: Event) -> str | None:
    if isinstance(event.data, bytes):
        return "This session takes text messages only."
    if not isinstance(event.body.get("type"), str):
        return "The message is not a JSON object with a type."
    try:
        check_unambiguous(event.data)
    except Ambiguous as why:
        return str(why)
    return None


def _commands_refused(event: Event) -> str | None:
    if event.type == MORE_INSTRUCTIONS:
        return "The instructions of this session are locked, so nothing is added to them."
    if event.type not in ITEMS:
        return None
    for key, item in event.body.items():
        if key.casefold() == "item" and commands(item):
            return "The instructions of this session are locked, so its items are the user's or the assistant's."
    return None


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
