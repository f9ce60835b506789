"""Where in time a voice is heard. The API sends answers faster than they are spoken, so they queue."""

RATE = 24_000
"""Samples a second, of both voices."""

JITTER_S = 0.2
"""A microphone's messages that come so late still follow one another without a gap."""


class Playout:
    """One voice's loudspeaker: audio sounds when it comes, or behind what is still sounding.

    Attributes:
        end: where all that was placed ends, in samples since the session opened.
    """

    def __init__(self) -> None:
        self.end = 0

    def place(self, at: float, count: int, slack_s: float = 0.0) -> int:
        """Add so many samples that came then; returns where they begin.

        Args:
            slack_s: a gap that is shorter is none: it is the jitter of a microphone's messages.
        """
        came = round(max(at, 0.0) * RATE)
        start = self.end if came - self.end <= slack_s * RATE else came
        self.end = start + count
        return start

    def hush(self, at: float) -> None:
        """Forget what would sound later than this."""
        self.end = min(self.end, round(max(at, 0.0) * RATE))
