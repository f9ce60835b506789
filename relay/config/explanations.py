"""What is wrong with a setting, in the relay's own words: of the validation library's, none reaches an operator.

A value is quoted where it helps and is not a secret.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic_core import ErrorDetails

QUOTED_LENGTH = 60
"""Of a wrong value, so much is shown."""

_BOUNDS = {"ge": "of at least", "gt": "above", "le": "of at most", "lt": "below"}

_BY_TYPE: Mapping[str, str] = MappingProxyType({
    "int": "a whole number", "float": "a number", "finite": "a number", "bool": "true or false", "string": "text",
    "path": "a path", "dict": "a table", "mapping": "a table", "model": "a table", "tuple": "a list", "list": "a list",
    "bytes": "text", "decimal": "a number",
})  # fmt: skip
"""What a setting has to be, by how the library's word for its error begins."""

_BY_NAME: Mapping[str, str] = MappingProxyType({
    "root_path": "a path such as /voice: with a slash before it, none behind it, and neither ? nor #",
    "azure_api_version": "a version such as 2025-04-01-preview",
})  # fmt: skip
"""What a setting of a form of its own has to be."""


def explain(error: ErrorDetails, tables: Mapping[str, Iterable[str]], secret: Callable[[str], bool]) -> str:
    """One sentence for one error: which setting, and what is wrong with it.

    Args:
        tables: the names of all settings, and of those in tables with names of their own, by the table's name.
        secret: whether what stands in a setting of that name must not be quoted.
    """
    *tops, name = map(str, error["loc"] or ("",))
    top = tops[0] if tops else ""
    where = ".".join((*tops, name))
    if error["type"] == "value_error":
        what = str(error["ctx"]["error"])
    elif error["type"] == "extra_forbidden":
        what = f"there is no such setting{nearest(name, tables.get(top, ()))}"
    elif error["type"] == "missing":
        what = "is missing"
    else:
        shown = "" if secret(top or name) else f", not {_quoted(error['input'])}"
        what = f"must be {needed(error)}{shown}{_advice(where, error['input'])}"
    return f"{where}: {what}" if where else what


def needed(error: ErrorDetails) -> str:
    """What would be right in its place."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "literal_error":
        return str(context["expected"]).replace("'", "")
    if kind == "missing":
        return "there"
    for word, sense in _BOUNDS.items():
        if word in context:
            return f"a number {sense} {context[word]}"
    if kind.endswith("too_short"):
        least = context["min_length"]
        return "text" if least == 1 else f"text of at least {least} characters"
    return _BY_NAME.get(str(error["loc"][-1])) or _BY_TYPE.get(kind.partition("_")[0], "something else")


def nearest(name: str, names: Iterable[str]) -> str:
    """A question after the name that was meant, or nothing."""
    near = difflib.get_close_matches(name, list(names), n=1, cutoff=0.7)
    return f"; did you mean {near[0]}?" if near else ""


def _advice(where: str, value: Any) -> str:
    if where == "port" and str(value).startswith("tcp://"):
        return ": Kubernetes sets RELAY_PORT for a service called relay; set enableServiceLinks: false in the pod"
    return ""


def _quoted(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= QUOTED_LENGTH else f"{shown[:QUOTED_LENGTH]}…"
