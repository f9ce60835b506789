"""A recording in the making, without its thread."""

import stat
from pathlib import Path

import pytest

from relay.core.redaction import Secrets
from relay.recording import Cut, Message, Stopped, read_recording
from relay.recording.buffer import MAX_WAITING_BYTES, Backlog, Limits, RecordingBuffer
from relay.recording.redaction import Redactor
from tests.recording.test_format import END, HEADER

ROOMY = Limits(1 << 30, 60.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "one.jsonl"


def buffer_at(path: Path, limits: Limits = ROOMY, backlog: Backlog | None = None) -> RecordingBuffer:
    return RecordingBuffer(path, HEADER, 100.0, Redactor(Secrets([])), limits, backlog or Backlog())


def test_a_buffer_from_beginning_to_end(path) -> None:
    """The header, each message with its time since the opening, and the end; the directory is made."""
    buffer = buffer_at(path)
    buffer.put(100.5, "up", "a", 0, False)
    buffer.write()
    buffer.put(101.0, "down", b"b", 1, False)
    buffer.finish(END)
    buffer.put(102.0, "down", "too late", 1, False)
    buffer.write()
    assert buffer.is_done
    recording = read_recording(path)
    assert recording.header == HEADER
    assert list(recording.messages()) == [Message(0.5, "up", "a", 0), Message(1.0, "down", b"b", 1), END]


def test_nobody_else_can_read_it(path) -> None:
    """The file is its owner's alone."""
    buffer = buffer_at(path)
    buffer.write()
    buffer.drop()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_crash_leaves_what_was_written(path) -> None:
    """Between two writes the file can be read up to the last one."""
    buffer = buffer_at(path)
    buffer.put(100.0, "up", "a", 0, False)
    buffer.write()
    buffer.put(100.0, "up", "b", 1, False)
    assert list(read_recording(path).messages()) == [Message(0.0, "up", "a", 0), Cut(3)]
    buffer.drop()


def test_a_buffer_has_a_size(path) -> None:
    """A file that is full ends with the reason, and holds whole lines up to there."""
    buffer = buffer_at(path, Limits(1000, 60.0))
    for _ in range(10):
        buffer.put(101.0, "up", "x" * 300, 0, False)
    buffer.write()
    assert buffer.is_done
    *messages, last = read_recording(path).messages()
    assert last == Stopped(1.0, "max_bytes")
    assert len(messages) == 2
    assert path.stat().st_size < 1300


def test_a_buffer_has_a_length(path) -> None:
    """A recording that lasts too long ends with the reason."""
    buffer = buffer_at(path, Limits(1 << 30, 2.0))
    buffer.put(101.0, "up", "a", 0, False)
    buffer.put(102.5, "up", "b", 1, False)
    buffer.write()
    assert list(read_recording(path).messages()) == [Message(1.0, "up", "a", 0), Stopped(2.5, "max_s")]


def test_what_waits_for_the_disk_is_bounded(path) -> None:
    """A buffer that finds the common backlog full ends there; what waits is written, and the room is free again."""
    backlog = Backlog()
    buffer = buffer_at(path, backlog=backlog)
    piece = "x" * (MAX_WAITING_BYTES // 4)
    for now in range(100, 107):
        buffer.put(now, "up", piece, 0, False)
    assert buffer.is_over
    buffer.write()
    *messages, last = read_recording(path).messages()
    assert len(messages) == 5
    assert last == Stopped(5.0, "too_slow")
    assert backlog.put_bytes == backlog.taken_bytes


def test_a_buffer_that_cannot_be_written(path) -> None:
    """Where no file can be made the buffer says so, and dropping it frees what waits."""
    path.parent.write_text("in the way")
    backlog = Backlog()
    buffer = buffer_at(path, backlog=backlog)
    buffer.put(100.0, "up", "a", 0, False)
    with pytest.raises(OSError, match="File exists"):
        buffer.write()
    buffer.drop()
    assert buffer.is_done
    assert backlog.put_bytes == backlog.taken_bytes
