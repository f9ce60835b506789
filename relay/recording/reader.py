"""A recording's file, read line by line: a recording of an hour takes no more memory than one of a second."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from relay.recording.format import Cut, End, Header, Message, Stopped, Unreadable, read_line

MAX_LINE_BYTES = 256 << 20
"""More than any message that a relay passes on can grow to; a line beyond it is no recording's."""


class RecordingError(Exception):
    """A file that is no recording, or is one no more from a certain line on.

    Attributes:
        path: the file.
        line: the number of the first line that cannot be used; None where the file cannot be opened at all.
        why: what is wrong, for a person to read.
    """

    def __init__(self, path: Path, line: int | None, why: str) -> None:
        super().__init__(f"{path}: {why}" if line is None else f"{path}, line {line}: {why}")
        self.path = path
        self.line = line
        self.why = why


@dataclass(frozen=True, slots=True)
class Recording:
    """A file whose header has been read.

    Attributes:
        path: where it is.
        header: its first line.
    """

    path: Path
    header: Header

    @property
    def name(self) -> str:
        """What it is called: the file's name without its suffix."""
        return self.path.stem

    def messages(self) -> Iterator[Message | End | Stopped | Cut]:
        """The lines after the header, one at a time; the last is always an `End`, a `Stopped` or a `Cut`.

        A file whose writer died is read up to there. Each call reads the file anew.

        Raises:
            RecordingError: a line in the middle is damaged, or the file went away.
        """
        for _, line in self.numbered():
            yield line

    def numbered(self) -> Iterator[tuple[int, Message | End | Stopped | Cut]]:
        """The same, each with the number of its line, the header's being 1."""
        number = 1
        for number, raw in _lines(self.path):
            if number == 1:
                continue
            try:
                line = read_line(raw)
            except Unreadable as failure:
                if not raw.endswith(b"\n"):
                    yield number, Cut(number)
                    return
                raise RecordingError(self.path, number, str(failure)) from None
            if isinstance(line, Header):
                raise RecordingError(self.path, number, "a second header: two recordings in one file")
            yield number, line
            if not isinstance(line, Message):
                return
        yield number + 1, Cut(number + 1)


def read_recording(path: Path) -> Recording:
    """Open a recording as far as its header.

    Raises:
        RecordingError: there is no such file, or it does not begin as a recording does.
    """
    for number, raw in _lines(path):
        try:
            line = read_line(raw)
        except Unreadable as failure:
            raise RecordingError(path, number, str(failure)) from None
        if not isinstance(line, Header):
            raise RecordingError(path, number, "a recording begins with its header, and this is none")
        return Recording(path, line)
    raise RecordingError(path, 1, "the file is empty")


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            number = 0
            while raw := file.readline(MAX_LINE_BYTES):
                number += 1
                if len(raw) == MAX_LINE_BYTES:
                    raise RecordingError(path, number, f"the line is longer than {MAX_LINE_BYTES} bytes")
                yield number, raw
    except OSError as failure:
        raise RecordingError(path, None, failure.strerror or "cannot be read") from None
