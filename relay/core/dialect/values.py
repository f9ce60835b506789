"""Single values that the beta API and the GA API spell differently, both ways.

What a function does not know it returns as it is.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

Body = dict[str, Any]
Convert = Callable[[Any], Any]

FORMATS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("pcm16", MappingProxyType({"type": "audio/pcm", "rate": 24000})),
    ("g711_ulaw", MappingProxyType({"type": "audio/pcmu"})),
    ("g711_alaw", MappingProxyType({"type": "audio/pcma"})),
)

FOREIGN_KEYS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "server_vad": frozenset({"eagerness"}),
        "semantic_vad": frozenset({"threshold", "prefix_padding_ms", "silence_duration_ms"}),
    }
)
"""Of each voice detection, the keys of the other one: the beta has one struct for both, and GA refuses them."""

PARTS_TO_GA: Mapping[str, str] = MappingProxyType({"text": "output_text", "audio": "output_audio"})
"""Parts of an assistant's message. Those of `response.content_part.…` are called the same in both dialects."""

PARTS_TO_BETA: Mapping[str, str] = MappingProxyType({ga: beta for beta, ga in PARTS_TO_GA.items()})


def same(value: Any) -> Any:
    """The value as it is."""
    return value


def modalities_to_ga(value: Any) -> Any:
    """GA names one: audio, with which its transcript comes, or text."""
    if not isinstance(value, list):
        return value
    return next(([name] for name in ("audio", "text") if name in value), value)


def modalities_to_beta(value: Any) -> Any:
    return ["text", "audio"] if value == ["audio"] else value


def format_to_ga(value: Any) -> Any:
    return next((dict(ga) for beta, ga in FORMATS if beta == value), value)


def format_to_beta(value: Any) -> Any:
    kind = value.get("type") if isinstance(value, dict) else None
    return next((beta for beta, ga in FORMATS if ga["type"] == kind), value)


def turn_detection_to_ga(value: Any) -> Any:
    """Null for every way to say that there is none; no key of another kind of detection."""
    if not isinstance(value, dict) or "type" not in value:
        return value
    kind = value["type"]
    if kind is None or kind == "none":
        return None
    foreign = FOREIGN_KEYS.get(kind, ()) if isinstance(kind, str) else ()
    return {name: part for name, part in value.items() if name not in foreign}


def none_as(off: Any) -> Convert:
    """Voice detection with another word than null for none."""
    return lambda value: {"type": off} if value is None else value


def tool_choice_to_ga(value: Any) -> Any:
    function = value.get("function") if isinstance(value, dict) else None
    return {"type": "function", **function} if isinstance(function, dict) else value


def tool_choice_to_beta(value: Any) -> Any:
    if not isinstance(value, dict) or value.get("type") != "function" or "function" in value:
        return value
    return {"type": "function", "function": {name: part for name, part in value.items() if name != "type"}}


def item_to_ga(item: Any) -> Any:
    if not isinstance(item, dict) or item.get("role") != "assistant":
        return item
    return _with_parts(item, PARTS_TO_GA)


def item_to_beta(item: Any) -> Any:
    return _with_parts(item, PARTS_TO_BETA) if isinstance(item, dict) else item


def each(convert: Convert) -> Convert:
    """The same for every element of a list."""
    return lambda value: [convert(element) for element in value] if isinstance(value, list) else value


def _with_parts(item: Body, names: Mapping[str, str]) -> Body:
    content = item.get("content")
    if not isinstance(content, list):
        return item
    return {**item, "content": [_named(part, names) for part in content]}


def _named(part: Any, names: Mapping[str, str]) -> Any:
    kind = part.get("type") if isinstance(part, dict) else None
    return {**part, "type": names[kind]} if isinstance(kind, str) and kind in names else part
