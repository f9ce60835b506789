"""Small checks that compose into the shape of a client event, and refuse in the API's words.

A check takes a value and the path that names it (`session.audio.output.voice`), and raises `Refused` when the
value would be refused. What the tables of `requests.py` do not name is refused as unknown, as the API does it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from relay.engine.errors import Fault, Refused

Check = Callable[[Any, str], None]

SHOWN_VALUE_CHARS = 60
NAMES = {
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    str: "a string",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def _expect(value: object, path: str, expected: str, *types: type) -> None:
    """Refuse a value that is of none of these types; `true` is no number here."""
    if type(value) not in types:
        raise Refused(Fault.INVALID_TYPE, param=path, expected=expected, got=NAMES[type(value)])


def _listed(values: Iterable[str]) -> str:
    """'a', 'b', and 'c'"""
    *most, last = [f"'{value}'" for value in values]
    return f"{', '.join(most)}{',' if len(most) > 1 else ''} and {last}" if most else last


def anything(value: object, path: str) -> None:
    """Accepts every value: what the mock neither reads nor can judge."""


def boolean(value: object, path: str) -> None:
    """Accepts true and false."""
    _expect(value, path, "a boolean", bool)


def free_object(value: object, path: str) -> None:
    """Accepts any object: a tool's parameters, for one."""
    _expect(value, path, "an object", dict)


def metadata(value: Any, path: str) -> None:
    """Accepts an object of at most 16 strings of at most 512 characters, under keys of at most 64."""
    free_object(value, path)
    if len(value) > 16:
        raise Refused(Fault.TOO_MANY, param=path, limit=16, length=len(value))
    for key, entry in value.items():
        text(64)(key, path)
        text(512)(entry, f"{path}.{key}")


def token_limit(value: object, path: str) -> None:
    """Accepts "inf" and whole numbers from 1 up; where they end differs from model to model."""
    (one_of("inf") if isinstance(value, str) else integer(1))(value, path)


def text(max_length: int | None = None) -> Check:
    """Accepts strings of at most `max_length` characters."""

    def check(value: Any, path: str) -> None:
        _expect(value, path, "a string", str)
        if max_length is not None and len(value) > max_length:
            raise Refused(Fault.TOO_LONG, param=path, limit=max_length, length=len(value))

    return check


def _within(value: float, path: str, low: float | None, high: float | None) -> None:
    if low is not None and value < low:
        raise Refused(Fault.BELOW_MINIMUM, param=path, limit=low, value=value)
    if high is not None and value > high:
        raise Refused(Fault.ABOVE_MAXIMUM, param=path, limit=high, value=value)


def integer(low: int | None = None, high: int | None = None) -> Check:
    """Accepts whole numbers from `low` to `high`, both included."""

    def check(value: Any, path: str) -> None:
        _expect(value, path, "an integer", int)
        _within(value, path, low, high)

    return check


def number(low: float, high: float) -> Check:
    """Accepts numbers from `low` to `high`, both included."""

    def check(value: Any, path: str) -> None:
        _expect(value, path, "a decimal", int, float)
        _within(value, path, low, high)

    return check


def one_of(*allowed: str) -> Check:
    """Accepts these strings."""

    def check(value: Any, path: str) -> None:
        _expect(value, path, "a string", str)
        if value not in allowed:
            shown = f"'{value[:SHOWN_VALUE_CHARS]}'"
            raise Refused(Fault.INVALID_VALUE, param=path, value=shown, supported=_listed(allowed))

    return check


def exactly(number: int) -> Check:
    """Accepts this one number."""

    def check(value: Any, path: str) -> None:
        _expect(value, path, "an integer", int)
        if value != number:
            raise Refused(Fault.INVALID_VALUE, param=path, value=value, supported=number)

    return check


def nullable(inner: Check) -> Check:
    """Accepts null, and what `inner` accepts."""

    def check(value: Any, path: str) -> None:
        if value is not None:
            inner(value, path)

    return check


def either(scalar: Check, structured: Check) -> Check:
    """Accepts an object as `structured` says, and anything else as `scalar` says."""

    def check(value: Any, path: str) -> None:
        (structured if isinstance(value, dict) else scalar)(value, path)

    return check


def array(inner: Check, max_items: int | None = None) -> Check:
    """Accepts lists of at most `max_items` of what `inner` accepts."""

    def check(value: Any, path: str) -> None:
        _expect(value, path, "an array", list)
        if max_items is not None and len(value) > max_items:
            raise Refused(Fault.TOO_MANY, param=path, limit=max_items, length=len(value))
        for index, entry in enumerate(value):
            inner(entry, f"{path}[{index}]")

    return check


def fields(required: Mapping[str, Check] | None = None, /, **optional: Check) -> Check:
    """Accepts objects that have all of the required fields, perhaps the optional ones, and no others."""
    needed = dict(required or {})
    known = {**needed, **optional}

    def check(value: Any, path: str) -> None:
        _expect(value, path, "an object", dict)
        prefix = f"{path}." if path else ""
        for name in needed:
            if name not in value:
                raise Refused(Fault.MISSING_PARAMETER, param=prefix + name)
        for name, entry in value.items():
            if name not in known:
                raise Refused(Fault.UNKNOWN_PARAMETER, param=(prefix + name)[:SHOWN_VALUE_CHARS])
            known[name](entry, prefix + name)

    return check


def variants(tag: str, kinds: Mapping[str, Check], default: str | None = None) -> Check:
    """Accepts objects whose field `tag` names one of these kinds, and that are as that kind says."""
    known_tag = one_of(*kinds)

    def check(value: Any, path: str) -> None:
        _expect(value, path, "an object", dict)
        tag_path = f"{path}.{tag}" if path else tag
        kind = value.get(tag, default)
        if kind is None and tag not in value:
            raise Refused(Fault.MISSING_PARAMETER, param=tag_path)
        known_tag(kind, tag_path)
        kinds[kind](value, path)

    return check
