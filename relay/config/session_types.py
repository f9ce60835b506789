"""What the `openai` package says a session object may be.

Loading its types takes about 20 MB and half a second, which a relay would hold for a check that it makes once. So
`complaints_about` asks a process of its own, unless the types are loaded already.
"""

import difflib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from relay.config.explanations import needed

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def complaints_about(session: Mapping[str, Any], kind: str, path: str, lock: Sequence[str] = ()) -> list[str]:
    """What is wrong with a session object of this kind and with the fields locked in it; empty where they are right.

    Each complaint begins with its place under `path`.
    """
    if not session and not lock:
        return []
    if "openai" in sys.modules:
        return list(check(session, kind, path, lock))
    question = json.dumps([session, kind, path, lock], default=str)
    answer = subprocess.run(
        [sys.executable, "-m", "relay.config.session_types"], input=question, capture_output=True, text=True, check=True
    )
    complaints: list[str] = json.loads(answer.stdout)
    return complaints


def check(session: Mapping[str, Any], kind: str, path: str, lock: Sequence[str]) -> Iterator[str]:
    """The same, in this process."""
    model, needed = _shape(kind)
    try:
        checked = model.model_validate({**needed, **session})
    except ValidationError as failure:
        yield from _wrong_fields(failure.errors(), session, path)
    else:
        yield from _unknown_fields(checked, path)
    for field in lock:
        yield from _unknown_fields(_only(field, model, needed), f"{path}.lock")


def _shape(kind: str) -> tuple[type[BaseModel], dict[str, str]]:
    """The type of a session object, and what it needs that a profile need not say."""
    from openai.types import live, realtime  # noqa: PLC0415 - 21 MB, and half a second

    class TranslationSession(realtime.RealtimeTranslationSessionUpdateRequest):
        model: str | None = None

    shapes: dict[str, tuple[type[BaseModel], dict[str, str]]] = {
        "realtime": (realtime.RealtimeSessionCreateRequest, {"type": kind}),
        "transcription": (realtime.RealtimeTranscriptionSessionCreateRequest, {"type": kind}),
        "translation": (TranslationSession, {}),
        "live": (live.SessionConfig, {"model": ""}),
    }
    return shapes[kind]


def _only(field: str, model: type[BaseModel], needed: Mapping[str, str]) -> BaseModel:
    """A session that holds this field alone, as far as its type can be told without the field's neighbours."""
    value: Any = None
    for part in reversed(field.split(".")):
        value = {part: value}
    try:
        return model.model_validate({**needed, **value})
    except ValidationError:
        return model.model_construct()


def _unknown_fields(model: BaseModel, path: str) -> Iterator[str]:
    known = sorted(type(model).model_fields)
    for field in model.model_extra or {}:
        near = difflib.get_close_matches(field, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        yield f"{path}.{field}: openai {version('openai')} knows no such field; {hint}"
    for field in type(model).model_fields:
        yield from _unknown_below(getattr(model, field), f"{path}.{field}")


def _unknown_below(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, BaseModel):
        yield from _unknown_fields(value, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown_below(item, f"{path}[{index}]")


def _wrong_fields(errors: "list[ErrorDetails]", session: Mapping[str, Any], path: str) -> Iterator[str]:
    complaints: dict[str, list[str]] = {}
    for error in errors:
        complaints.setdefault(_path(error["loc"], session, path), []).append(needed(error))
    for where, what in complaints.items():
        yield f"{where}: must be {', or '.join(dict.fromkeys(what))}"


def _path(location: tuple[int | str, ...], node: Any, path: str) -> str:
    """The wrong field's place in the table; what pydantic puts between, such as a union's branch, is left out."""
    for part in location:
        if isinstance(node, Mapping) and part in node:
            path, node = f"{path}.{part}", node[part]
        elif isinstance(node, list) and isinstance(part, int):
            path, node = f"{path}[{part}]", node[part]
    return path


if __name__ == "__main__":
    json.dump(list(check(*json.load(sys.stdin))), sys.stdout)
