"""How fast the mock answers. The figures are those of the real API, roughly, on a good day."""

import math
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Pace:
    """Waits of one session, in seconds, and how far its speech runs ahead.

    Attributes:
        latency_s: from `response.created` to the first output.
        speedup: seconds of speech that are sent in a second.
        token_s: from one piece of text, or of a function's arguments, to the next.
        transcription_s: from a committed turn to its transcript.
        rate_limits_s: from `response.done` to `rate_limits.updated`.
        holds_after_s: seconds of speech after which an answer says no more, and does not end until it is cancelled or
            interrupted. Only the story is longer than four seconds.
    """

    latency_s: float = 0.25
    speedup: float = 8.0
    token_s: float = 0.02
    transcription_s: float = 0.6
    rate_limits_s: float = 0.043
    holds_after_s: float = math.inf

    @classmethod
    def instant(cls) -> Self:
        """No waits at all: each answer is complete as soon as somebody reads it."""
        return cls(latency_s=0, speedup=math.inf, token_s=0, transcription_s=0, rate_limits_s=0)

    def speech_pause_s(self, said_ms: int, piece_ms: int) -> float:
        """How long nothing comes behind this last piece of `said_ms` of speech."""
        return math.inf if said_ms >= self.holds_after_s * 1000 else piece_ms / 1000 / self.speedup
