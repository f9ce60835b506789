"""Keeps the relay's secrets out of what an upstream repeats to a peer."""

from collections.abc import Iterable
from typing import Any

from relay.core.events import Event, write_event
from relay.core.interceptor import Interceptor

REDACTED = "[redacted]"


class Secrets:
    """The strings that nobody may see, for every place that could show them: events, close reasons, log lines."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values = tuple(sorted((value for value in values if value), key=len, reverse=True))

    def __repr__(self) -> str:
        return f"Secrets({len(self._values)})"

    def redact(self, text: str) -> str:
        """The text with each secret replaced."""
        for value in self._values:
            text = text.replace(value, REDACTED)
        return text

    def redact_all(self, node: Any) -> Any:
        """The same for every string, keys included, in a JSON value."""
        if isinstance(node, str):
            return self.redact(node)
        if isinstance(node, list):
            return [self.redact_all(item) for item in node]
        if isinstance(node, dict):
            return {self.redact(key): self.redact_all(value) for key, value in node.items()}
        return node


class Redaction(Interceptor):
    """Takes the relay's key out of the events in which an upstream could quote it; leaves others as they are."""

    down = frozenset({"error", "session.created", "session.started", "session.updated", "session.closed"})

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def on_down(self, event: Event, now: float) -> Event | None:
        if not event.body and isinstance(event.data, str):  # what nobody can read is redacted as the text that it is
            text = self._secrets.redact(event.data)
            return event if text == event.data else Event(text, event.type)
        redacted = self._secrets.redact_all(event.body)
        return event if redacted == event.body and event.is_whole else write_event(redacted)
