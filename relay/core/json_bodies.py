"""JSON that a stranger sent by HTTP: read, unless it is nested deeper than what could be written again."""

from collections.abc import Iterable
from typing import Any

import orjson

DEPTH_LIMIT = 100
"""How many arrays and objects may stand in one another. Tools have some twenty; what writes JSON ends at 254."""


def read_json(text: bytes) -> Any:
    """What the text says.

    Raises:
        ValueError: it is no JSON, or too deep; the words say which, for behind the name of what was read.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ValueError("is no JSON") from None
    level: list[Any] = [value]
    for _ in range(DEPTH_LIMIT + 1):
        level = [inner for each in level for inner in _within(each)]
        if not level:
            return value
    raise ValueError(f"is nested more than {DEPTH_LIMIT} deep")


def _within(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
