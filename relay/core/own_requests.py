"""What the relay asks of an upstream by itself, and which of its answers a peer is not to see."""

from collections import Counter

from relay.core.events import Body, Data, read_upstream_event, write_event

OWN = "relay_successor"
"""What the `event_id` of whatever is asked begins with."""

SESSION_UPDATED, ERROR, DELETED = "session.updated", "error", "conversation.item.deleted"
ECHOES = ("conversation.item.added", "conversation.item.created", "conversation.item.done")


class OwnRequests:
    """Numbers them, and knows which answers are still to come."""

    def __init__(self) -> None:
        self._asked = 0
        self._expected: Counter[tuple[str, str]] = Counter()

    def ask(self, body: Body) -> Data:
        """The event, with an id that the peer's have not."""
        self._asked += 1
        return write_event({**body, "event_id": f"{OWN}_{self._asked}"}).data

    def expect(self, *kinds: str, item_id: str = "") -> None:
        """An answer of each of these types comes, about this item."""
        self._expected.update((kind, item_id) for kind in kinds)

    def answered_by(self, data: Data) -> bool:
        """Whether this is an answer to one of them."""
        if not self._asked:
            return False
        event = read_upstream_event(data)
        if event.type == ERROR:
            error = event.body.get("error")
            return isinstance(error, dict) and str(error.get("event_id")).startswith(OWN)
        if event.type not in {SESSION_UPDATED, DELETED, *ECHOES}:
            return False
        item = event.body.get("item")
        item_id = item.get("id") if isinstance(item, dict) else event.body.get("item_id", "")
        key = (event.type, str(item_id))
        if self._expected[key] <= 0:
            del self._expected[key]
            return False
        self._expected[key] -= 1
        return True
