"""The answers of a session that are under way, and how they end for a peer whose upstream has gone."""

from collections.abc import Iterator
from typing import Any

from relay.core.events import Body, Event

RESPONSE_CREATED, RESPONSE_DONE = "response.created", "response.done"
ITEM_BEGUN, ITEM_DONE = "response.output_item.added", "response.output_item.done"

ERROR = {"type": "server_error", "code": "upstream_lost"}


class OpenAnswers:
    """Follows answers from `response.created` to `response.done`."""

    def __init__(self) -> None:
        self._items: dict[str, list[Body]] = {}
        self._conversations: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self._items)

    def follow(self, event: Event) -> None:
        """One of the four events that say how far an answer is."""
        body = event.body
        if event.type in {RESPONSE_CREATED, RESPONSE_DONE}:
            response = body.get("response")
            response_id = str(response.get("id")) if isinstance(response, dict) else ""
            self._items.pop(response_id, None)
            if event.type == RESPONSE_CREATED and isinstance(response, dict):
                self._items[response_id] = []
                self._conversations = {response_id: response.get("conversation_id"), **self._open_ones()}
            return
        item, items = body.get("item"), self._items.get(str(body.get("response_id")))
        if isinstance(item, dict) and items is not None:
            items[:] = [each for each in items if each.get("id") != item.get("id")]
            items.append({name: value for name, value in item.items() if name != "content"})

    def fail(self) -> Iterator[Body]:
        """What the peer is told of each, as the API would where it fails; none is open after that."""
        for response_id, items in self._items.items():
            ended = [{**item, "status": "incomplete"} for item in items]
            for index, item in enumerate(items):
                if item.get("status") == "in_progress":
                    yield {"type": ITEM_DONE, "response_id": response_id, "output_index": index, "item": ended[index]}
            response = {
                "object": "realtime.response",
                "id": response_id,
                "status": "failed",
                "status_details": {"type": "failed", "error": ERROR},
                "output": ended,
                "conversation_id": self._conversations.get(response_id),
                "usage": None,
            }
            yield {"type": RESPONSE_DONE, "response": response}
        self._items.clear()
        self._conversations.clear()

    def _open_ones(self) -> dict[str, Any]:
        return {each: value for each, value in self._conversations.items() if each in self._items}
