"""Whether somebody has done speaking, as far as their words or the sound of them say."""

from enum import Enum, auto

SOUNDS_COMPLETE = 0.5
"""From here on a turn that was judged by its sound is taken to be complete."""

_ENDS = (".", "!", "?", "。", "\uff01", "\uff1f", "؟", "।")
_GOES_ON = ("...", "…", ",", ";", ":", "-", "–", "—", "、", "，", "；", "：")  # noqa: RUF001 - those of other scripts
_CLOSING = "\"'”»’)] "  # noqa: RUF001 - what may stand behind the last mark


class Completeness(Enum):
    """Of a turn that has paused."""

    COMPLETE = auto()
    UNCERTAIN = auto()
    """Nothing says so, nor otherwise: not every service that hears writes marks."""
    INCOMPLETE = auto()


def completeness_of_words(text: str) -> Completeness:
    """By the last mark of a transcript."""
    end = text.rstrip(_CLOSING)
    if end.endswith(_GOES_ON):
        return Completeness.INCOMPLETE
    return Completeness.COMPLETE if end.endswith(_ENDS) else Completeness.UNCERTAIN


def completeness_of_sound(likelihood: float) -> Completeness:
    """By how likely a turn is over, from 0 to 1."""
    return Completeness.COMPLETE if likelihood > SOUNDS_COMPLETE else Completeness.INCOMPLETE
