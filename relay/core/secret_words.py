"""Words that a peer may not read: instructions that its profile locks, in whatever spelling an upstream quotes them.

A service that quotes may escape, cut, wrap or shout, so a text is compared by its letters and digits alone, and by
pieces of it. The pieces are fixed: none of them can be found out letter by letter, by having guesses quoted and seeing
which of them are taken out.
"""

import json
import re
from collections.abc import Iterable, Iterator

from relay.core.redaction import REDACTED

PIECE_LETTERS = 16
"""A quotation of fewer letters and digits in a row is none, unless it is all of the words."""

SURE_LETTERS = 2 * PIECE_LETTERS - 1
"""A quotation of so many is always found, since a whole piece is in it; of fewer only where one happens to be."""

EXACT_LEAST_CHARS = 6
"""What is shorter, such as `Hi.`, stands in too much that is no quotation."""

WHOLE_LEAST_LETTERS = 10
"""Below this only the exact spelling counts."""

SOUND_CHARS = 4096
"""A longer string of ASCII without a space is sound or a picture."""

_ESCAPES = re.compile(r"""\\+[nrtbf"'/]|&(?:\#x?[0-9a-f]+|[a-z]+);|%[0-9a-f]{2}""", re.IGNORECASE)
_NO_LETTERS = re.compile(r"[\W_]+")
_UNICODE_ESCAPE = re.compile(r"\\+u([0-9a-fA-F]{4})")


class SecretWords:
    """Some texts, and whether another one quotes them.

    Attributes:
        least_chars: a text with fewer characters does not have all of any of them.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        stripped = [text.strip() for text in texts]
        spellings = {spelling for text in stripped for spelling in _spellings(text)}
        self._spellings = sorted((text for text in spellings if len(text) >= EXACT_LEAST_CHARS), key=len, reverse=True)
        folded = [letters_of(text) for text in stripped]
        self._wholes = [text for text in folded if len(text) >= WHOLE_LEAST_LETTERS]
        self._pieces = frozenset(piece for text in folded for piece in _pieces(text))
        self.least_chars = min(map(len, [*self._spellings, *self._wholes]), default=0)
        self._least_of_a_part = min(PIECE_LETTERS, self.least_chars)

    def __bool__(self) -> bool:
        return bool(self._spellings or self._wholes)

    def __repr__(self) -> str:
        return f"SecretWords({len(self._wholes)})"

    def taken_out(self, text: str, *, pieces: bool = True) -> str:
        """The text without the words: `REDACTED` in their place, or alone where they stand in another spelling.

        Args:
            pieces: whether a part of them counts, too.
        """
        least = self._least_of_a_part if pieces else self.least_chars
        is_sound = len(text) > SOUND_CHARS and text.isascii() and " " not in text
        if not self or len(text) < least or is_sound:
            return text
        for spelling in self._spellings:
            text = text.replace(spelling, REDACTED)
        letters = letters_of(text)
        if any(whole in letters for whole in self._wholes) or (pieces and self._has_piece(letters)):
            return REDACTED
        return text

    def _has_piece(self, letters: str) -> bool:
        ends = range(PIECE_LETTERS, len(letters) + 1)
        return not self._pieces.isdisjoint([letters[end - PIECE_LETTERS : end] for end in ends])


def letters_of(text: str) -> str:
    """The letters and digits of a text, in lower case, whatever escapes it is written with."""
    if "\\" in text:
        text = _UNICODE_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
    if "\\" in text or "%" in text or "&" in text:
        text = _ESCAPES.sub(" ", text)
    return _NO_LETTERS.sub("", text.casefold())


def _pieces(letters: str) -> Iterator[str]:
    """Pieces of the same length, one after another, and the last one, which may begin within the one before."""
    for at in range(0, len(letters) - PIECE_LETTERS + 1, PIECE_LETTERS):
        yield letters[at : at + PIECE_LETTERS]
    if len(letters) >= PIECE_LETTERS:
        yield letters[-PIECE_LETTERS:]


def _spellings(text: str) -> Iterator[str]:
    """The text as it is, and as a JSON string has it, escaped once and twice."""
    yield text
    for ascii_alone in (True, False):
        once = json.dumps(text, ensure_ascii=ascii_alone)[1:-1]
        yield once
        yield json.dumps(once, ensure_ascii=ascii_alone)[1:-1]
