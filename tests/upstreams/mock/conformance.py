"""Whether an event is what the `openai` package's own types say, to the letter.

Those models are built to be lenient: they take unknown fields, and are handed out unvalidated. Here they are validated
in pydantic's strict mode, and every field that they do not declare must be one of those that the API is known to send
beyond its types.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from openai.types.realtime.realtime_server_event import RealtimeServerEvent
from pydantic import BaseModel, TypeAdapter

UNDECLARED = {
    "obfuscation",  # on each delta
    "session.object",
    "session.id",
    "session.expires_at",
}


@cache
def models() -> dict[str, TypeAdapter[BaseModel]]:
    """The model of each type of server event."""
    union = get_args(RealtimeServerEvent)[0]
    return {get_args(model.model_fields["type"].annotation)[0]: TypeAdapter(model) for model in get_args(union)}


def undeclared(model: BaseModel, path: str = "") -> Iterator[str]:
    """The fields that this model, or one inside it, holds without declaring them."""
    yield from (path + name for name in model.model_extra or {})
    for name in type(model).model_fields:
        value = getattr(model, name)
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, BaseModel):
                yield from undeclared(entry, f"{path}{name}.")


def conforms(event: dict[str, Any]) -> None:
    """Fail unless this event has all that its type requires, nothing of another kind, and nothing unknown."""
    parsed = models()[event["type"]].validate_python(event, strict=True)
    assert set(undeclared(parsed)) <= UNDECLARED
