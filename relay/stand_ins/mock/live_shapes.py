"""What each client event of a Live session has to look like.

Of delegation, of triggers and of the items for them, what the mock reads is checked; the rest is taken as it comes.
"""

from typing import Any

from relay.engine.checks import (
    Check,
    anything,
    array,
    boolean,
    either,
    exactly,
    fields,
    free_object,
    integer,
    nullable,
    one_of,
    text,
    variants,
)
from relay.engine.errors import Fault, Refused
from relay.engine.shapes import client_event

AUDIO_FORMAT = variants(
    "type",
    {
        "audio/pcm": fields({"type": anything, "rate": exactly(24000)}),
        "audio/pcmu": fields({"type": anything, "rate": exactly(8000)}),
        "audio/pcma": fields({"type": anything, "rate": exactly(8000)}),
    },
)


def _text_or_parts(value: Any, path: str) -> None:
    (array(free_object) if isinstance(value, list) else text())(value, path)


def _text_or_truth(value: Any, path: str) -> None:
    (boolean if isinstance(value, bool) else text())(value, path)


def _some(inner: Check) -> Check:
    """Accepts lists of one thing at least."""

    def check(value: Any, path: str) -> None:
        array(inner)(value, path)
        if not value:
            raise Refused(Fault.INVALID_VALUE, param=path, value="[]", supported="one entry, and more")

    return check


def _having(needed: dict[str, Check] | None = None, /, **optional: Check) -> Check:
    """Accepts objects that have these fields, perhaps the optional ones, and any others."""
    known = {**(needed or {}), **optional}

    def check(value: Any, path: str) -> None:
        free_object(value, path)
        fields(needed, **optional)({name: entry for name, entry in value.items() if name in known}, path)

    return check


def _item(kinds: dict[str, Check]) -> Check:
    """Accepts objects that are as the kind says that their `type` names, a message without one, and any other kind."""

    def check(value: Any, path: str) -> None:
        _having(type=nullable(text()), id=nullable(text(64)))(value, path)
        kinds.get(value.get("type") or "message", free_object)(value, path)

    return check


ITEM = _item(
    {
        "message": _having({"role": one_of("user", "developer", "system", "assistant"), "content": _text_or_parts}),
        "function_call": _having({"call_id": text(), "name": text(), "arguments": text()}),
        "function_call_output": _having({"call_id": text(), "output": _text_or_parts}),
    }
)
_ASKED: dict[str, Check] = {"instructions": _text_or_parts}
QUESTION = variants(
    "type",
    {
        "predicate": _having(_ASKED, name=nullable(text())),
        "choice": _having({**_ASKED, "choices": _some(_having({"value": _text_or_truth}))}, name=nullable(text())),
        "score": _having({**_ASKED, "levels": _some(_having({"label": text()}))}, name=nullable(text())),
    },
)
TOOL = _having({"type": text()}, name=nullable(text()), description=nullable(text()), parameters=nullable(free_object))
BACKEND: dict[str, Check] = {
    "instructions": nullable(text()),
    "tools": nullable(array(TOOL)),
    "tool_choice": nullable(either(one_of("auto", "none", "required"), _having({"type": text()}, name=text()))),
}
DELAY: dict[str, Check] = {"acknowledgement_delay_ms": nullable(integer(0))}
TRIGGER = fields(
    {
        "type": one_of("decisions"),
        "event_type": one_of("session.input_transcript.delta", "session.output_transcript.delta"),
        "decisions": fields({"questions": _some(QUESTION)}),
    }
)
TRIGGERS = nullable(array(TRIGGER, max_items=2))
DELEGATION = variants(
    "type",
    {
        "client": fields({"type": anything}, **DELAY),
        "responses": fields({"type": anything, "responses": _having({"model": text()}, **BACKEND)}, **DELAY),
        "decisions": fields(
            {"type": anything, "decisions": fields({"model": text(), "questions": _some(QUESTION)})}, **DELAY
        ),
    },
)
DELEGATION_UPDATE = variants(
    "type",
    {
        "client": fields({"type": anything}, **DELAY),
        "responses": fields(
            {"type": anything}, responses=nullable(_having(model=nullable(text()), **BACKEND)), **DELAY
        ),
        "decisions": fields(
            {"type": anything},
            decisions=nullable(fields(model=nullable(text()), questions=nullable(_some(QUESTION)))),
            **DELAY,
        ),
    },
)
SESSION = fields(
    {"model": text()},
    instructions=nullable(text()),
    audio=nullable(
        fields(
            format=nullable(AUDIO_FORMAT),
            output=nullable(fields(voice=nullable(either(text(64), fields({"id": text(64)}))))),
        )
    ),
    input=nullable(array(fields({"role": one_of("developer", "user", "assistant"), "content": array(free_object)},
                                id=text(), status=text(), type=one_of("message")), max_items=128)),
    client=nullable(free_object),
    safety_identifier=nullable(text()),
    store=nullable(boolean),
    delegation=nullable(DELEGATION),
    triggers=TRIGGERS,
)  # fmt: skip

_CONTENT = client_event({"content": text()}, delegation_id=nullable(text()))

CLIENT_EVENTS: dict[str, Check] = {
    "session.start": client_event({"session": SESSION}),
    "session.update": client_event({"session": fields(delegation=nullable(DELEGATION_UPDATE), triggers=TRIGGERS)}),
    "session.close": client_event(),
    "session.input_audio.append": client_event({"audio": text()}),
    "session.input_audio.mute": client_event(),
    "session.input_audio.unmute": client_event(),
    "session.output_audio.fixture.play": client_event({"audio": text()}),
    "session.instructions.append": _CONTENT,
    "session.thinking.append": _CONTENT,
    "session.commentary.append": _CONTENT,
    "response.create": client_event(),
    "response.item.create": client_event({"item": ITEM}),
    "decision.create": fields({"type": anything, "event_id": text(512)}),
    "decision.item.create": client_event({"item": ITEM}),
    "decision.item.delete": client_event({"item_id": text()}),
}
CLIENT_EVENT = variants("type", CLIENT_EVENTS)
