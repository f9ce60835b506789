"""Sessions, requests and responses from flat to nested and back, by a list of fields.

What an object says that the other shape cannot say in the same words is its `Spellings`: with them it can be brought
back as it was.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from relay.core.dialect.table import Field
from relay.core.dialect.values import Body

Spellings = dict[str, tuple[Any, Any]]
"""By the flat name of a field: its value there, and the value that stands for it in GA, if anything can."""

NOWHERE: Any = object()
"""Stands for the value in GA of a field that has no place there."""


def nested(flat: Mapping[str, Any], fields: Iterable[Field]) -> tuple[Body, Spellings]:
    """The GA object, and what was lost on the way to it. Fields that are not in the list stand where they stood."""
    named = {field.beta: field for field in fields}
    result: Body = _branches({name: value for name, value in flat.items() if name not in named})
    lost: Spellings = {}
    for name in filter(named.__contains__, flat):
        field, said = named[name], flat[name]
        value = field.to_ga(said) if field.ga else NOWHERE
        if value is not NOWHERE and not _put(result, field.ga, value):
            result[name] = said
        elif value is NOWHERE or field.to_beta(value) != said:
            lost[name] = (said, value)
    return result, lost


def flattened(ga: Mapping[str, Any], fields: Iterable[Field], lost: Spellings) -> Body:
    """The flat object, with what was lost restored where GA still says what stood for it."""
    result = _branches(ga)
    for field in fields:
        said, stood_for_it = lost.get(field.beta, (NOWHERE, NOWHERE))
        value = _take(result, field.ga) if field.ga else NOWHERE
        if said is not NOWHERE and value == stood_for_it:
            result.setdefault(field.beta, said)
        elif value is not NOWHERE:
            result[field.beta] = field.to_beta(value)
    return result


def without_place(lost: Spellings) -> Spellings:
    """Of what was lost, the fields that GA has no place for."""
    return {name: spelt for name, spelt in lost.items() if spelt[1] is NOWHERE}


def _branches(node: Mapping[str, Any]) -> Body:
    """A copy in which `audio` and what it holds can be changed."""
    copy = dict(node)
    audio = copy.get("audio")
    if isinstance(audio, dict):
        copy["audio"] = {side: dict(part) if isinstance(part, dict) else part for side, part in audio.items()}
    return copy


def _put(node: Body, path: tuple[str, ...], value: Any) -> bool:
    """Put the value there; not so where something that is no object stands in the way."""
    place: Any = node
    for name in path[:-1]:
        place = place.setdefault(name, {})
        if not isinstance(place, dict):
            return False
    place[path[-1]] = value
    return True


def _take(node: Body, path: tuple[str, ...]) -> Any:
    """Take the value from there, and with it the objects that are empty then."""
    if len(path) == 1:
        return node.pop(path[0], NOWHERE)
    below = node.get(path[0])
    if not isinstance(below, dict):
        return NOWHERE
    value = _take(below, path[1:])
    if not below:
        del node[path[0]]
    return value
