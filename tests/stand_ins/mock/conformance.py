"""Whether an event is what the `openai` package's own types say, to the letter.

Those models are built to be lenient: they take unknown fields, and are handed out unvalidated. Here they are validated
in pydantic's strict mode, and every field that they do not declare must be one of those that the API is known to send
beyond its types.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, get_args

from openai.types.live import ServerEvent
from openai.types.realtime import RealtimeServerEvent, RealtimeTranslationServerEvent
from openai.types.responses import ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

UNDECLARED = {
    "obfuscation",  # on each delta
    "session.object",
    "session.id",
    "session.expires_at",
}

UNIONS: Mapping[str, object] = MappingProxyType(
    {
        "realtime": RealtimeServerEvent,
        "translation": RealtimeTranslationServerEvent,
        "live": ServerEvent,
        "responses": ResponseStreamEvent,
    }
)


@cache
def models(kind: str = "realtime") -> dict[str, TypeAdapter[BaseModel]]:
    """The model of each type of server event, in sessions of this kind."""
    union = get_args(UNIONS[kind])[0]
    return {get_args(model.model_fields["type"].annotation)[0]: TypeAdapter(model) for model in get_args(union)}


def undeclared(model: BaseModel, path: str = "") -> Iterator[str]:
    """The fields that this model, or one inside it, holds without declaring them."""
    yield from (path + name for name in model.model_extra or {})
    for name in type(model).model_fields:
        value = getattr(model, name)
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, BaseModel):
                yield from undeclared(entry, f"{path}{name}.")


def conforms(event: dict[str, Any], kind: str = "realtime") -> None:
    """Fail unless this event has all that its type requires, nothing of another kind, and nothing unknown."""
    parsed = models(kind)[event["type"]].validate_python(event, strict=True)
    assert set(undeclared(parsed)) <= UNDECLARED
    if event["type"] == "response.event":
        conforms(event["event"], "responses")
