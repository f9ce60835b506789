"""Keeps the relay's secrets out of what an upstream repeats to a peer."""

from collections.abc import Iterable
from typing import Any

from relay.core.events import Body, Event, write_json
from relay.core.interceptor import EVERY, Interceptor
from relay.core.session import Session

REDACTED = "[redacted]"

SOUND = frozenset({"response.output_audio.delta", "session.output_audio.delta"})
PIECES = SOUND | {
    "conversation.item.input_audio_transcription.delta",
    "response.function_call_arguments.delta",
    "response.mcp_call_arguments.delta",
    "response.output_audio_transcript.delta",
    "response.output_text.delta",
    "session.input_transcript.delta",
    "session.output_transcript.delta",
}
"""The frequent events. They bring what the model makes, and the model has no key to say."""


class Secrets:
    """The strings that nobody may see, for every place that could show them: events, close reasons, log lines."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values = tuple(sorted({value for value in values if value}, key=len, reverse=True))

    def __repr__(self) -> str:
        return f"Secrets({len(self._values)})"

    def and_also(self, values: Iterable[str]) -> "Secrets":
        """These and others."""
        return Secrets([*self._values, *values])

    def octets(self) -> list[bytes]:
        """Each of them as it stands in UTF-8."""
        return [value.encode() for value in self._values]

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

    def redact_octets(self, data: bytes) -> bytes:
        """The same for what is no text, or may be none."""
        for value in self._values:
            data = data.replace(value.encode(), REDACTED.encode())
        return data


class Redaction(Interceptor):
    """Takes the relay's secrets out of everything but the pieces of an answer; leaves what has none as it is."""

    down = frozenset({EVERY})

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def opened(self, session: Session, now: float) -> None:
        session.down.unhook(PIECES, self.on_down)

    def on_down(self, event: Event, now: float) -> Event | None:
        data = event.data
        if (b"\\" if isinstance(data, bytes) else "\\") in data:  # type: ignore[operator] # of the same type
            event = self._read(event)
        return self._as_written(event)

    def _read(self, event: Event) -> Event:
        """An event in which a secret may be written with escapes; of what is nested too deeply only what was read."""
        body = event.body
        redacted = self._secrets.redact_all(body)
        return event if not body or (redacted == body and event.is_whole) else rewritten(event, redacted)

    def _as_written(self, event: Event) -> Event:
        """A message without secrets as they are, wherever it has them: in a key that stands twice, or in no event."""
        data = event.data
        redacted = self._secrets.redact_octets(data) if isinstance(data, bytes) else self._secrets.redact(data)
        return event if redacted == data else Event(redacted, event.type)


def rewritten(event: Event, body: Body) -> Event:
    """The event with another body, text or binary as it came."""
    data = write_json(body)
    return Event(data.encode() if isinstance(event.data, bytes) else data, event.type, body)
