"""What the lines of a recording say: made from a session, and read back. No file is opened here.

A recording is the upstream's side of one session: what the upstream got and what it sent, so that a replay can stand
in for it. Each line is one JSON object. The first is a `Header`, then come `Message`s in the order in which they
passed, and the last is an `End` or, where recording ceased before the session did, a `Stopped`.
"""

import binascii
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import orjson

from relay.core.events import Data

FORMAT = "realtime-relay-recording"
VERSION = 1

Direction = Literal["up", "down"]
Who = Literal["peer", "upstream", "relay"]
StopReason = Literal["max_bytes", "max_s", "too_slow"]


class Unreadable(ValueError):  # noqa: N818 - the fact, not the fault
    """A line that is none of a recording; the words say why."""


@dataclass(frozen=True, slots=True)
class Header:
    """What is known before the first message.

    Attributes:
        session_id: the session's name in the log.
        started_at: when the session opened, UTC, ISO 8601.
        model: what was dialled; None for a transcription session.
        profile: the name of the session's profile.
        relay_version: the relay that wrote the file.
        status: how the upstream answered the handshake; 101 where the session began.
        subprotocol: what the relay chose of the peer's offers.
        audio: `full`, or `hash` where each piece of audio is `sha256:DIGEST:BYTES` in place of its base64.
        instructions: `kept`, or `redacted` where `[redacted]` stands for them.
    """

    session_id: str
    started_at: str
    model: str | None
    profile: str
    relay_version: str
    status: int = 101
    subprotocol: str | None = None
    audio: Literal["full", "hash"] = "full"
    instructions: Literal["kept", "redacted"] = "kept"


@dataclass(frozen=True, slots=True)
class Message:
    """One WebSocket message.

    Attributes:
        at: seconds since the session opened: when its cause reached the relay.
        direction: `up` to the upstream, `down` from it.
        data: `str` where it was text, `bytes` where it was binary.
        after: how many of the peer's own messages had gone up before it.
        by_relay: the relay said it itself, such as the injected `session.update`; it does not count in `after`.
    """

    at: float
    direction: Direction
    data: Data
    after: int
    by_relay: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """How one connection ended.

    Attributes:
        code: the close code; 1006 where there was no closing handshake.
        reason: the words with it.
        by: who closed it.
    """

    code: int
    reason: str
    by: Who


@dataclass(frozen=True, slots=True)
class End:
    """How the session ended; `cause` as in `docs/closing.md`, `at` and `after` as in `Message`."""

    at: float
    cause: str
    after: int
    peer: Side
    upstream: Side


@dataclass(frozen=True, slots=True)
class Stopped:
    """Recording ceased here, the session went on: the file was full, or could not be written fast enough."""

    at: float
    reason: StopReason


@dataclass(frozen=True, slots=True)
class Cut:
    """The file ends without saying why: whoever wrote it did not live to.

    Attributes:
        line: the number of the line that is missing or broken off.
    """

    line: int


Line = Header | Message | End | Stopped


_OWN_EVENT = '"event_id":"relay_'
_HEAD_CHARS = 160


def said_by_relay(data: Data) -> bool:
    """Whether a message that goes up is the relay's own: `Session.own_event_id` names such events."""
    return isinstance(data, str) and data.find(_OWN_EVENT, 0, _HEAD_CHARS) >= 0


def write_line(line: Line) -> bytes:
    """The line's JSON, line feed included."""
    return orjson.dumps(_body(line), option=orjson.OPT_APPEND_NEWLINE)


def write_message(at: float, direction: Direction, data: Data, after: int, by_relay: bool) -> bytes:
    """The same for a message, without the object; this is what a recording costs."""
    if by_relay or isinstance(data, bytes):
        return write_line(Message(at, direction, data, after, by_relay))
    line = {"at": round(at, 6), "dir": direction, "after": after, "op": "text", "data": data}
    return (
        orjson.dumps(line) + b"\n"
    )  # a copy, since what orjson returns keeps the many times larger block it wrote into


def read_line(raw: bytes) -> Line:
    """Read one line.

    Raises:
        Unreadable: it is no line of a recording, or of a newer version.
    """
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Unreadable("this is not JSON") from None
    if not isinstance(body, dict):
        raise Unreadable("this is not a JSON object")
    if "dir" in body:
        return _read_message(body)
    if "format" in body:
        return _read_header(body)
    if "end" in body:
        sides = [_read_side(_field(body, name, dict), name) for name in ("peer", "upstream")]
        return End(_number(body, "at"), _field(body, "end", str), _field(body, "after", int), *sides)
    if "stopped" in body:
        return Stopped(_number(body, "at"), cast("StopReason", _one_of(body, "stopped", get_args(StopReason))))
    raise Unreadable("this is neither a header, nor a message, nor an end")


def _body(line: Line) -> dict[str, Any]:
    match line:
        case Message(at, direction, data, after, by_relay):
            binary = isinstance(data, bytes)
            shown = binascii.b2a_base64(data, newline=False).decode() if isinstance(data, bytes) else data
            said_by = {"by": "relay"} if by_relay else {}
            opcode = "binary" if binary else "text"
            return {"at": round(at, 6), "dir": direction, "after": after, **said_by, "op": opcode, "data": shown}
        case Header():
            return {
                "format": FORMAT,
                "version": VERSION,
                "session_id": line.session_id,
                "started_at": line.started_at,
                "model": line.model,
                "profile": line.profile,
                "relay": line.relay_version,
                "handshake": {"status": line.status, "subprotocol": line.subprotocol},
                "audio": line.audio,
                "instructions": line.instructions,
            }
        case End():
            sides = {"peer": _side(line.peer), "upstream": _side(line.upstream)}
            return {"at": round(line.at, 6), "end": line.cause, "after": line.after, **sides}
        case Stopped():
            return {"at": round(line.at, 6), "stopped": line.reason}


def _side(side: Side) -> dict[str, Any]:
    return {"code": side.code, "reason": side.reason, "by": side.by}


def _read_header(body: dict[str, Any]) -> Header:
    if body["format"] != FORMAT:
        raise Unreadable(f"`format` is not {FORMAT}")
    version = _field(body, "version", int)
    if version != VERSION:
        raise Unreadable(f"this is version {version} of the format; this relay reads version {VERSION}")
    handshake = _field(body, "handshake", dict)
    return Header(
        session_id=_field(body, "session_id", str),
        started_at=_field(body, "started_at", str),
        model=_field(body, "model", str, type(None)),
        profile=_field(body, "profile", str),
        relay_version=_field(body, "relay", str),
        status=_field(handshake, "status", int),
        subprotocol=_field(handshake, "subprotocol", str, type(None)),
        audio=cast("Any", _one_of(body, "audio", ("full", "hash"))),
        instructions=cast("Any", _one_of(body, "instructions", ("kept", "redacted"))),
    )


def _read_message(body: dict[str, Any]) -> Message:
    direction = cast("Direction", _one_of(body, "dir", get_args(Direction)))
    data: Data = _field(body, "data", str)
    if _one_of(body, "op", ("text", "binary")) == "binary":
        try:
            data = binascii.a2b_base64(data, strict_mode=True)
        except ValueError:
            raise Unreadable("`data` of a binary message is not base64") from None
    return Message(_number(body, "at"), direction, data, _field(body, "after", int), body.get("by") == "relay")


def _read_side(body: dict[str, Any], name: str) -> Side:
    who = cast("Who", _one_of(body, "by", get_args(Who), f"{name}."))
    return Side(_field(body, "code", int, path=f"{name}."), _field(body, "reason", str, path=f"{name}."), who)


def _field(body: dict[str, Any], name: str, *types: type, path: str = "") -> Any:
    if name not in body:
        raise Unreadable(f"`{path}{name}` is missing")
    value = body[name]
    if type(value) not in types:
        raise Unreadable(f"`{path}{name}` is not {_WORDS[types[0]]}")
    return value


_WORDS = {str: "a string", int: "a whole number", float: "a number", dict: "an object"}


def _number(body: dict[str, Any], name: str) -> float:
    return float(_field(body, name, float, int))


def _one_of(body: dict[str, Any], name: str, allowed: tuple[str, ...], path: str = "") -> str:
    value: str = _field(body, name, str, path=path)
    if value not in allowed:
        raise Unreadable(f"`{path}{name}` is none of {', '.join(allowed)}")
    return value
