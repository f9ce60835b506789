"""What a profile says about recording its sessions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class RecordingOptions:
    """Whether and how a session is to be recorded.

    Attributes:
        record: whether at all.
        audio: `full`, or `hash` to keep the size and a digest only.
        instructions: `kept`, or `redacted`.
    """

    record: bool = True
    audio: Literal["full", "hash"] = "full"
    instructions: Literal["kept", "redacted"] = "kept"


def read_recording_options(value: Any, path: str) -> RecordingOptions:
    """Read a profile's `record`: true, false, or a table that says how.

    Raises:
        ValueError: names what is wrong.
    """
    if isinstance(value, Mapping):
        for key, word in value.items():
            _check(key, word, f"{path}.{key}")
        return RecordingOptions(**value)
    if isinstance(value, bool):
        return RecordingOptions(value)
    raise ValueError(f'{path}: must be true, false, or a table such as {{ audio = "hash" }}')


def _check(key: str, word: Any, path: str) -> None:
    allowed = {"audio": ("full", "hash"), "instructions": ("kept", "redacted")}
    if key not in allowed:
        raise ValueError(f"{path}: there is no such field; known are {', '.join(allowed)}")
    if word not in allowed[key]:
        raise ValueError(f"{path}: must be {' or '.join(allowed[key])}, not {word!r}")
