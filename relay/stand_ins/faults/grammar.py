"""How a fault is asked for: `NAME`, `NAME=VALUE`, and with `@WHEN` which messages or handshakes it meets.

`@12` is the twelfth, counted from 1; `@5%` is each with that chance. A fault that has to say which, because it would
otherwise meet all of them, is refused without it.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from relay.core.close_codes import sendable_code


class WrongFault(ValueError):  # noqa: N818 - the fact, not the fault
    """A fault that cannot be asked for; the words say why, and what there is."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        name: which, of `KINDS`.
        value: seconds, bytes, or a code, as the kind has it.
        number: the message or handshake that it meets; None where `chance` says.
        chance: how likely it meets each, from 0 to 1.
    """

    name: str
    value: float
    number: int | None = None
    chance: float = 1.0

    def meets(self, number: int, chances: Random) -> bool:
        """Whether it meets the message, or handshake, of this number."""
        if self.number is not None:
            return number == self.number
        return self.chance >= 1 or chances.random() < self.chance


@dataclass(frozen=True, slots=True)
class Kind:
    """What there is to know of a fault's name.

    Attributes:
        example: how it is written.
        meaning: what it does.
        read: makes a number of its value.
        without: its value where none is given; None where one has to be.
        needs_when: it would make no sense for every message.
    """

    example: str
    meaning: str
    read: Callable[[str], float]
    without: float | None = None
    needs_when: bool = False


_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0}
_SIZES = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "kib": 1024, "mib": 1024**2}
_VALUE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zA-Z]*)")


def _seconds(word: str) -> float:
    found = _VALUE.fullmatch(word)
    if found is None or found[2] not in _UNITS:
        raise ValueError("a time, such as 200ms, 3s or 1min")
    return float(found[1]) * _UNITS[found[2]]


def _bytes(word: str) -> float:
    found = _VALUE.fullmatch(word)
    if found is None or found[2].lower() not in _SIZES or float(found[1]) == 0:
        raise ValueError("a size, such as 64kB or 32MB")
    return float(found[1]) * _SIZES[found[2].lower()]


def _close_code(word: str) -> float:
    if not word.isdecimal() or sendable_code(int(word)) != int(word):
        raise ValueError("a close code that may be sent: 1000 to 1003, 1007 to 1014, or 3000 to 4999")
    return int(word)


def _status(word: str) -> float:
    if not (word.isdecimal() and 300 <= int(word) <= 599):
        raise ValueError("an HTTP status from 300 to 599")
    return int(word)


def _nothing(_: str) -> float:
    raise ValueError("nothing: it takes no value")


KINDS: Mapping[str, Kind] = MappingProxyType({
    "latency": Kind("latency=200ms", "each message comes this much later", _seconds),
    "jitter": Kind("jitter=50ms", "each message comes up to this much later, in order", _seconds),
    "bandwidth": Kind("bandwidth=64kB", "no more than this goes out in a second", _bytes),
    "stall": Kind("stall=5s@12", "from this message on nothing comes for so long; without a time, for ever", _seconds,
                  math.inf, needs_when=True),
    "close": Kind("close=1011@12", "a close with this code in place of the message", _close_code, 1011,
                  needs_when=True),
    "reset": Kind("reset@12", "the connection is cut off in place of the message", _nothing, 0, needs_when=True),
    "malformed": Kind("malformed@12", "half of the message, which is no JSON", _nothing, 0, needs_when=True),
    "unknown": Kind("unknown@12", "an event of an unheard-of type before the message", _nothing, 0, needs_when=True),
    "duplicate": Kind("duplicate@12", "the message twice", _nothing, 0, needs_when=True),
    "reorder": Kind("reorder@12", "the message after the one behind it", _nothing, 0, needs_when=True),
    "oversize": Kind("oversize=32MB@12", "an event of this size before the message", _bytes, 32e6, needs_when=True),
    "handshake": Kind("handshake=3s", "the handshake takes this much longer; @N is the Nth connection", _seconds),
    "status": Kind("status=429@1", "the handshake is refused with this status; @N is the Nth connection", _status),
    "expire": Kind("expire=20s", "of the mock: a session lasts no longer; @N is the Nth connection", _seconds),
    "muted": Kind("muted", "of the mock: answers are text, in silence, where items of history were created as text; "
                  "@N is the Nth connection", _nothing, 0),
})  # fmt: skip

AT_HANDSHAKE = frozenset({"handshake", "status"})
OF_THE_MOCK = frozenset({"expire", "muted"})
"""What a session does by itself, which a recording does not."""


def read_fault(text: str) -> Fault:
    """Read one fault.

    Raises:
        WrongFault: there is no such fault, or it is written otherwise.
    """
    body, _, when = text.partition("@")
    name, equals, word = body.partition("=")
    kind = KINDS.get(name)
    if kind is None:
        known = "\n".join(f"  {each.example:18} {each.meaning}" for each in KINDS.values())
        raise WrongFault(f"there is no fault {name!r}; there are:\n{known}")
    try:
        value = kind.read(word) if equals else kind.without
        if value is None:
            raise ValueError("a value")
        number, chance = _when(when)
    except ValueError as wanted:
        raise WrongFault(f"{text!r}: {name} wants {wanted}, as in {kind.example}") from None
    if kind.needs_when and not when:
        raise WrongFault(f"{text!r}: {name} wants to know which message, as in {kind.example} or {name}@5%")
    return Fault(name, value, number, chance)


def read_faults(texts: Iterable[str], *, of_replay: bool = False) -> tuple[Fault, ...]:
    """Read several; each may hold some, separated by commas.

    Raises:
        WrongFault: one of them cannot be asked for, or not of a replay where they are for one.
    """
    faults = tuple(read_fault(part.strip()) for text in texts for part in text.split(",") if part.strip())
    if of_replay and (wrong := [fault.name for fault in faults if fault.name in OF_THE_MOCK]):
        raise WrongFault(f"{wrong[0]} is a fault of the mock: a replay says what was recorded")
    return faults


def _when(word: str) -> tuple[int | None, float]:
    if not word:
        return None, 1.0
    if word.endswith("%") and (found := _VALUE.fullmatch(word[:-1])) and not found[2] and float(found[1]) <= 100:
        return None, float(found[1]) / 100
    if word.isdecimal() and int(word) > 0:
        return int(word), 1.0
    raise ValueError("a number from 1 or a percentage behind @")
