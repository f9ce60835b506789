"""What `--log-level debug` shows of a session: its handshake, what is injected, and which events pass; no content."""

from collections.abc import Iterator, Mapping
from typing import Any

import structlog

from relay.admission.session_request import AdmittedRequest
from relay.core.closing import Ended, printable
from relay.core.events import Event
from relay.core.interceptor import EVERY, Interceptor
from relay.core.redaction import REDACTED

SHOWN_LENGTH = 40
"""A longer string of an injected session is told by its length: it is somebody's words."""

PLAIN_PARAMETERS = frozenset({
    "model", "deployment", "profile", "intent", "api-version", "relay_events", "resume", "call_id",
})  # fmt: skip
"""What is shown of a query; of other parameters, the names alone."""

_SECRET_FIELDS = frozenset({"authorization", "headers"})


class EventTypes(Interceptor):
    """Logs the types of the events that pass: a line for each row of events of one type, once it is over."""

    up = frozenset({EVERY})
    down = frozenset({EVERY})

    def __init__(self, log: structlog.stdlib.BoundLogger) -> None:
        self._log = log
        self._rows = {"up": ("", 0), "down": ("", 0)}

    def on_up(self, event: Event, now: float) -> Event | None:
        self._count("up", event.type)
        return event

    def on_down(self, event: Event, now: float) -> Event | None:
        self._count("down", event.type)
        return event

    def tick(self, now: float) -> None:
        for direction in self._rows:
            self._tell(direction)

    def closed(self, ended: Ended, now: float) -> None:
        self.tick(now)

    def _count(self, direction: str, kind: str) -> None:
        last, count = self._rows[direction]
        if kind != last:
            self._tell(direction)
            count = 0
        self._rows[direction] = kind, count + 1

    def _tell(self, direction: str) -> None:
        kind, count = self._rows[direction]
        if count:
            self._log.debug("events.passed", direction=direction, type=printable(kind), count=count)
            self._rows[direction] = kind, 0


def handshake_shown(request: AdmittedRequest) -> dict[str, Any]:
    """What a peer's handshake said, without credentials."""
    return {
        "path": request.endpoint_kind.path,
        "query": {name: value if name in PLAIN_PARAMETERS else REDACTED for name, value in _printable(request.query)},
        "subprotocols": [printable(name.partition(".")[0]) for name in request.subprotocols],
        "origin": request.origin and printable(request.origin),
        "host": printable(request.host),
        "credential": "ticket" if request.identity.is_ticket else "yes" if request.credentials else "none",
        "speaks_beta": request.speaks_beta,
    }


def session_shown(node: Any) -> Any:
    """An injected session, with every long string told by its length, and what may be a secret left out."""
    if isinstance(node, Mapping):
        return {name: REDACTED if name in _SECRET_FIELDS else session_shown(value) for name, value in node.items()}
    if isinstance(node, list | tuple):
        return [session_shown(item) for item in node]
    if isinstance(node, str) and len(node) > SHOWN_LENGTH:
        return f"[{len(node)} characters]"
    return node


def _printable(pairs: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    for name, value in pairs:
        yield printable(name), printable(value)
