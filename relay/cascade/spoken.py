"""What of a written answer can be spoken: its words, without the marks that only a screen makes sense of."""

import re
import unicodedata

_FENCE = re.compile(r"^\s*(```|~~~)")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+")
_BULLET = re.compile(r"^\s*[-*+•]\s+(?:\[[ xX]\]\s+)?")
_QUOTE = re.compile(r"^\s*(?:>\s?)+")
_RULE = re.compile(r"^\s*(?:[-*_=]\s*){3,}$")
_TABLE_RULE = re.compile(r"^\s*\|?[\s:|-]*-[\s:|-]*\|[\s:|-]*$")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,100}>")
_STRONG = re.compile(r"(\*{1,3}|~~)(?=\S)(.+?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<!\w)(_{1,3})(?=\S)(.+?)(?<=\S)\1(?!\w)")
_SPACES = re.compile(r"[ \t]{2,}")
_UNSPOKEN = frozenset({"So", "Sk", "Cs", "Co", "Cn", "Cf"})
"""Unicode's categories of pictures and of what has no shape."""
_MARKS = frozenset("\ufe0f\u20e3")
_KEPT = frozenset("°©®™№")


class Spoken:
    """Takes pieces of one answer, in order, and gives what is to be said of each; what stands in a fence is not."""

    def __init__(self) -> None:
        self._is_fenced = False

    def read(self, piece: str) -> str:
        """What is to be said of the next piece; may be empty."""
        lines = [spoken for line in piece.split("\n") if (spoken := self._line(line))]
        return "\n".join(lines).strip()

    def _line(self, line: str) -> str:
        if _FENCE.match(line):
            # A fence that opens and closes in one line changes nothing.
            self._is_fenced ^= line.count("```") % 2 == 1 or line.count("~~~") % 2 == 1
            return ""
        return "" if self._is_fenced else spoken_line(line)


def spoken_line(line: str) -> str:
    """What is to be said of a line."""
    if _RULE.match(line) or _TABLE_RULE.match(line):
        return ""
    for mark in (_QUOTE, _HEADING, _BULLET):
        line = mark.sub("", line)
    line = _LINK.sub(r"\1", _IMAGE.sub("", line))
    line = _TAG.sub("", line)
    for _ in range(2):
        line = _EMPHASIS.sub(r"\2", _STRONG.sub(r"\2", line))
    line = line.replace("`", "")
    if line.count("|") >= 2:
        line = ", ".join(cell.strip() for cell in line.split("|") if cell.strip())
    line = "".join(character for character in line if _can_be_said(character))
    line = _SPACES.sub(" ", line).strip()
    return line if any(map(str.isalnum, line)) else ""


def _can_be_said(character: str) -> bool:
    if character in _KEPT or character.isascii():
        return True
    return character not in _MARKS and unicodedata.category(character) not in _UNSPOKEN
