import io
import json
import logging

import pytest
import structlog

from relay.config.loading import load_settings
from relay.telemetry.log import configure_logging


@pytest.fixture(autouse=True)
def _put_loggers_back():
    handlers, level = list(logging.root.handlers), logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def written(log_format: str, level: str = "info") -> str:
    stream = io.StringIO()
    configure_logging(load_settings(log_format=log_format, log_level=level), stream)
    log = structlog.stdlib.get_logger("relay")
    with structlog.contextvars.bound_contextvars(session_id="abc"):
        log.debug("session.looked_at")
        log.info("session.opened", profile="default")
    logging.getLogger("uvicorn.error").info('"WebSocket /v1/realtime?token=secret" [accepted]')
    logging.getLogger("uvicorn.error").error("ASGI callable returned without completing handshake.")
    return stream.getvalue()


def test_json_lines_hold_one_event_each() -> None:
    """As JSON, each line is an object with the event, its level, its time, its keys and the session's id."""
    [line] = written("json").splitlines()
    entry = json.loads(line)
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {"event": "session.opened", "level": "info", "profile": "default", "session_id": "abc"}


def test_console_lines_are_for_people() -> None:
    """On a console, the event and its keys stand on one line."""
    [line] = written("console").splitlines()
    assert "session.opened" in line
    assert "session_id=abc" in line


def test_off_a_terminal_the_log_is_json() -> None:
    """Where the log does not go to a terminal it is JSON unless told otherwise."""
    assert written("auto").startswith("{")


def test_the_level_is_kept() -> None:
    """Events below the level are not written, and uvicorn's query strings and refusals never are."""
    assert "session.looked_at" in written("json", "debug")
    assert "session.opened" not in written("json", "error")
    assert "secret" not in written("json", "debug")


class Broken(io.StringIO):
    """A pipe that nobody reads any more."""

    def write(self, _: str) -> int:
        raise BrokenPipeError


def test_a_broken_pipe_ends_nobody() -> None:
    """Where the log cannot be written its lines are lost, and nothing else is."""
    configure_logging(load_settings(log_format="json"), Broken())
    structlog.stdlib.get_logger("relay").info("session.opened")


def test_no_line_has_a_secret() -> None:
    """A secret is in no line: not in a value, nor in what values hold, nor in the trace of an exception."""
    stream = io.StringIO()
    configure_logging(load_settings(log_format="json", openai_api_key="sk-sentinel"), stream)
    try:
        raise RuntimeError("sk-sentinel")
    except RuntimeError:
        structlog.stdlib.get_logger("relay").exception("session.failed", key="sk-sentinel", all=[{"sk-sentinel": 1}])
        logging.getLogger("uvicorn.error").exception("with sk-sentinel")
    own, foreign = stream.getvalue().splitlines()
    assert "sk-" not in own + foreign
    assert own.count("[redacted]") == foreign.count("[redacted]") + 1 == 4
    assert "Traceback" in own
    assert "Traceback" in foreign
