"""An ear that goes by loudness. It takes a slammed door for a voice, and a whisper for none."""

import asyncio
import math

from relay.cascade.ears.ear import Told, frames_of
from relay.engine.audio import loudness

FULL_SCALE = 32768.0
QUIETEST_DB, LOUDEST_DB = -60.0, -20.0
"""Where the probability is 0 and 1: so a threshold of 0.5 is at -40 dBFS."""


class EnergyEars:
    """Those of a process; there is nothing to them."""

    def open(self, told: Told) -> "EnergyEar":
        """One for a session, on the running event loop."""
        return EnergyEar(told)

    def close(self) -> None:
        """Nothing runs."""


class EnergyEar:
    """One session's."""

    def __init__(self, told: Told) -> None:
        self._told: Told | None = told
        self._loop = asyncio.get_running_loop()

    def hear(self, stretch: int, pcm: bytes) -> None:
        """Take whole frames."""
        found = tuple(likelihood(frame) for frame in frames_of(pcm))
        self._loop.call_soon(self._tell, stretch, found)

    def close(self) -> None:
        """Nothing more is told."""
        self._told = None

    def _tell(self, stretch: int, found: tuple[float, ...]) -> None:
        if self._told is not None:
            self._told(stretch, found)


def likelihood(frame: bytes) -> float:
    """How loud a frame is, from 0 to 1."""
    level = loudness(frame)
    if level <= 0:
        return 0.0
    decibels = 20 * math.log10(level / FULL_SCALE)
    return min(1.0, max(0.0, (decibels - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB)))
