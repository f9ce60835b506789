"""Voice activity detection on energy: loud for a moment is speech, quiet for long enough is its end.

The API's own detector is a model. This one cannot tell a voice from a tone or a slammed door, but it marks the
same points in the same stream. `semantic_vad` is the same detector with a wait that follows its eagerness.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Self

from relay.engine.audio import BYTES_PER_MS, loudness

FRAME_MS = 20
FRAME_BYTES = FRAME_MS * BYTES_PER_MS
ONSET_FRAMES = 3

FULL_SCALE = 32768
QUIETEST_DB, LOUDEST_DB = -60.0, -20.0
HYSTERESIS = 0.5
FADE = 0.05

SEMANTIC_PREFIX_MS = 300
SEMANTIC_SILENCE_MS: Mapping[str, int] = {"low": 1200, "medium": 600, "auto": 600, "high": 300}


@dataclass(frozen=True, slots=True)
class VadSettings:
    """What `audio.input.turn_detection` asks for.

    Attributes:
        threshold: 0 to 1, on a scale of decibels: 0.5 is -40 dBFS, 0 is -60, 1 is -20.
        prefix_ms: how much of what came before the onset belongs to the turn.
        silence_ms: how long it has to be quiet before the turn is over.
    """

    threshold: float
    prefix_ms: int
    silence_ms: int

    @classmethod
    def read(cls, turn_detection: Mapping[str, Any]) -> Self:
        """From a checked `turn_detection` of either kind, defaults filled in."""
        if turn_detection["type"] == "semantic_vad":
            return cls(0.5, SEMANTIC_PREFIX_MS, SEMANTIC_SILENCE_MS[turn_detection["eagerness"]])
        return cls(
            turn_detection["threshold"],
            turn_detection["prefix_padding_ms"],
            turn_detection["silence_duration_ms"],
        )

    @property
    def level(self) -> float:
        """The loudness from which a frame counts as speech, where full scale is 32768."""
        decibels = QUIETEST_DB + self.threshold * (LOUDEST_DB - QUIETEST_DB)
        return float(FULL_SCALE * 10 ** (decibels / 20))


class Change(Enum):
    """What a frame may bring."""

    STARTED = auto()
    STOPPED = auto()


class EnergyVad:
    """Hears one frame of 20 ms after the other and says when speech has started and stopped.

    Speech has started with the third loud frame in a row, so that a click does not count, and stopped once all
    of `silence_ms` was quiet. While somebody speaks, half the level still counts as speech, but nothing 26 dB below
    the loudest frame of the turn does: else a noisy microphone would never let a turn end.
    """

    def __init__(self, settings: VadSettings) -> None:
        self.settings = settings
        self.is_speaking = False
        self._level = settings.level
        self._silence_frames = max(1, round(settings.silence_ms / FRAME_MS))
        self._run = 0
        self._loudest = 0.0

    def hear(self, frame: bytes) -> Change | None:
        """Take in the next frame; `FRAME_BYTES` long."""
        loud = loudness(frame)
        if (loud >= self._threshold) == self.is_speaking:
            self._run = 0
            self._loudest = max(self._loudest, loud) if self.is_speaking else 0.0
            return None
        self._run += 1
        if self._run < (self._silence_frames if self.is_speaking else ONSET_FRAMES):
            return None
        self._run = 0
        self.is_speaking = not self.is_speaking
        return Change.STARTED if self.is_speaking else Change.STOPPED

    @property
    def _threshold(self) -> float:
        return max(self._level * HYSTERESIS, self._loudest * FADE) if self.is_speaking else self._level
