"""What goes over the socket between a relay and a process that holds media ends: written and read, without I/O.

    length of the payload (4 bytes) | kind (1) | call (4) | payload

A question has a number before its payload, and its answer has the same: several of a call may be under way at once.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

MOST_BYTES = 32 * 1024 * 1024
"""Several times what the largest picture comes to; a longer note is no note of ours."""

_HEAD = struct.Struct(">IBI")
_NUMBER = struct.Struct(">I")
_WAITING = struct.Struct(">QQ")


class Kind(IntEnum):
    """What a note says; the first are the relay's, the others the process's."""

    ANSWER = 1
    PLAY = 2
    SEND = 3
    CLOSE_CHANNEL = 4
    QUALITY = 5
    PHOTOGRAPH = 6
    CLOSE = 7
    PING = 8
    RESTART = 9

    READY = 32
    CONNECTED = 33
    DISCONNECTED = 34
    AUDIO = 35
    OPEN = 36
    TEXT = 37
    OCTETS = 38
    WAITING = 39
    SENT = 40
    GONE = 41
    REPLY = 42
    REFUSAL = 43
    FAULT = 44
    PONG = 45


@dataclass(frozen=True, slots=True)
class Note:
    """One of them; `call` is 0 where it is about the process itself."""

    kind: Kind
    call: int
    payload: bytes


def written(kind: Kind, call: int = 0, payload: bytes = b"") -> bytes:
    """The note as it goes over the socket."""
    return _HEAD.pack(len(payload), kind, call) + payload


def numbered(number: int, payload: bytes = b"") -> bytes:
    """The payload of a question, or of what answers it."""
    return _NUMBER.pack(number) + payload


def read_numbered(payload: bytes) -> tuple[int, bytes]:
    """The number of a question, and what comes with it."""
    return _NUMBER.unpack_from(payload)[0], payload[_NUMBER.size :]


def waiting(taken_bytes: int, buffered_bytes: int) -> bytes:
    """How much text the process was given so far, and how much of it has not left."""
    return _WAITING.pack(taken_bytes, buffered_bytes)


def read_waiting(payload: bytes) -> tuple[int, int]:
    """The same, read."""
    taken_bytes, buffered_bytes = _WAITING.unpack(payload)
    return taken_bytes, buffered_bytes


class Notes:
    """Reads notes from what comes, in whatever pieces."""

    def __init__(self) -> None:
        self._read = bytearray()

    def feed(self, data: bytes) -> Iterator[Note]:
        """The notes that are whole now.

        Raises:
            ValueError: that is none of ours, and there is no reading on.
        """
        self._read += data
        begin = 0
        while len(self._read) - begin >= _HEAD.size:
            length, kind, call = _HEAD.unpack_from(self._read, begin)
            if length > MOST_BYTES:
                raise ValueError(f"a note of {length} bytes")
            end = begin + _HEAD.size + length
            if len(self._read) < end:
                break
            yield Note(Kind(kind), call, bytes(self._read[begin + _HEAD.size : end]))
            begin = end
        del self._read[:begin]
