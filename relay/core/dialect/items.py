"""Items of the conversation: the beta tells of each once, GA when it is added and when it is done."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from relay.core.dialect.values import Body, item_to_beta, item_to_ga

Rewrite = Callable[[Body], Iterable[Body]]

UNFINISHED_LIMIT = 256
"""How many items may be on their way; of more, the oldest is forgotten."""

CREATED, ADDED, DONE = "conversation.item.created", "conversation.item.added", "conversation.item.done"
RETRIEVED = "conversation.item.retrieved"
OUTPUT_ADDED, OUTPUT_DONE = "response.output_item.added", "response.output_item.done"
ARGUMENTS_DONE = "response.function_call_arguments.done"


class Conversation:
    """Follows the items of one session, as far as GA tells more of them than the beta.

    Args:
        created: whether the dialect tells of items by `conversation.item.created`; else it tells as GA does.
    """

    def __init__(self, created: bool) -> None:
        self._created_items = created
        self._unfinished: dict[str, Body] = {}

    def told_by_upstream(self) -> Mapping[str, Rewrite]:
        """What a GA peer is told instead of these events of such an upstream."""
        if not self._created_items:
            return dict.fromkeys((CREATED, ADDED, DONE, RETRIEVED, OUTPUT_ADDED, OUTPUT_DONE), self.from_beta)
        return {
            CREATED: self._created,
            RETRIEVED: self.from_beta,
            OUTPUT_ADDED: self._output_added,
            OUTPUT_DONE: self._output_done,
            ARGUMENTS_DONE: self._arguments_named,
        }

    def told_to_peer(self) -> Mapping[str, Rewrite]:
        """What such a peer is told instead of these events of a GA upstream."""
        if not self._created_items:
            return dict.fromkeys((ADDED, DONE, RETRIEVED, OUTPUT_ADDED, OUTPUT_DONE), self.to_beta)
        return {
            CREATED: self.to_beta,
            ADDED: lambda body: [{**event, "type": CREATED} for event in self.to_beta(body)],
            DONE: lambda _: (),
            RETRIEVED: self.to_beta,
            OUTPUT_ADDED: self.to_beta,
            OUTPUT_DONE: self.to_beta,
        }

    def from_beta(self, body: Body) -> Iterable[Body]:
        """The event with its item in GA's shape."""
        return [{**body, "item": item_to_ga(body["item"])}] if "item" in body else [body]

    def to_beta(self, body: Body) -> Iterable[Body]:
        """The event with its item in the beta's shape."""
        return [{**body, "item": item_to_beta(body["item"])}] if "item" in body else [body]

    def _created(self, body: Body) -> Iterable[Body]:
        item = item_to_ga(body.get("item"))
        if not isinstance(item, dict):
            return [body]
        added = {**body, "type": ADDED, "item": item}
        if _is_whole(item):
            return [added, {**added, "type": DONE, **_second_id(body)}]
        self._note(item, previous_item_id=body.get("previous_item_id"))
        return [added]

    def _output_added(self, body: Body) -> Iterable[Body]:
        item = body.get("item")
        self._note(item, name=item.get("name") if isinstance(item, dict) else None)
        return self.from_beta(body)

    def _output_done(self, body: Body) -> Iterable[Body]:
        for event in self.from_beta(body):
            item: Any = event.get("item")
            noted = self._unfinished.pop(item["id"], None) if _has_id(item) else None
            if noted is not None and "previous_item_id" in noted:
                previous = noted["previous_item_id"]
                yield {"type": DONE, **_second_id(event), "previous_item_id": previous, "item": item}
            yield event

    def _arguments_named(self, body: Body) -> Iterable[Body]:
        item_id = body.get("item_id")
        name = self._unfinished.get(item_id, {}).get("name") if isinstance(item_id, str) else None
        return [body] if name is None or "name" in body else [{**body, "name": name}]

    def _note(self, item: Any, **known: Any) -> None:
        if not _has_id(item):
            return
        self._unfinished.setdefault(item["id"], {}).update(known)
        if len(self._unfinished) > UNFINISHED_LIMIT:
            del self._unfinished[next(iter(self._unfinished))]


def _has_id(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str)


def _second_id(body: Body) -> Body:
    """An `event_id` for the second of two events that were one."""
    event_id = body.get("event_id")
    return {"event_id": f"{event_id}_done"} if isinstance(event_id, str) else {}


def _is_whole(item: Body) -> bool:
    """Whether nothing is to be added to it: it is no answer, or one that was given whole."""
    answer = item.get("role") == "assistant" or item.get("type") == "function_call"
    return not answer or item.get("status") in {"completed", "incomplete"}
