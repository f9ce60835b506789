"""Cuts a model's answer, as it is written, into pieces that a voice can begin with.

Sentence by sentence: a voice needs to see where a sentence goes. The first piece may be a clause, since somebody waits
for it. Nothing is lost: the texts of all pieces together are what the model wrote.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from relay.cascade.spoken import Spoken

FIRST_LEAST = 12
"""Characters of a first piece that ends at a comma or the like; with fewer a voice sounds breathless."""

FIRST_MOST = 60
"""After so many characters the first piece ends at a space, if it has found nothing better."""

LEAST = 24
"""A sentence shorter than this goes with the one behind it."""

MOST = 300
"""A sentence longer than this is cut: at a clause, or at a space."""

_CLAUSES = frozenset(",;:–—、，；：")  # noqa: RUF001 - those of other scripts

Segment = Callable[[str, str], list[str]]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an answer.

    Attributes:
        text: as the model wrote it, for the transcript.
        spoken: what of it is to be said; empty where nothing is.
    """

    text: str
    spoken: str


class Chunks:
    """Cuts one answer.

    Args:
        language: in ISO 639-1; another one is cut like English.
        only_first_line: whether all behind the first line break is shown and not said.
        segment: finds sentences; their texts together are the text.
    """

    def __init__(self, language: str = "en", *, only_first_line: bool = False, segment: Segment | None = None) -> None:
        self._language = language
        self._only_first_line = only_first_line
        self._segment = segment or find_segment()
        self._spoken = Spoken()
        self._text = ""
        self._has_begun = False
        self._is_silent = False

    def add(self, text: str) -> list[Piece]:
        """The pieces that are complete with more of the answer."""
        self._text += text
        return list(self._cut())

    def finish(self) -> list[Piece]:
        """The rest, when the answer is complete."""
        pieces = list(self._cut())
        if self._text:
            pieces += self._take(len(self._text))
        return pieces

    def _cut(self) -> Iterator[Piece]:
        while end := self._end():
            yield from self._take(end)

    def _end(self) -> int:
        """Where the next piece ends; 0 where nobody knows yet."""
        if self._is_silent:  # nobody waits for a voice
            return len(self._text)
        if self._only_first_line and (end := self._line_end(self._text)):
            return min(end, self._sentence_end(self._text[:end]) or end)
        least, most = (0, FIRST_MOST) if not self._has_begun else (LEAST, MOST)
        end = self._sentence_end(self._text, least)
        if not self._has_begun and (not end or end > FIRST_MOST):
            end = self._clause_end(FIRST_LEAST, FIRST_MOST) or end
        if not end or end > most:
            end = self._forced_end(most) or end
        return end

    def _sentence_end(self, text: str, least: int = 0) -> int:
        """Where sentences end that are long enough together, and that are not the last: that one may go on."""
        end = 0
        for sentence in self._segment(self._language, text)[:-1]:
            end += len(sentence)
            if len(text[:end].strip()) >= max(least, 1) and _has_words(text[:end]):
                return end
        return 0

    def _clause_end(self, least: int, most: int) -> int:
        """Where the first clause ends that is long enough and has something behind it."""
        for place in range(least, min(len(self._text) - 1, most)):
            if self._text[place] in _CLAUSES and (self._text[place + 1].isspace() or ord(self._text[place]) > 0x3000):
                return place + 1
        return 0

    def _forced_end(self, most: int) -> int:
        """Where a piece ends that has grown too long: at its last clause, else its last space, else there."""
        if len(self._text) <= most:
            return 0
        head = self._text[:most]
        clause = max((place + 1 for place in range(most // 2, most) if head[place] in _CLAUSES), default=0)
        return clause or head.rfind(" ") + 1 or most

    def _line_end(self, text: str) -> int:
        """Where the line ends in which something is said; 0 where it goes on."""
        blank = 0 if self._has_begun else len(text) - len(text.lstrip())
        return text.find("\n", blank) + 1

    def _take(self, end: int) -> Iterator[Piece]:
        text, self._text = self._text[:end], self._text[end:]
        spoken = "" if self._is_silent else self._spoken.read(text)
        self._is_silent |= self._only_first_line and bool(self._line_end(text)) and (self._has_begun or bool(spoken))
        self._has_begun |= bool(spoken)
        yield Piece(text, spoken)


def find_segment() -> Segment:
    """What finds sentences.

    Raises:
        ImportError: the extra `cascade` is not installed.
    """
    from sentencex import segment  # noqa: PLC0415 - 4 MB, for who has a cascade

    def segments(language: str, text: str) -> list[str]:
        return list(segment(language, text))

    return segments


def _has_words(text: str) -> bool:
    """Whether there is more in it than the number of a list's item."""
    return any(map(str.isalpha, text))
