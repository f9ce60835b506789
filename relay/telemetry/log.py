"""The log: one line an event, `noun.past_verb` with keys, as JSON or for a terminal. Payloads are never logged."""

import contextlib
import json
import logging
import sys
import threading
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog

from relay.config.errors import SettingsError
from relay.config.settings import Settings
from relay.core.redaction import Secrets

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

# Libraries that would log the query string, headers or frames at these levels.
_QUIET = {"uvicorn": logging.WARNING, "uvicorn.error": logging.WARNING, "uvicorn.access": logging.WARNING,
          "websockets": logging.WARNING, "asyncio": logging.WARNING, "openai": logging.WARNING,
          "httpx2": logging.WARNING, "httpcore2": logging.WARNING}  # fmt: skip

# uvicorn logs these as errors: a handshake that was refused with an HTTP response, and a peer's text that is not UTF-8.
# The session's own line tells both.
_NOISE = frozenset({
    "ASGI callable returned without completing handshake.",
    "Invalid UTF-8 sequence received from client.",
})  # fmt: skip


def configure_logging(settings: Settings, stream: TextIO | None = None) -> None:
    """Send the relay's log and its libraries' warnings to `stream` (standard error), without secrets."""
    stream = stream or sys.stderr
    console = is_for_people(settings.log_format, stream)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redactor(settings.secrets),
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=stream.isatty()) if console else structlog.processors.JSONRenderer()
    )
    level = _LEVELS[settings.log_level]
    lines = _Lines(stream)
    structlog.configure(
        processors=[*shared, renderer],
        logger_factory=lambda *_: lines,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.addFilter(lambda record: record.name != "uvicorn.error" or record.msg not in _NOISE)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)


class _Lines:
    """Where the relay's own lines go: past the standard library, whose record of each costs more than the line.

    One that cannot be written is lost, as from the library's handlers: nobody's session ends with a pipe of the log.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def _write(self, line: str) -> None:
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()

    debug = info = warning = error = critical = _write


def is_for_people(log_format: str, stream: TextIO) -> bool:
    """Whether what goes there is read by a person; otherwise each line of it is JSON."""
    return log_format == "console" or (log_format != "json" and stream.isatty())


def tell_failed_start(failure: SettingsError, log_format: str, stream: TextIO | None = None) -> None:
    """Say why the relay does not start, to a person or to whoever collects the log, which is not configured yet."""
    stream = stream or sys.stderr
    if is_for_people(log_format, stream):
        print(f"relay: {failure}", file=stream)
        return
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    line = {"event": "start.failed", "level": "error", "timestamp": now, "reason": str(failure)}
    print(json.dumps(line, ensure_ascii=False), file=stream)


def _redactor(secrets: Secrets) -> structlog.typing.Processor:
    def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for key, value in event.items():
            if value.__class__ is str:
                event[key] = secrets.redact(value)
            elif isinstance(value, (str, list, dict)):
                event[key] = secrets.redact_all(value)
        return event

    return redact
