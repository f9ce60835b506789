"""What has been begun for a turn while it goes on, or was for the one that has just ended."""

from dataclasses import dataclass

from relay.cascade.answer import Answer
from relay.cascade.hearing import Hearing


@dataclass(slots=True)
class Counts:
    """What a session has done ahead.

    Attributes:
        made_ahead: answers that were begun before their turn was over, and were given.
        voided: those that were begun for nothing.
    """

    made_ahead: int = 0
    voided: int = 0


@dataclass(slots=True)
class TurnWork:
    """That of one turn.

    Attributes:
        hearing: its transcript, where that was asked for before it was over.
        answer: made ahead of its end.
        pcm: of a turn that is heard while it goes on.
        spoken_ms: how much of it was speech; None where nobody listened for that.
        spoke_at: its last loud frame, about.
        asked_at: when its transcript was asked for.
        judging: the order to judge whether it sounds complete.
    """

    hearing: Hearing | None = None
    answer: Answer | None = None
    pcm: bytearray | None = None
    is_paused: bool = False
    spoken_ms: int | None = None
    spoke_at: float | None = None
    asked_at: float | None = None
    judging: int = 0
