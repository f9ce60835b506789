"""What a request to the REST interface brings, as JSON that can be checked, merged and written again."""

from typing import Any

import orjson

from relay.config.errors import RequestInvalid
from relay.core.nesting import DEEPEST_LEVEL, is_nested_beyond


def read_json(text: bytes, what: str) -> Any:
    """Read a JSON text; `what` names it in a complaint.

    Raises:
        RequestInvalid: it is none, or nested too deeply.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise RequestInvalid(f"{what} is no JSON") from None
    if is_nested_beyond(value, DEEPEST_LEVEL):
        raise RequestInvalid(f"{what} is nested more than {DEEPEST_LEVEL} levels deep")
    return value
