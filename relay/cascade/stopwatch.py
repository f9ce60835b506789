"""When what happened in a turn: for the latency of each stage, and for what the peer is hearing now."""

from collections.abc import Callable
from dataclasses import dataclass, field

from relay.engine.audio import BYTES_PER_MS


@dataclass(slots=True)
class Clock:
    """The time that was passed in last."""

    now: float = 0.0


@dataclass(slots=True)
class Stopwatch:
    """The times of one answer, on the session's clock; None for what has not happened.

    Attributes:
        clock: of the session.
        on_sounded: is called with the time until which the peer will hear what it has been sent.
        asked_at: who hears was asked, or the answer was.
        spoke_at: the last loud frame of the turn; None where nobody spoke.
        sure_at: it was certain that the turn was over, or the answer was asked for.
        heard_at: it was known what was said.
        thought_at: the first of the model's output came.
        said_at: the first of its sound came.
        sounded_at: the first sound, or the first word of a written answer, went out.
        is_ahead: whether it was begun before it was certain.
        voided: how many answers to the same turn were begun for nothing before.
    """

    clock: Clock
    on_sounded: Callable[[float], None] = field(default=lambda until: None)
    asked_at: float | None = None
    spoke_at: float | None = None
    sure_at: float | None = None
    heard_at: float | None = None
    thought_at: float | None = None
    said_at: float | None = None
    sounded_at: float | None = None
    is_ahead: bool = False
    voided: int = 0
    _sounds_until: float = 0.0

    def heard(self) -> None:
        """It is known what was said."""
        self.heard_at = self.clock.now

    def thought(self) -> None:
        """Some of the model's output has come."""
        if self.thought_at is None:
            self.thought_at = self.clock.now

    def said(self) -> None:
        """Some of the sound has come."""
        if self.said_at is None:
            self.said_at = self.clock.now

    def written(self) -> None:
        """A written word goes to the peer."""
        if self.sounded_at is None:
            self.sounded_at = self.clock.now

    def silenced(self) -> None:
        """It was cut short: the peer plays no more of it."""
        if self.sounded_at is not None:
            self._sounds_until = self.clock.now
            self.on_sounded(self._sounds_until)

    def times(self) -> dict[str, float]:
        """How long each stage took, in milliseconds, as far as it came; what happened ahead overlaps."""
        spans = {
            "turn_ms": (self.spoke_at, self.sure_at),
            "hear_ms": (self.asked_at, self.heard_at),
            "think_ms": (self.heard_at, self.thought_at),
            "speak_ms": (self.thought_at, self.said_at),
            "total_ms": (self.sure_at if self.spoke_at is None else self.spoke_at, self.sounded_at),
        }
        return {
            name: round(1000 * (end - start), 1)
            for name, (start, end) in spans.items()
            if start is not None and end is not None
        }

    def sounded(self, pcm_bytes: int) -> None:
        """So much sound goes to the peer, which plays it behind what it has."""
        now = self.clock.now
        if self.sounded_at is None:
            self.sounded_at = now
        self._sounds_until = max(self._sounds_until, now) + pcm_bytes / BYTES_PER_MS / 1000
        self.on_sounded(self._sounds_until)

    def unheard_s(self) -> float:
        """How much of the sound the peer has still to hear, if it plays what it gets."""
        return max(0.0, self._sounds_until - self.clock.now)
