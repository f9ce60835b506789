"""Whether a peer says what the recorded peer said, in what matters."""

import binascii
from collections.abc import Iterator
from typing import Any

from relay.core.events import BINARY, Body, Event
from relay.core.redaction import REDACTED
from relay.recording.redaction import HASHED_AUDIO
from relay.stand_ins.replay.ids import Ids

APPENDS = frozenset({"input_audio_buffer.append", "session.input_audio_buffer.append", "session.input_audio.append"})
"""Audio of the peer, in each kind of session."""

_NAMES = frozenset({"event_id", "id"})
_REFERENCES = frozenset({"item_id", "previous_item_id", "response_id", "call_id"})
_TIMING = frozenset({"audio_end_ms"})


def differences(recorded: Event, current: Event, ids: Ids) -> list[str]:
    """The paths at which two messages of the peer differ; empty where they say the same.

    Audio is the same when it is as long. Ids that the peer makes may be others, and those that refer to something have
    to refer to the same. How much of an answer was heard (`audio_end_ms`) depends on the moment and may be anything,
    and so may what the recording does not hold because it was redacted.
    """
    if recorded.type != current.type:
        return ["type"]
    if not recorded.body and not current.body:
        return [] if _alike(recorded, current) else ["data"]
    return list(_compare(recorded.body, current.body, "", ids))


def learn_ids(recorded: Body, current: Body, ids: Ids) -> None:
    """Remember what the peer named in a message that matches."""
    for key, value in recorded.items():
        other = current.get(key)
        if key in _NAMES | {"call_id"} and isinstance(value, str) and isinstance(other, str):
            if ids.current(value) != other:
                ids.learn(value, other)
        elif isinstance(value, dict) and isinstance(other, dict):
            learn_ids(value, other, ids)
        elif isinstance(value, list) and isinstance(other, list):
            for one, another in zip(value, other, strict=False):
                if isinstance(one, dict) and isinstance(another, dict):
                    learn_ids(one, another, ids)
    item, other_item = recorded.get("item"), current.get("item")
    if isinstance(item, dict) and isinstance(other_item, dict) and item.get("id") is None:
        named = other_item.get("id")
        if isinstance(named, str):
            ids.claim(named, other_item)


def audio_bytes(event: Event) -> int:
    """How many bytes of audio an append holds."""
    return _size(event.body.get("audio", ""))


def _alike(recorded: Event, current: Event) -> bool:
    if recorded.type == BINARY:
        return len(recorded.data) == len(current.data)
    return recorded.data == current.data


def _compare(recorded: Any, current: Any, path: str, ids: Ids) -> Iterator[str]:
    if recorded == REDACTED:
        return
    if isinstance(recorded, dict) and isinstance(current, dict):
        for key in sorted(recorded.keys() | current.keys()):
            yield from _compare_field(recorded, current, key, f"{path}.{key}" if path else key, ids)
    elif isinstance(recorded, list) and isinstance(current, list) and len(recorded) == len(current):
        for index, (one, another) in enumerate(zip(recorded, current, strict=True)):
            yield from _compare(one, another, f"{path}[{index}]", ids)
    elif recorded != current:
        yield path


def _compare_field(recorded: Body, current: Body, key: str, path: str, ids: Ids) -> Iterator[str]:
    one, another = recorded.get(key), current.get(key)
    if key in _TIMING:
        return
    if key == "audio" and isinstance(one, str) and isinstance(another, str):
        if _size(one) != _size(another):
            yield path
    elif _is_name(key, recorded):
        return
    elif key in _REFERENCES | _NAMES:
        if another != (ids.current(one) if isinstance(one, str) else one):
            yield path
    else:
        yield from _compare(one, another, path, ids)


def _is_name(key: str, holder: Body) -> bool:
    """Whether the peer may choose this id, as opposed to naming something that exists."""
    kind = holder.get("type")
    return (key in _NAMES and kind != "item_reference") or (key == "call_id" and kind == "function_call")


def _size(audio: Any) -> int:
    if not isinstance(audio, str):
        return 0
    if found := HASHED_AUDIO.fullmatch(audio):
        return int(found[1])
    try:
        return len(binascii.a2b_base64(audio))
    except ValueError:
        return len(audio)
