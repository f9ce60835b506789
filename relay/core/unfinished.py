"""What a user says that no upstream has made an item of yet: the last appends, as they went up.

It is what a successor has to be told beside the items. While nobody speaks it is the last second, in which speech may
have begun that nobody has noticed; while somebody does, all of it. In a session that detects no turns it is what was
appended since the last commit.
"""

import binascii
import re
from collections import deque

from relay.core.events import Data

QUIET_S = 1.0
MOST_S = 60.0
"""A longer speech loses its beginning."""

_PCM_BYTES_PER_S = 48_000
_AUDIO = re.compile(r'"audio"\s*:\s*"([A-Za-z0-9+/=]*)"')


class Unfinished:
    """Keeps appends, and the audio of the last turn that they made.

    Attributes:
        detects_turns: whether the upstream finds the turns in what is appended.
        bytes_per_s: of the audio.
    """

    def __init__(self) -> None:
        self.detects_turns = True
        self.bytes_per_s: float = _PCM_BYTES_PER_S
        self._appends: deque[Data] = deque()
        self._chars = 0
        self._is_speaking = False
        self._turn: tuple[str, list[Data]] = ("", [])

    @property
    def appends(self) -> list[Data]:
        """What is unfinished, as it went up."""
        return list(self._appends)

    @property
    def is_speaking(self) -> bool:
        return self._is_speaking

    def append(self, data: Data) -> None:
        """Something was appended."""
        self._appends.append(data)
        self._chars += len(data)
        whole = self._is_speaking or not self.detects_turns
        most = (MOST_S if whole else QUIET_S) * self.bytes_per_s * 4 / 3
        while self._chars > most:
            self._chars -= len(self._appends.popleft())

    def started(self) -> None:
        """Somebody begins to speak."""
        self._is_speaking = True

    def stopped(self, item_id: str) -> None:
        """What was said becomes this item."""
        self._is_speaking = False
        self._turn = (item_id, list(self._appends))
        self.cleared()

    def cleared(self) -> None:
        """Nothing is unfinished."""
        self._is_speaking = False
        self._appends.clear()
        self._chars = 0

    def speech_of(self, item_id: str) -> str | None:
        """The audio of the last turn, in base64, if it became this item; None for others."""
        if item_id != self._turn[0] or not self._turn[1]:
            return None
        pieces = [found[1] for data in self._turn[1] if isinstance(data, str) and (found := _AUDIO.search(data))]
        try:
            audio = b"".join(map(binascii.a2b_base64, pieces))
        except binascii.Error:
            return None
        return binascii.b2a_base64(audio, newline=False).decode()
