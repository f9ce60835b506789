"""Reading a message as a Realtime event, as far as somebody asked for it.

A message is `str` when it came as text and `bytes` when it came as binary, so the opcode travels with the data.
What is not an event (malformed JSON, not an object, no `type`, binary) is still a message: it has a kind that
stands for its type and is forwarded like any other. Nothing here raises.
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

Data = str | bytes
Body = dict[str, Any]

MALFORMED = "malformed"
"""The kind of a text message that is not a JSON object with a string `type`, or not one that can be read in passing."""

BINARY = "binary"
"""The kind of a binary message. The API's own events are text; some providers send raw audio."""

MOST_VALUES = 20_000
"""A peer's message with more values than this is not read: reading it would hold up everybody else's.

An event has a few thousand at most, a message of 24 MiB could have millions. See docs/reliability.md.
"""

# The upstream writes `type` first, or after an id. A match is proof: nothing else stands before it.
_LEADING_TYPE = re.compile(r'\s*\{\s*(?:"event_id"\s*:\s*"[^"\\]*"\s*,\s*)?"type"\s*:\s*"([a-z0-9_.]+)"')

# What most of a peer's messages are: `type` first, and a long string that ends with the message.
_TYPE_AND_STRING = re.compile(r'\{ ?"type": ?"([a-z_.]+)", ?"(?!type")[a-z_]+": ?"')


class Event:
    """One message and what is known of it.

    Attributes:
        data: the message as it arrived, or as an interceptor wrote it.
        type: the event's `type`, or `MALFORMED` or `BINARY`.
    """

    __slots__ = ("_body", "data", "type")

    def __init__(self, data: Data, type_: str, body: Body | None = None) -> None:
        self.data = data
        self.type = type_
        self._body = body

    @property
    def body(self) -> Body:
        """The parsed object, read at most once; empty for what is not an event. Not to be changed in place."""
        if self._body is None:
            self._body = _parse(self.data) or {}
        return self._body


class BriefEvent(Event):
    """An event with room for nothing but its type and one string, as a piece of audio is: no key of it stands twice."""

    __slots__ = ()


def read_peer_event(data: Data) -> Event:
    """Read a peer's message in full: a policy that trusts a prefix is defeated by a second or late `type`.

    A brief one needs no reading: it has no room for such.
    """
    if isinstance(data, bytes):
        return Event(data, BINARY)
    brief = _TYPE_AND_STRING.match(data)
    if brief is not None and data[-1] == "}" and data.find('"', brief.end()) == len(data) - 2 and "\\" not in data:
        return BriefEvent(data, brief[1])
    if len(data) > 2 * MOST_VALUES and _has_too_many_values(data):  # each has two characters, such as `0,`
        return Event(data, MALFORMED, {})
    body = _parse(data)
    if body is not None:
        kind = body.get("type")
        if kind.__class__ is str:
            return Event(data, kind, body)
    return Event(data, MALFORMED, body)


def read_upstream_event(data: Data) -> Event:
    """Read an upstream's message by its prefix, and in full only where the prefix does not tell."""
    if isinstance(data, str):
        leading = _LEADING_TYPE.match(data)
        if leading is not None:
            return Event(data, leading[1])
    return read_peer_event(data)


def write_event(body: Mapping[str, Any]) -> Event:
    """Make the text event whose JSON is `body`, compact, in the order given."""
    return Event(orjson.dumps(body).decode(), body["type"], dict(body))


def size_bytes(data: Data) -> int:
    """The length of a message on the wire, without frame headers."""
    if isinstance(data, bytes) or data.isascii():
        return len(data)
    return len(data.encode())


def _has_too_many_values(data: str) -> bool:
    """Whether a JSON text may have too many values: what separates and opens them may also stand in a string.

    To find is several times faster than to count where there is little to find.
    """
    left = MOST_VALUES
    for mark in ",[{":
        at = data.find(mark)
        while at >= 0 and left >= 0:
            left -= 1
            at = data.find(mark, at + 1)
    return left < 0


def _parse(data: Data) -> Body | None:
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None
