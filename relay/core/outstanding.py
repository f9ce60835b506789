"""What went up and has not been answered: when an upstream is lost, its successor is asked again."""

from collections.abc import Iterable, Mapping
from typing import Any

from relay.core.events import Event

RESPONSE_CREATE = "response.create"
TRUNCATE = "conversation.item.truncate"

ANSWERS: Mapping[str, frozenset[str]] = {
    "conversation.item.create": frozenset({"conversation.item.added", "conversation.item.created"}),
    "conversation.item.delete": frozenset({"conversation.item.deleted"}),
    "conversation.item.retrieve": frozenset({"conversation.item.retrieved"}),
    TRUNCATE: frozenset({"conversation.item.truncated"}),
    "input_audio_buffer.commit": frozenset({"input_audio_buffer.committed"}),
    "input_audio_buffer.clear": frozenset({"input_audio_buffer.cleared"}),
    RESPONSE_CREATE: frozenset({"response.created"}),
}
"""What an upstream says to each request."""

ERROR = "error"
MOST, MOST_CHARS = 64, 256 * 1024
"""So many requests are kept, the latest, and so much of them: an image that is lost is for its peer to send again."""

PATIENCE_S = 2.0
"""After so long an upstream that says nothing to a request is not waited for."""


class Outstanding:
    """The requests of one session that its upstream has not answered."""

    def __init__(self) -> None:
        self._asked: list[tuple[Event, float]] = []
        self._chars = 0

    @property
    def events(self) -> list[Event]:
        """The requests, in order."""
        return [event for event, _ in self._asked]

    def is_pending(self, now: float) -> bool:
        """Whether an answer may still come."""
        return any(now - at < PATIENCE_S for _, at in self._asked)

    def asked(self, event: Event, now: float) -> None:
        """A request goes up."""
        self._asked.append((event, now))
        self._chars += len(event.data)
        while len(self._asked) > MOST or self._chars > MOST_CHARS:
            self._chars -= len(self._asked.pop(0)[0].data)

    def answered(self, event: Event) -> None:
        """The upstream says something: to the request that it names, or to the first of its kind."""
        if event.type == ERROR:
            error = event.body.get("error")
            named = error.get("event_id") if isinstance(error, dict) else None
            self._drop(lambda asked: asked.body.get("event_id") == named)
            return
        item_id = _item_id(event)
        self._drop(lambda asked: event.type in ANSWERS[asked.type] and _item_id(asked) in {None, item_id})

    def forget(self, asked_again: Iterable[Event]) -> None:
        """These have been asked again, or came too late."""
        again = {id(event) for event in asked_again}
        self._asked = [entry for entry in self._asked if id(entry[0]) not in again]
        self._chars = sum(len(event.data) for event, _ in self._asked)

    def _drop(self, fits: Any) -> None:
        for entry in self._asked:
            if fits(entry[0]):
                self._asked.remove(entry)
                self._chars -= len(entry[0].data)
                return


def _item_id(event: Event) -> Any:
    item = event.body.get("item")
    return item.get("id") if isinstance(item, dict) else event.body.get("item_id")
