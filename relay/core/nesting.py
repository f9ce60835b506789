"""How deep a JSON value is nested: what is deeper than anything that is meant can be read, and not written again."""

from typing import Any

DEEPEST_LEVEL = 100
"""What is meant has a dozen; what has some hundred cannot be written again, and what walks it runs out of stack."""


def is_nested_beyond(value: Any, levels: int) -> bool:
    """Whether there are more than so many objects and lists within one another. Takes a step a value, and no stack."""
    found = [value]
    for _ in range(levels + 1):
        found = [inner for outer in found if isinstance(outer, dict | list) for inner in _within(outer)]
        if not found:
            return False
    return True


def _within(outer: dict[str, Any] | list[Any]) -> Any:
    return outer.values() if isinstance(outer, dict) else outer
