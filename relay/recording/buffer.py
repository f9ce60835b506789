"""The recording buffer of one session: the event loop puts messages into it, a thread writes them to the file.

The lines of frequent events are made as they are put, or before that in the fast lane: it costs a microsecond or two,
and the thread has little left to do but write, which does not keep the loop from running. Whatever takes longer, such
as reading a large event for what must not be in it, is left to the thread.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from io import FileIO
from pathlib import Path

from relay.core.events import Data
from relay.recording.format import Direction, End, Header, Message, Stopped, read_line, write_line, write_message
from relay.recording.redaction import Redactor

MAX_WAITING_BYTES = 64 << 20
"""What may wait for the disk, all recordings of a process together."""

WRITE_BYTES = 64 << 10
"""What is written at one time. A megabyte at once costs the kernel several times as much for each byte."""

Unmade = tuple[float, int, Callable[[], bytes]]
"""When a message passed, how large it is, and what makes its line."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds each file. A recording that reaches one stops, and its session goes on."""

    max_bytes: int
    max_s: float


@dataclass(slots=True)
class Backlog:
    """What waits for the disk. The loop alone adds to `put_bytes`, the thread alone to `taken_bytes`."""

    put_bytes: int = 0
    taken_bytes: int = 0

    @property
    def is_full(self) -> bool:
        return self.put_bytes - self.taken_bytes > MAX_WAITING_BYTES


class RecordingBuffer:
    """A file, and what waits to be written into it.

    `put` and `finish` are for the event loop and never wait; `write` and `drop` are for the thread.

    Args:
        opened_at: when the session opened, on the clock of all later calls.
        backlog: shared with the process's other buffers.

    Attributes:
        is_over: nothing more is taken.
        is_done: nothing more is written, and the file is closed.
        last: the line that it ends with; None where it just breaks off.
    """

    def __init__(
        self, path: Path, header: Header, opened_at: float, redactor: Redactor, limits: Limits, backlog: Backlog
    ) -> None:
        self.path = path
        self.header = header
        self.is_over = False
        self.is_done = False
        self.last: End | Stopped | None = None
        self.opened_at = opened_at
        self._redactor = redactor
        self._limits = limits
        self._backlog = backlog
        self._waiting: deque[bytes | Unmade] = deque()
        self._file: FileIO | None = None
        self._bytes_left = limits.max_bytes

    @property
    def plain_secrets(self) -> list[bytes] | None:
        """What must not be in a line that is put; None where frequent events' lines are made here alone."""
        return self._redactor.plain_secrets

    def put(self, now: float, direction: Direction, data: Data, after: int, by_relay: bool) -> None:
        """Take a message, unless the buffer is over or comes to its end by it."""
        at = now - self.opened_at
        if self._takes(at):
            waiting = self._line(at if at > 0 else 0.0, direction, data, after, by_relay)
            self._waiting.append(waiting)
            self._backlog.put_bytes += _size(waiting)

    def put_line(self, now: float, line: bytes) -> None:
        """The same for a message whose line has been made."""
        if self._takes(now - self.opened_at):
            self._waiting.append(line)
            self._backlog.put_bytes += len(line)

    def _takes(self, at: float) -> bool:
        if self.is_over:
            return False
        if at > self._limits.max_s:
            self.finish(Stopped(at, "max_s"))
        elif self._backlog.is_full:
            self.finish(Stopped(max(at, 0.0), "too_slow"))
        return not self.is_over

    def finish(self, last: End | Stopped | None) -> None:
        """Take no more, and end the file with this line; the first call counts."""
        if not self.is_over:
            self.last = last
            self.is_over = True

    def write(self) -> None:
        """Write what waits, and close the file if that was all.

        Raises:
            OSError: it cannot be written; the buffer is to be dropped.
        """
        is_whole = self.is_over  # read before what waits, so that nothing can come in between
        file = self._file or self._open()
        lines: list[bytes] = []
        size = 0
        for line in self._lines():
            lines.append(line)
            size += len(line)
            if size > WRITE_BYTES:
                _write_all(file, lines)
                size = 0
        if is_whole or self._bytes_left < 0:
            lines.append(b"" if self.last is None else write_line(self.last))
            _write_all(file, lines)
            file.close()
            self.is_done = True
        else:
            _write_all(file, lines)

    def drop(self) -> None:
        """Let go of everything; what was written stays."""
        self.finish(None)
        self.is_done = True
        while self._waiting:
            self._take()
        if self._file is not None:
            self._file.close()

    def _open(self) -> FileIO:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = FileIO(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w")
        _write_all(self._file, [write_line(self.header)])
        return self._file

    def _lines(self) -> Iterator[bytes]:
        while self._waiting:
            waiting = self._take()
            line = waiting if isinstance(waiting, bytes) else waiting[2]()
            self._bytes_left -= len(line)
            if self._bytes_left < 0:
                self.finish(Stopped(_time(waiting), "max_bytes"))
            if self._bytes_left >= 0:
                yield line

    def _take(self) -> bytes | Unmade:
        waiting = self._waiting.popleft()
        self._backlog.taken_bytes += _size(waiting)
        return waiting

    def _line(self, at: float, direction: Direction, data: Data, after: int, by_relay: bool) -> bytes | Unmade:
        """A message's line, or what makes it; a line is not wrapped, since the garbage collector counts wrappers."""
        plain = self._redactor.plain(data)
        if plain is not None:
            return write_message(at, direction, plain, after, by_relay)
        return at, len(data), partial(self._make_line, at, direction, data, after, by_relay)

    def _make_line(self, at: float, direction: Direction, data: Data, after: int, by_relay: bool) -> bytes:
        return write_message(at, direction, self._redactor.message(data), after, by_relay)


def _size(waiting: bytes | Unmade) -> int:
    return len(waiting) if isinstance(waiting, bytes) else waiting[1]


def _time(waiting: bytes | Unmade) -> float:
    if isinstance(waiting, bytes):
        line = read_line(waiting)
        return line.at if isinstance(line, Message) else 0.0
    return waiting[0]


def _write_all(file: FileIO, lines: list[bytes]) -> None:
    rest = memoryview(b"".join(lines))
    lines.clear()
    while rest:
        rest = rest[file.write(rest) :]
