"""Reading what a client sends: is it an event, and one that the API knows?"""

from typing import Any

import orjson

from relay.engine.errors import Fault, Refused
from relay.engine.events import Event
from relay.engine.shapes import CLIENT_EVENT

MAX_DEPTH = 100
MAX_EVENT_ID_CHARS = 512


def parse(message: str | bytes) -> Event:
    """The JSON object of one WebSocket message: `str` is what came in a text frame, `bytes` in a binary one.

    Raises:
        Refused: it is binary, is not JSON, or is JSON but no object, or one of more than `MAX_DEPTH` levels.
    """
    if isinstance(message, bytes):
        raise Refused(Fault.BINARY_FRAME)
    try:
        parsed = orjson.loads(message)
    except orjson.JSONDecodeError:
        raise Refused(Fault.INVALID_JSON) from None
    if not isinstance(parsed, dict) or _nests_too_deeply(parsed):
        raise Refused(Fault.INVALID_JSON)
    return parsed


def _nests_too_deeply(parsed: Event) -> bool:
    """Whether there are more levels than could be written again: much of what is taken has to be echoed."""
    level: list[Any] = [parsed]
    for _ in range(MAX_DEPTH):
        entries = (entry for outer in level for entry in (outer.values() if isinstance(outer, dict) else outer))
        level = [entry for entry in entries if isinstance(entry, dict | list)]
        if not level:
            return False
    return True


def sender_event_id(parsed: Event) -> str | None:
    """The id that the sender gave its event, to be echoed by an `error`; None where there is none to echo."""
    event_id = parsed.get("event_id")
    return event_id if isinstance(event_id, str) and len(event_id) <= MAX_EVENT_ID_CHARS else None


def check(parsed: Event) -> None:
    """Raise `Refused` unless this is a client event that the API knows, with all that it needs."""
    CLIENT_EVENT(parsed, "")
