"""Reading JSON that the fast reader refuses: as other people's readers would, in a bounded time, and without raising.

JavaScript, Python and Go read more than orjson does, and write it too: half a surrogate pair, `NaN`, numbers of any
length, a thousand levels. Whoever bills, locks or redacts must not be the only one who cannot read such an event.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

MOST_LEVELS = 100
"""Deeper nesting than this is in no event; what walks through a body by recursion may rely on it."""

MOST_TOKENS = 20_000
"""So many strings at the top, and runs of brackets, are looked at to find a type, which takes some ten milliseconds."""

MOST_SCANNED_CHARS = 8 * 1024 * 1024
"""In so many characters, for the same reason."""

MOST_BRACKETS = 200_000
"""With more of them a text counts as too deep, and is not read: it would take a second to say how deep it is."""

MOST_DIGITS = 400
"""A longer number is infinite: Python takes a time that grows with the square to read it."""

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_FLAT = rf'(?:{_STRING}|[^\[\]{{}}"]++)'
_TOKEN = re.compile(rf'[^\[\]{{}}"]*+(?:({_STRING})(\s*:)?|([\[\]{{}}]))', re.DOTALL)
_NESTED = re.compile(rf"(?:{_FLAT}|[\[{{]{_FLAT}*+[\]}}])*+([\[{{]++|[\]}}]++)", re.DOTALL)
_ESCAPE = re.compile(r"\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|\\u[dD][89a-fA-F]\w\w|\\.", re.DOTALL | re.ASCII)
_NO_BRACKET = re.compile(rf"{_FLAT}++", re.DOTALL)


def has_too_many_values(data: str, most: int) -> bool:
    """Whether a JSON text may have too many values: what separates and opens them may also stand in a string."""
    return len(data) > 2 * most and _has_more(data, ",[{", most)  # each has two characters, such as `0,`


def is_too_deep(data: str) -> bool:
    """Whether a JSON text has more than `MOST_LEVELS` levels, or brackets that nothing closes.

    The innermost pairs are taken out again and again, which for so few levels is faster than to count them.
    """
    if not _has_more(data, "[{", MOST_LEVELS):
        return False
    if _has_more(data, "[{", MOST_BRACKETS):
        return True
    brackets = _NO_BRACKET.sub("", data).replace("{", "[").replace("}", "]")
    for _ in range(MOST_LEVELS):
        if not brackets:
            return False
        brackets = brackets.replace("[]", "")
    return bool(brackets)


def read_leniently(data: str, *, strict: bool = True) -> dict[str, Any] | None:
    """The object as Python's own reader reads it, which is about as lenient as JavaScript's.

    Where it is not to be strict, strings may have control characters in them, such as a line's end.

    Half of a surrogate pair becomes U+FFFD: it could neither be encoded nor be written again.
    """
    try:
        body = json.loads(_without_half_pairs(data.lstrip("\ufeff")), strict=strict, parse_int=_read_int)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def read_pruned(data: str, most_levels: int) -> dict[str, Any] | None:
    """The object with null for whatever is nested deeper; None where it has too many brackets to be looked through."""
    if _has_more(data, "[{", MOST_BRACKETS):
        return None
    pieces, kept_to = [], 0
    for level, start, end in _levels(data):
        if level == most_levels + 1 and start >= 0:
            pieces.append(data[kept_to:start])
            pieces.append("null")
            kept_to = len(data)
        elif level == most_levels and end >= 0 and kept_to == len(data):
            kept_to = end
    pieces.append(data[kept_to:])
    return read_leniently("".join(pieces), strict=False)


def scan_type(data: str) -> str | None:
    """The `type` of an object that is not read: the last one at its top, as a reader of the whole would say.

    None where it is no string, where the text is no object, and where it is too long to say.
    """
    if len(data) > MOST_SCANNED_CHARS:
        return None
    level, at, found, is_type = 0, 0, None, False
    for _ in range(MOST_TOKENS):
        token = (_NESTED if level > 1 else _TOKEN).match(data, at)
        if token is None:
            break
        at = token.end()
        string, colon, brackets = ("", "", token[1]) if level > 1 else token.groups()
        if brackets:
            level += len(brackets) if brackets[0] in "[{" else -len(brackets)
        elif level == 1 and colon:
            is_type = _unquoted(string) == "type"
            found = None if is_type else found
        elif level == 1 and is_type:
            found = _unquoted(string)
    is_object = level == 0 and not data[at:].strip() and data.lstrip("\ufeff \t\r\n").startswith("{")
    return found if is_object else None


def write_leniently(body: Mapping[str, Any]) -> str:
    """The JSON of a body that the fast writer refuses."""
    return json.dumps(body, separators=(",", ":"))


def _has_more(data: str, marks: str, most: int) -> bool:
    """Whether these marks stand in it more often. To find is faster than to count where there is little to find."""
    left = most
    for mark in marks:
        at = data.find(mark)
        while at >= 0 and left >= 0:
            left -= 1
            at = data.find(mark, at + 1)
    return left < 0


def _levels(data: str) -> Iterator[tuple[int, int, int]]:
    """For each bracket outside of strings the level that it opens or returns to, and where it starts, or ends."""
    level = 0
    for token in _TOKEN.finditer(data):
        if token[3] is None:
            continue
        if token[3] in "[{":
            level += 1
            yield level, token.start(3), -1
        else:
            level -= 1
            yield level, -1, token.end(3)


def _without_half_pairs(data: str) -> str:
    return _ESCAPE.sub(lambda found: "\\ufffd" if len(found[0]) == 6 else found[0], data)


def _read_int(digits: str) -> float:
    return int(digits) if len(digits) <= MOST_DIGITS else float("inf")


def _unquoted(text: str) -> str | None:
    try:
        value = json.loads(_without_half_pairs(text))
    except ValueError:
        return None
    return value if isinstance(value, str) else None
