"""The recordings of this process: where they go, and the one thread that writes them all."""

import atexit
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic
from typing import Literal

from relay.config.errors import SettingsError
from relay.config.recording_options import RecordingOptions
from relay.config.settings import Settings
from relay.core.binary_audio import SUBPROTOCOL as BINARY_AUDIO
from relay.core.redaction import REDACTED, Secrets
from relay.recording.buffer import Backlog, Limits, RecordingBuffer
from relay.recording.format import Header, Stopped
from relay.recording.recorder import Recorder
from relay.recording.redaction import Redactor
from relay.version import __version__

WRITE_EVERY_S = 0.5
"""What a crash can cost. Waking the thread for each message would cost more than writing it."""

_PLAIN_SUBPROTOCOLS = frozenset({None, "realtime", BINARY_AUDIO})
"""Any other may hold somebody's key."""

Failure = Literal["unwritable", "too_slow", "undeletable"]
OnFailed = Callable[[str, Failure, str], None]


class Recordings:
    """Begins recordings and gets them onto the disk.

    A thread runs while any recording is open. It alone touches files, so that a slow disk delays no event; what waits
    for it is bounded, and a recording that finds no room stops.

    Args:
        directory: where the files go; it is made when the first is.
        record_all: whether sessions are recorded whose profile says nothing about it.
        limits: of each file.
        secrets: what never gets into one.
        on_failed: is told a session's id, what kept its recording from being whole, and the system's words; may be
            called on any thread.
    """

    def __init__(
        self, directory: Path, record_all: bool, limits: Limits, secrets: Secrets, on_failed: OnFailed
    ) -> None:
        self._directory = directory
        self._record_all = record_all
        self._limits = limits
        self._secrets = secrets
        self._on_failed = on_failed
        self._backlog = Backlog()
        self._buffers: list[RecordingBuffer] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._soon = threading.Event()
        self._is_closing = False
        keep_freed_memory()

    def begin(
        self,
        session_id: str,
        options: RecordingOptions | None,
        *,
        model: str | None,
        profile: str,
        subprotocol: str | None = None,
        status: int = 101,
        secrets: Secrets | None = None,
    ) -> Recorder | None:
        """Begin the recording of a session that opens now; None where none is wanted.

        Args:
            options: what the profile says; None where it says nothing.
            status: how the upstream answered the handshake.
            secrets: what never gets into this one, where that is more than into any.
        """
        options = options or RecordingOptions(self._record_all)
        if not options.record:
            return None
        started = datetime.now(UTC)
        header = Header(
            session_id=session_id,
            started_at=started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            model=model,
            profile=profile,
            relay_version=__version__,
            status=status,
            subprotocol=subprotocol if subprotocol in _PLAIN_SUBPROTOCOLS else REDACTED,
            audio=options.audio,
            instructions=options.instructions,
        )
        path = self._directory / f"{started:%Y%m%dT%H%M%S}.{started.microsecond // 1000:03}Z-{session_id}.jsonl"
        redactor = Redactor(secrets or self._secrets, options.audio, options.instructions)
        buffer = RecordingBuffer(path, header, monotonic(), redactor, self._limits, self._backlog)
        self._add(buffer)
        return Recorder(buffer)

    def close(self) -> None:
        """Write everything that was put until now and close the files; waits for the disk, but not for ever."""
        thread = self._thread
        if thread is not None:
            self._is_closing = True
            self._soon.set()
            thread.join(timeout=10)

    def _add(self, buffer: RecordingBuffer) -> None:
        with self._lock:
            self._buffers.append(buffer)
            if self._thread is None:
                self._is_closing = False
                self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)
                self._thread.start()
                atexit.register(self.close)  # a daemon's last lines would be lost

    def _run(self) -> None:
        while True:
            self._soon.wait(WRITE_EVERY_S)
            self._soon.clear()
            is_closing = self._is_closing
            for buffer in tuple(self._buffers):
                if is_closing:
                    buffer.finish(None)
                self._write(buffer)
            with self._lock:
                self._buffers = [buffer for buffer in self._buffers if not buffer.is_done]
                if not self._buffers:
                    self._thread = None
                    atexit.unregister(self.close)
                    return

    def _write(self, buffer: RecordingBuffer) -> None:
        try:
            buffer.write()
        except OSError as failure:
            buffer.drop()
            self._on_failed(buffer.header.session_id, "unwritable", failure.strerror or str(failure))
            return
        if buffer.is_done and isinstance(buffer.last, Stopped) and buffer.last.reason == "too_slow":
            self._on_failed(buffer.header.session_id, "too_slow", "the disk did not keep up")


def keep_freed_memory() -> None:
    """Have the C library keep up to 32 MB that were freed, since lines are made and freed all the time.

    To get a page back from the system costs more than to make the line that goes there. glibc's thresholds are dynamic
    (mallopt(3)): they rise to the largest block that was freed. Elsewhere this does nothing.
    """
    bytes(16 << 20)  # never touched, so it costs no memory either


def make_recordings(settings: Settings, on_failed: OnFailed) -> Recordings | None:
    """What the settings say about recording; None where they say nothing.

    Raises:
        SettingsError: nothing can be written there.
    """
    if settings.record_dir is None:
        return None
    check_writable(settings.record_dir)
    limits = Limits(settings.record_max_bytes, settings.record_max_s)
    return Recordings(settings.record_dir, settings.record_all, limits, settings.secrets, on_failed)


def check_writable(directory: Path) -> None:
    """Raise `SettingsError` where no file can be made in the directory. It is made: to try tells more than its mode."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=directory):
            return
    except OSError as failure:
        raise SettingsError(f"record_dir: cannot write into {directory}: {failure.strerror}") from None
