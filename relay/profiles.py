"""Profiles: what is injected into a session, and how a wrong one is told at start-up.

A profile is the GA session object, with `voice` as a shorthand for `audio.output.voice`. It is checked against the
`openai` package's own types, because the upstream discards a `session.update` whole when one field of it is wrong.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import openai
from openai.types.realtime import RealtimeSessionCreateRequest, RealtimeTranscriptionSessionCreateRequest
from pydantic import BaseModel, ValidationError

DEFAULT_NAME = "default"
DEFAULT_MODEL = "gpt-realtime-2.1"

_KINDS: Mapping[str, type[BaseModel]] = {
    "realtime": RealtimeSessionCreateRequest,
    "transcription": RealtimeTranscriptionSessionCreateRequest,
}

_SHORTHANDS: Mapping[str, str] = {"voice": "audio.output.voice"}


@dataclass(frozen=True, slots=True)
class Profile:
    """What a session gets when its peer asks for this name.

    Attributes:
        model: dialled when the peer names none; None for a transcription session, which takes none.
        session: the object of the injected `session.update`; empty when nothing is injected.
        lock: paths of fields that its peer may not change.
    """

    name: str
    model: str | None
    session: Mapping[str, Any]
    lock: tuple[str, ...] = ()


def read_profile(name: str, table: Mapping[str, Any]) -> Profile:
    """Make a profile from its TOML table.

    Raises:
        ValueError: names each wrong field, what is wrong with it, and the nearest right name.
    """
    session = dict(table)
    lock = session.pop("lock", ())
    kind = session.pop("type", "realtime")
    if kind not in _KINDS:
        raise ValueError(f"profiles.{name}.type: must be one of {', '.join(_KINDS)}, not {kind!r}")
    if "voice" in session:
        session["audio"] = _with_voice(session.get("audio", {}), session.pop("voice"), name)
    try:
        checked = _KINDS[kind].model_validate({"type": kind, **session})
    except ValidationError as failure:
        raise ValueError("; ".join(_wrong_fields(failure, session, f"profiles.{name}"))) from None
    unknown = "; ".join(_unknown_fields(checked, f"profiles.{name}"))
    if unknown:
        raise ValueError(unknown)
    # The model is fixed by the address that is dialled; a session.update may not change it.
    model = session.pop("model", DEFAULT_MODEL if kind == "realtime" else None)
    injected = {"type": kind, **session} if session else {}
    return Profile(name, model, injected, _read_lock(lock, _KINDS[kind], f"profiles.{name}.lock"))


def _read_lock(lock: Any, kind: type[BaseModel], path: str) -> tuple[str, ...]:
    if isinstance(lock, str) or not all(isinstance(field, str) for field in lock):
        raise ValueError(f'{path}: must be a list of fields, such as ["instructions", "audio.output.voice"]')
    fields = tuple(_SHORTHANDS.get(field, field) for field in lock)
    for field in fields:
        if field == "type":
            raise ValueError(f"{path}: type cannot be locked; every update has to name it, and none can change it")
        unknown = "; ".join(_unknown_fields(_only(field, kind), path))
        if unknown:
            raise ValueError(unknown)
    return fields


def _only(field: str, kind: type[BaseModel]) -> BaseModel:
    """A session that holds this field alone, as far as its type can be told without the field's neighbours."""
    value: Any = None
    for part in reversed(field.split(".")):
        value = {part: value}
    try:
        return kind.model_validate({"type": next(name for name, known in _KINDS.items() if known is kind), **value})
    except ValidationError:
        return kind.model_construct()


def _with_voice(audio: Any, voice: Any, name: str) -> dict[str, Any]:
    audio = dict(audio)
    output = dict(audio.get("output", {}))
    if output.setdefault("voice", voice) != voice:
        raise ValueError(f"profiles.{name}: voice and audio.output.voice differ; give one of them")
    return {**audio, "output": output}


def _unknown_fields(model: BaseModel, path: str) -> Iterator[str]:
    known = sorted(type(model).model_fields)
    for field in model.model_extra or {}:
        near = difflib.get_close_matches(field, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        yield f"{path}.{field}: openai {openai.__version__} knows no such field; {hint}"
    for field in type(model).model_fields:
        yield from _unknown_below(getattr(model, field), f"{path}.{field}")


def _unknown_below(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, BaseModel):
        yield from _unknown_fields(value, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown_below(item, f"{path}[{index}]")


def _wrong_fields(failure: ValidationError, session: Mapping[str, Any], path: str) -> Iterator[str]:
    complaints: dict[str, list[str]] = {}
    for error in failure.errors():
        complaints.setdefault(_path(error["loc"], session, path), []).append(error["msg"])
    for where, what in complaints.items():
        yield f"{where}: {' or: '.join(what)}"


def _path(location: tuple[int | str, ...], node: Any, path: str) -> str:
    """The wrong field's place in the table; what pydantic puts between, such as a union's branch, is left out."""
    for part in location:
        if isinstance(node, Mapping) and part in node:
            path, node = f"{path}.{part}", node[part]
        elif isinstance(node, list) and isinstance(part, int):
            path, node = f"{path}[{part}]", node[part]
    return path
