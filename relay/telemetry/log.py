"""The log: one line an event, `noun.past_verb` with keys, as JSON or for a terminal. Payloads are never logged."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

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
    console = is_for_people(settings, stream)
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
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.addFilter(lambda record: record.name != "uvicorn.error" or record.msg not in _NOISE)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _redactor(settings.secrets),
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS[settings.log_level])
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)


def is_for_people(settings: Settings, stream: TextIO) -> bool:
    """Whether what goes there is read by a person; otherwise each line of it is JSON."""
    return settings.log_format == "console" or (settings.log_format == "auto" and stream.isatty())


def _redactor(secrets: Secrets) -> structlog.typing.Processor:
    def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for key, value in event.items():
            event[key] = secrets.redact_all(value)
        return event

    return redact
