"""Reading a message as a Realtime event, as far as somebody asked for it.

A message is `str` when it came as text and `bytes` when it came as binary, so the opcode travels with the data.
What is not an event (malformed JSON, not an object, no `type`, binary) is still a message: it has a kind that
stands for its type and is forwarded like any other. Nothing here raises.
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from relay.core.lenient_json import (
    MOST_LEVELS,
    has_too_many_values,
    is_too_deep,
    read_leniently,
    read_pruned,
    scan_type,
    write_leniently,
)
from relay.core.long_json import Cuts, cut, put_back, read_long

Data = str | bytes
Body = dict[str, Any]

MALFORMED = "malformed"
"""The kind of a text message of which nobody can say that it is a JSON object with a certain `type`."""

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
        """The parsed object, read at most once; not to be changed in place.

        Empty for what is not an event, and for a peer's event that has too many values or levels to be read: of that
        the type alone is known. What an upstream nests deeper than `MOST_LEVELS` is null.
        """
        if self._body is None:
            self._body = _read_all(self.data) or {}
        return self._body

    @property
    def is_whole(self) -> bool:
        """Whether the body has everything that the message says."""
        return isinstance(self.data, bytes) or not is_too_deep(self.data)


class BriefEvent(Event):
    """An event with room for nothing but its type and one string, as a piece of audio is: no key of it stands twice."""

    __slots__ = ()


class LongEvent(Event):
    """An event whose long strings are put into its body when somebody asks for that."""

    __slots__ = ("_cuts",)

    def __init__(self, data: str, type_: str, shortened: Body, cuts: Cuts) -> None:
        super().__init__(data, type_, shortened)
        self._cuts = cuts

    @property
    def body(self) -> Body:
        if self._cuts:
            self._body, self._cuts = put_back(self._body, self._cuts, str(self.data)), {}
        return self._body or {}


def read_peer_event(data: Data) -> Event:
    """Read a peer's message in full: a policy that trusts a prefix is defeated by a second or late `type`.

    A brief one needs no reading: it has no room for such. Of one that would take too long only the type is read.
    """
    if isinstance(data, bytes):
        return Event(data, BINARY)
    brief = _TYPE_AND_STRING.match(data)
    if brief is not None and data[-1] == "}" and data.find('"', brief.end()) == len(data) - 2 and "\\" not in data:
        return BriefEvent(data, brief[1])
    left, cuts = cut(data)
    if has_too_many_values(left, MOST_VALUES) or is_too_deep(left):
        return Event(data, scan_type(data) or MALFORMED, {})
    body = _parse(left)
    if body is None:
        body, cuts = read_leniently(data), {}
    kind = put_back(body.get("type"), cuts, data) if body else None
    type_ = kind if isinstance(kind, str) else MALFORMED
    return LongEvent(data, type_, body, cuts) if body and cuts else Event(data, type_, body or {})


def read_upstream_event(data: Data) -> Event:
    """Read an upstream's message by its prefix, and in full only where the prefix does not tell.

    It is read whatever its size and however it is written: it may be a bill, or hold a secret.
    """
    if isinstance(data, bytes):
        return Event(data, BINARY)
    leading = _LEADING_TYPE.match(data)
    if leading is not None:
        return Event(data, leading[1])
    body = _read_all(data) or {}
    kind = body.get("type")
    return Event(data, kind if isinstance(kind, str) else MALFORMED, body)


def read_as_text(data: bytes) -> Event | None:
    """What a peer's binary message is to an upstream that takes JSON in any frame; None where it is no JSON object."""
    if not data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return None
    try:
        event = read_peer_event(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return None
    return event if event.body or event.type != MALFORMED else None


def write_event(body: Mapping[str, Any]) -> Event:
    """Make the text event whose JSON is `body`, compact, in the order given."""
    return Event(write_json(body), body["type"], dict(body))


def write_json(body: Mapping[str, Any]) -> str:
    """The JSON of an event's body, however it was read: with numbers of more than 64 bits, too."""
    try:
        return orjson.dumps(body).decode()
    except TypeError:
        return write_leniently(body)


def size_bytes(data: Data) -> int:
    """The length of a message on the wire, without frame headers."""
    if isinstance(data, bytes) or data.isascii():
        return len(data)
    return len(data.encode())


def _read_all(data: Data) -> Body | None:
    """The object that the message is, by whichever reader can read it."""
    if isinstance(data, bytes):
        return _parse(data)
    if is_too_deep(data):
        return read_pruned(data, MOST_LEVELS)
    body = _parse(data)
    return read_leniently(data, strict=False) if body is None else body


def _parse(data: Data) -> Body | None:
    try:
        body = orjson.loads(data) if isinstance(data, bytes) else read_long(data)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None
