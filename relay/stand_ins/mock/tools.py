"""When the mock calls a function, which one, and with what arguments.

Unless `tool_choice` says so, it calls one when the user's last message was written and names a tool: by a word of
the tool's name, or by one of a few words that ask for tools. Arguments are made up to fit the tool's schema.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from relay.engine.items import Item

Tool = dict[str, Any]
Schema = dict[str, Any]

ASKING_WORDS = frozenset({"weather", "tool", "function"})
MIN_WORD_CHARS = 4
MAX_DEPTH = 8
PLACE = re.compile(r"\b(?:in|at|for|of)\s+([A-Z][\w'-]*(?:\s+[A-Z][\w'-]*)*)")
STRINGS: Mapping[str, str] = {
    "date": "2026-06-01",
    "time": "12:00",
    "url": "https://example.com/",
    "email": "someone@example.com",
    "unit": "celsius",
    "name": "Ada",
}
PLACE_NAMES = ("city", "location", "place", "town", "country")


@dataclass(frozen=True, slots=True)
class Call:
    """A function to call; `arguments` is JSON, as it goes over the wire."""

    name: str
    arguments: str


def choose_call(context: Sequence[Item], tools: Sequence[Tool], tool_choice: str | Tool) -> Call | None:
    """The call to make after these items; None to say something instead.

    Args:
        context: the conversation so far.
        tools: those of the response, else of the session. MCP tools are never called.
        tool_choice: as in the session object.
    """
    functions = [tool for tool in tools if tool["type"] == "function"]
    if not functions or tool_choice == "none":
        return None
    user = next((item for item in reversed(context) if item.role == "user"), None)
    text = user.gist if user else ""
    if isinstance(tool_choice, dict):
        chosen = next((tool for tool in functions if tool["name"] == tool_choice.get("name")), None)
    elif tool_choice == "required":
        chosen = _best(functions, text) or functions[0]
    else:
        chosen = _asked_for(context, functions, text)
    return Call(chosen["name"], _arguments(chosen, text)) if chosen else None


def _asked_for(context: Sequence[Item], functions: Sequence[Tool], text: str) -> Tool | None:
    """The tool that the last message asks for, if it is a user's message and does."""
    if not context or context[-1].role != "user":
        return None
    return _best(functions, text) or (functions[0] if ASKING_WORDS & _words(text) else None)


def _best(functions: Sequence[Tool], text: str) -> Tool | None:
    """The first tool whose name shares a word with the text, or whose description shares an asking word."""
    said = _words(text)
    by_name = (tool for tool in functions if said & _words(tool["name"]))
    by_description = (tool for tool in functions if said & ASKING_WORDS & _words(tool.get("description", "")))
    return next(by_name, None) or next(by_description, None)


def _words(text: str) -> set[str]:
    """The longer words, in small letters; `getWeather` and `get_weather` are two each."""
    parted = re.sub(r"([a-z])([A-Z])", r"\1 \2", text).replace("_", " ").lower()
    return {word for word in re.findall(r"[a-z]+", parted) if len(word) >= MIN_WORD_CHARS}


def _arguments(tool: Tool, text: str) -> str:
    schema = tool.get("parameters") or {}
    value = _plausible({"type": "object", **schema}, "", text, 0)
    return orjson.dumps(value if isinstance(value, dict) else {}).decode()


def _plausible(schema: Any, name: str, text: str, depth: int) -> Any:
    """A value that this schema allows, as far as it can be told without resolving references."""
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return None
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for key in ("enum", "examples"):
        if isinstance(schema.get(key), list) and schema[key]:
            return schema[key][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if isinstance(schema.get(key), list) and schema[key]:
            return _plausible(schema[key][0], name, text, depth + 1)
    return _of_type(schema, name, text, depth)


def _of_type(schema: Schema, name: str, text: str, depth: int) -> Any:
    kind = schema.get("type")
    match kind[0] if isinstance(kind, list) and kind else kind:
        case "object":
            properties = schema.get("properties")
            entries = properties.items() if isinstance(properties, dict) else ()
            return {key: _plausible(inner, key, text, depth + 1) for key, inner in entries}
        case "array":
            return [_plausible(schema["items"], name, text, depth + 1)] if schema.get("items") else []
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _string(name, text)


def _string(name: str, text: str) -> str:
    """A string for a field of this name: a place that was spoken of, an example, or what was written."""
    lowered = name.lower()
    if any(word in lowered for word in PLACE_NAMES):
        place = PLACE.search(text)
        return place.group(1) if place else "Paris"
    return next((value for word, value in STRINGS.items() if word in lowered), text or "example")
