"""Server events: plain dicts with a `type` and an `event_id` of their own, ready to be serialised."""

from secrets import randbelow, token_hex, token_urlsafe
from typing import Any

Event = dict[str, Any]
"""One Realtime event, either direction. Nobody changes an event after it was handed on."""

MAX_PADDING_BYTES = 16


def new_id(prefix: str) -> str:
    """`prefix_` and 20 hexadecimal digits: unique between sessions, and within the API's 32 characters."""
    return f"{prefix}_{token_hex(10)}"


def event(kind: str, **fields: Any) -> Event:
    """A server event of type `kind`, `event_id` included."""
    return {"type": kind, "event_id": new_id("event"), **fields}


def delta(kind: str, **fields: Any) -> Event:
    """A piece of output. Like the API's, it is padded at random so that its size does not give the words away."""
    return event(kind, **fields, obfuscation=token_urlsafe(randbelow(MAX_PADDING_BYTES)))
