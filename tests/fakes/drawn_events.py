"""Events drawn from the `openai` package's own types, for tests that hold for every event."""

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel

Body = dict[str, Any]
Models = Mapping[str, type[BaseModel]]
Special = Mapping[str, st.SearchStrategy[Any]]
"""How models of these names are drawn instead."""

WORDS = st.text(alphabet='abc äλ"\\\n', max_size=8)
SCALARS = {
    str: WORDS,
    bool: st.booleans(),
    int: st.integers(0, 10_000),
    float: st.floats(0, 2, width=16),
    object: st.none() | st.booleans() | WORDS | st.dictionaries(WORDS, st.integers(0, 9), max_size=2),
}
NULLABLE = frozenset({
    "turn_detection", "input_audio_transcription", "input_audio_noise_reduction", "transcription", "noise_reduction",
    "previous_item_id", "usage", "tracing",
})  # fmt: skip
"""Fields in which null is a value of its own; elsewhere a type's `None` means that the field is left out."""


def models_of(union: Any) -> dict[str, type[BaseModel]]:
    """The models of an event union, by event type."""
    members = get_args(get_args(union)[0])
    return {get_args(member.model_fields["type"].annotation)[0]: member for member in members}


def drawn(model: type[BaseModel], special: Special = types.MappingProxyType({})) -> st.SearchStrategy[Body]:
    """JSON objects that the model takes."""
    for name in (model.__name__, f"{model.__module__.rpartition('.')[2]}.{model.__name__}"):
        if name in special:
            return special[name]
    required, optional = {}, {}
    for name, field in model.model_fields.items():
        values = _of(field.annotation, special)
        if field.is_required():
            required[field.alias or name] = values
        else:
            optional[field.alias or name] = st.none() | values if name in NULLABLE else values
    return st.fixed_dictionaries(required, optional=optional)


def event(models: Models, special: Special = types.MappingProxyType({})) -> st.SearchStrategy[Body]:
    """Events of any of these models."""
    return st.one_of([drawn(model, special) for model in models.values()])


def unknown_fields(model: BaseModel, path: str = "") -> Iterator[str]:
    """Where an object says what its type does not know."""
    yield from (f"{path}.{name}" for name in model.model_extra or {})
    for name in type(model).model_fields:
        value = getattr(model, name)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, BaseModel):
                yield from unknown_fields(part, f"{path}.{name}")


def _of(annotation: Any, special: Special) -> st.SearchStrategy[Any]:
    origin, parts = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return st.deferred(lambda: drawn(annotation, special))
    if origin is None:
        return SCALARS[annotation]
    if origin is Literal:
        return st.sampled_from(parts)
    if origin is list:
        return st.lists(_of(parts[0], special), max_size=3)
    if origin is dict:
        return st.dictionaries(WORDS, _of(parts[1], special), max_size=2)
    alternatives = parts[:1] if origin is Annotated else parts
    return st.one_of([_of(part, special) for part in alternatives if part is not type(None)])
