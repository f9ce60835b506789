"""What a user says that no upstream has made an item of yet: the last appends, as they went up.

It is what a successor has to be told beside the items. While nobody speaks it is the last second, in which speech may
have begun that nobody has noticed; while somebody does, all of it. In a session that detects no turns it is what was
appended since the last commit. Where there is a fast lane the lane keeps the last second, and is asked when somebody
wants to know.
"""

import binascii
import re
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from relay.core.events import Data

QUIET_S = 1.0
MOST_S = 60.0
"""A longer speech loses its beginning."""

_PCM_BYTES_PER_S = 48_000
_AUDIO = re.compile(r'"audio"\s*:\s*"([A-Za-z0-9+/]*)(={0,2})"')
_BETWEEN = "\0"
"""Between appends that the lane tells at once: no JSON has one."""


class Kept(Protocol):
    """What a lane keeps.

    Attributes:
        whole: whether nothing of it may be forgotten.
    """

    whole: bool

    def tell(self) -> int:
        """Tell what has passed since it was told last."""
        ...


class KeepingLane(Protocol):
    """A lane that keeps appends instead of showing them."""

    def keep_appends(self, told: Callable[[int, str], None]) -> Kept:
        """Keep them from now on, and tell `told` the bytes of audio of all, and the latest, with NUL between them."""
        ...


class Unfinished:
    """Keeps appends, and the audio of the last turn that they made."""

    def __init__(self) -> None:
        self._detects_turns = True
        self._bytes_per_s: float = _PCM_BYTES_PER_S
        self._appends: deque[tuple[Data, float]] = deque()
        self._chars = 0
        self._ms = self._kept_ms = 0.0
        self._is_speaking = False
        self._turn: tuple[str, list[Data]] = ("", [])
        self._lane: Kept | None = None

    def keep_in(self, lane: Any) -> None:
        """Have this lane keep what passes it, where there is one."""
        self._lane = None if lane is None else lane.keep_appends(self.add)

    def leave_lane(self) -> None:
        """Have nothing to do with the lane any more."""
        self._lane = None

    @property
    def is_in_lane(self) -> bool:
        return self._lane is not None

    @property
    def detects_turns(self) -> bool:
        """Whether the upstream finds the turns in what is appended."""
        return self._detects_turns

    @property
    def bytes_per_s(self) -> float:
        """Of the audio."""
        return self._bytes_per_s

    @property
    def is_speaking(self) -> bool:
        return self._is_speaking

    @property
    def appends(self) -> list[Data]:
        """What is unfinished, as it went up."""
        return _apart(self._kept())

    @property
    def begins_ms(self) -> float:
        """How much had been said in all before what is unfinished."""
        self._tell()
        return self._ms - self._kept_ms

    def format(self, *, detects_turns: bool, bytes_per_s: float) -> None:
        """What the session says of its input."""
        self._tell()
        self._detects_turns = detects_turns
        self._bytes_per_s = bytes_per_s
        self._want()

    def append(self, data: Data) -> None:
        """Something was appended."""
        self._tell()
        self.add(_audio_bytes(data), data)

    def add(self, octets: int, appends: Data) -> None:
        """Something was appended, with so many bytes of audio in all; or several, the latest of them."""
        self._ms += octets * 1000 / self._bytes_per_s
        if self._is_whole or not isinstance(appends, str) or _BETWEEN not in appends:
            self._keep(appends, octets)
        else:
            for data in appends.split(_BETWEEN):
                self._keep(data, _audio_bytes(data))

    def started(self) -> None:
        """Somebody begins to speak."""
        self._tell()
        self._is_speaking = True
        self._want()

    def stopped(self, item_id: str) -> None:
        """What was said becomes this item."""
        self._turn = (item_id, self._kept())
        self.cleared()

    def cleared(self) -> None:
        """Nothing is unfinished."""
        self._tell()
        self._is_speaking = False
        self._appends.clear()
        self._chars, self._kept_ms = 0, 0.0
        self._want()

    def speech_of(self, item_id: str) -> str | None:
        """The audio of the last turn, in base64, if it became this item; None for others."""
        if item_id != self._turn[0] or not self._turn[1]:
            return None
        found = [_AUDIO.search(data) for data in _apart(self._turn[1]) if isinstance(data, str)]
        try:
            audio = b"".join(binascii.a2b_base64(each[1] + each[2]) for each in found if each is not None)
        except binascii.Error:
            return None
        return binascii.b2a_base64(audio, newline=False).decode()

    @property
    def _is_whole(self) -> bool:
        return self._is_speaking or not self._detects_turns

    def _kept(self) -> list[Data]:
        """What is unfinished, several in one text where the lane told them so: few turns are ever asked for."""
        self._tell()
        return [data for data, _ in self._appends]

    def _keep(self, data: Data, octets: int) -> None:
        if not data:
            return
        ms = octets * 1000 / self._bytes_per_s
        self._appends.append((data, ms))
        self._chars += len(data)
        self._kept_ms += ms
        most = (MOST_S if self._is_whole else QUIET_S) * self._bytes_per_s * 4 / 3
        while self._chars > most:
            oldest, ms = self._appends.popleft()
            self._chars -= len(oldest)
            self._kept_ms -= ms

    def _tell(self) -> None:
        if self._lane is not None:
            self._lane.tell()

    def _want(self) -> None:
        if self._lane is not None:
            self._lane.whole = self._is_whole


def _apart(kept: list[Data]) -> list[Data]:
    """Each append by itself."""
    return [each for data in kept for each in (data.split(_BETWEEN) if isinstance(data, str) else [data])]


def _audio_bytes(data: Data) -> int:
    """How many bytes of audio an append has, by the length of its base64."""
    if not isinstance(data, str) or (key := data.find('"audio"')) < 0:
        return 0
    begins = data.find('"', key + 7) + 1  # an expression that reads each character would take ten times as long
    ends = data.find('"', begins)
    return max(0, ends - begins - data.count("=", ends - 2, ends)) * 3 // 4 if begins else 0
