"""What all ears have in common."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

FRAME_MS = 32
"""What Silero's model hears at once, and so for all."""

FRAME_BYTES = FRAME_MS * 48
"""A frame of PCM16, 24 kHz, mono."""

Told: TypeAlias = Callable[[int, Sequence[float]], None]
"""Is told the stretch of sound, and how likely there is speech in each of its next frames, from 0 to 1."""


class Ear(Protocol):
    """One session's."""

    def hear(self, stretch: int, pcm: bytes) -> None:
        """Take whole frames. It never waits; what is found is told afterwards, never from within.

        Args:
            stretch: counts the stretches of sound that have nothing to do with each other: a new one is heard as if
                nothing had been before.
            pcm: a multiple of `FRAME_BYTES`.
        """

    def close(self) -> None:
        """Nothing more is told."""


class Ears(Protocol):
    """Those of a process."""

    def open(self, told: Told) -> Ear:
        """One for a session, on the running event loop."""

    def close(self) -> None:
        """End whatever they run on. It waits for no more than a frame."""


def frames_of(pcm: bytes) -> list[bytes]:
    """The sound, frame by frame."""
    return [pcm[start : start + FRAME_BYTES] for start in range(0, len(pcm), FRAME_BYTES)]
