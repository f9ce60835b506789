"""Recordings as files, whole and damaged."""

from pathlib import Path

import pytest

from relay.recording import Cut, Message, RecordingError, read_recording
from relay.recording.format import Line, write_line
from tests.recording.test_format import END, HEADER

MESSAGES = [Message(0.0, "down", '{"type":"session.created"}', 0), Message(0.5, "up", "{broken", 0)]
LINES: list[Line] = [HEADER, *MESSAGES, END]
WHOLE = b"".join(map(write_line, LINES))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "one.jsonl"


def test_a_whole_file(path) -> None:
    """A recording is its header, then its messages in order, then its end; it can be read again."""
    path.write_bytes(WHOLE)
    recording = read_recording(path)
    assert (recording.name, recording.header) == ("one", HEADER)
    assert list(recording.messages()) == list(recording.messages()) == [*MESSAGES, END]


@pytest.mark.parametrize("size", range(len(write_line(HEADER)), len(WHOLE) - 1))
def test_a_file_that_breaks_off_is_read_up_to_there(path, size) -> None:
    """Wherever the writer died, what was whole is read, and the line that is not is named."""
    path.write_bytes(WHOLE[:size])
    *messages, last = read_recording(path).messages()
    assert messages == MESSAGES[: len(messages)]
    assert last == Cut(len(messages) + 2)


@pytest.mark.parametrize("number", [2, 3, 4])
def test_a_damaged_line_is_named(path, number) -> None:
    """A damaged line in the middle is an error with the file and the number of the line; those before it are read."""
    lines = WHOLE.splitlines(keepends=True)
    lines[number - 1] = b"?" + lines[number - 1][1:]
    path.write_bytes(b"".join(lines))
    seen: list[object] = []
    with pytest.raises(RecordingError, match=rf"one\.jsonl, line {number}: this is not JSON") as failure:
        seen.extend(read_recording(path).messages())
    assert failure.value.line == number


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "line 1: the file is empty"),
        (b"RIFF\x00", "line 1: this is not JSON"),
        (write_line(END), "line 1: a recording begins with its header"),
        (write_line(HEADER) * 2, "line 2: a second header"),
    ],
)
def test_a_file_that_is_no_recording(path, content, why) -> None:
    """A file that does not begin as a recording does, or begins twice, is told as such."""
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=why):
        list(read_recording(path).messages())


def test_a_file_that_is_not_there(path) -> None:
    """A file that cannot be opened is told with the system's words."""
    with pytest.raises(RecordingError, match=r"one\.jsonl: No such file or directory"):
        read_recording(path)
