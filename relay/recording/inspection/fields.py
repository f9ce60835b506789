"""Fields of events that may have any shape: what is not as the API has it counts as absent."""

from collections.abc import Callable
from typing import Any

from relay.core.events import Body

OnEvent = Callable[[Body, float], object]
"""Is told an event's body and its time."""


def dict_of(value: Any) -> Body:
    """The value, if it is an object; else an empty one."""
    return value if isinstance(value, dict) else {}


def text_of(holder: Any, key: str) -> str:
    """A field that is a string; else an empty one."""
    value = dict_of(holder).get(key)
    return value if isinstance(value, str) else ""


def number_of(holder: Any, key: str) -> int:
    """A field that is a whole number; else 0."""
    value = dict_of(holder).get(key)
    return value if isinstance(value, int) else 0


def list_of(holder: Any, key: str) -> list[Any]:
    """A field that is an array; else an empty one."""
    value = dict_of(holder).get(key)
    return value if isinstance(value, list) else []
