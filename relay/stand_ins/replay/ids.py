"""Ids: what the recorded peer called things, and what this one calls them."""

import re
from collections import OrderedDict
from typing import Any

from relay.core.events import Body, read_upstream_event

KEPT_IDS = 4096
"""How many names are remembered; a peer that numbers every chunk of its audio makes 90,000 in an hour."""

_ADDS_ITEM = frozenset({"conversation.item.added", "conversation.item.created"})
_ID_FIELD = re.compile(r'("(?:event_id|id|item_id|previous_item_id|response_id|call_id)"\s*:\s*")([^"\\]+)"')


class Ids:
    """Recorded ids, each with the one that stands for it now.

    Only ids that differ are kept. What the upstream named keeps its recorded name, unless the peer of this session
    gave a name where the recorded one left it to the upstream: then the peer's is `claimed` for the next new item.
    """

    def __init__(self) -> None:
        self._now: OrderedDict[str, str] = OrderedDict()
        self._claims: list[tuple[str, tuple[Any, Any]]] = []

    def current(self, recorded: str) -> str:
        """The id that stands for this recorded one."""
        return self._now.get(recorded, recorded)

    def learn(self, recorded: str, current: str) -> None:
        """From now on `current` stands for `recorded`."""
        if recorded != current:
            self._now[recorded] = current
            if len(self._now) > KEPT_IDS:
                self._now.popitem(last=False)

    def claim(self, current: str, item: Body) -> None:
        """The next item of this kind that the upstream adds is to have this id."""
        self._claims.append((current, _kind(item)))

    def meet(self, text: str) -> None:
        """An upstream's message is about to be sent: perhaps it adds an item that has been claimed."""
        if not self._claims:
            return
        event = read_upstream_event(text)
        item = event.body.get("item") if event.type in _ADDS_ITEM else None
        if isinstance(item, dict) and isinstance(recorded := item.get("id"), str) and recorded not in self._now:
            for claim in self._claims:
                if claim[1] == _kind(item):
                    self._claims.remove(claim)
                    self.learn(recorded, claim[0])
                    return

    def translate(self, text: str) -> str:
        """An upstream's message with its ids as they are now; all else as recorded, to the byte."""
        if not self._now:
            return text
        return _ID_FIELD.sub(lambda found: f'{found[1]}{self.current(found[2])}"', text)


def _kind(item: Body) -> tuple[Any, Any]:
    return item.get("type"), item.get("role")
