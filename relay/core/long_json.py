"""Reading JSON that is long because of a few long strings, as a picture or a recording is: without reading those.

orjson takes some thirty milliseconds for 24 MiB, in which nobody else is served. Here each long string without escapes
is cut out, what is left is read, and the strings are put back as they stand in the text: some five milliseconds.
"""

from typing import Any

import orjson

LONG_TEXT = 256 * 1024
"""A shorter text is read in a millisecond as it is."""

LONG_STRING = 16 * 1024
"""A string of more characters is cut out."""

MOST_QUOTES = 2_000
"""With more of them a text is read as it is: to look at each takes longer."""

Cuts = dict[str, slice]
"""Where in the text those strings are that were cut out, by what stands in their place."""

_MARK = "\\u0000relay:%d\\u0000"
_MARK_BEGINS = "\\u0000"


def cut(text: str) -> tuple[str, Cuts]:
    """The text with marks in the place of long strings; the text itself where it is not long, or has too many strings.

    In a string that is cut out control characters may stand, which JSON does not allow.
    """
    left: list[str] = []
    cuts: Cuts = {}
    begun = at = 0
    for _ in range(MOST_QUOTES if len(text) > LONG_TEXT else 0):
        opening = text.find('"', at)
        closing = _closing(text, opening)
        if opening < 0 or closing < 0:
            break
        at = closing + 1
        if closing - opening > LONG_STRING and text.find("\\", opening, closing) < 0:
            if text[at : at + 64].lstrip().startswith(":"):
                continue  # a name, which is not looked for when strings are put back
            left += [text[begun : opening + 1], _MARK % len(cuts), '"']
            cuts[f"\0relay:{len(cuts)}\0"] = slice(opening + 1, closing)
            begun = at
    else:
        return text, {}
    whole = "".join([*left, text[begun:]])
    return (whole, cuts) if whole.count(_MARK_BEGINS) == 2 * len(cuts) else (text, {})


def read_long(text: str) -> Any:
    """What the text says.

    Raises:
        orjson.JSONDecodeError: it is no JSON.
    """
    left, cuts = cut(text)
    body = orjson.loads(left)
    return put_back(body, cuts, text) if cuts else body


def put_back(node: Any, cuts: Cuts, text: str) -> Any:
    """The same with strings of the text in the place of marks."""
    if isinstance(node, str):
        return text[cuts[node]] if node in cuts else node
    if isinstance(node, list):
        return [put_back(item, cuts, text) for item in node]
    if isinstance(node, dict):
        return {key: put_back(value, cuts, text) for key, value in node.items()}
    return node


def _closing(text: str, opening: int) -> int:
    """Where the string ends that begins there; -1 where it does not."""
    closing = text.find('"', opening + 1)
    while closing > 0 and text[closing - 1] == "\\":
        before = closing - 1
        while text[before - 1] == "\\":
            before -= 1
        if (closing - before) % 2 == 0:
            break
        closing = text.find('"', closing + 1)
    return closing
