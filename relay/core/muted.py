"""Answers that should have been heard and were only written: the API's trap after history in text."""

from collections.abc import Callable, Mapping
from typing import Any

from relay.core.events import Event
from relay.core.interceptor import Interceptor
from relay.core.usage import read_usage


class MutedAnswers(Interceptor):
    """Notices a completed answer for which audio was asked, none was billed, and text came out.

    Args:
        on_muted: is called for each.
    """

    down = frozenset({"response.done"})

    def __init__(self, on_muted: Callable[[], None]) -> None:
        self._on_muted = on_muted

    def on_down(self, event: Event, now: float) -> Event | None:
        response = event.body.get("response")
        if isinstance(response, dict) and is_muted(response):
            self._on_muted()
        return event


def is_muted(response: Mapping[str, Any]) -> bool:
    """Whether this answer is one."""
    asked, output, usage = response.get("output_modalities"), response.get("output"), response.get("usage")
    if response.get("status") != "completed" or not isinstance(asked, list) or "audio" not in asked:
        return False
    if not isinstance(usage, dict) or not isinstance(output, list):
        return False
    tokens = read_usage(usage).tokens
    return tokens.get("audio_output", 0) == 0 and any(map(_is_written, output))


def _is_written(item: Any) -> bool:
    content = item.get("content") if isinstance(item, dict) else None
    return isinstance(content, list) and any(
        isinstance(part, dict) and part.get("type") in {"output_text", "text"} and part.get("text") for part in content
    )
