"""A conversation of another day, said to a new upstream before its peer's first word."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from relay.core.events import Event
from relay.core.interceptor import Interceptor
from relay.core.remembered import Remembered, as_events, as_instructions
from relay.core.session import Session

SESSION_CREATED = "session.created"


class ReplayedItems(Interceptor):
    """Tells the upstream these items when the session opens, and an opted-in peer which conversation it is in.

    The upstream answers each with `conversation.item.added` and `.done`, which reach the peer: so it knows what went
    before, in the events that it knows.

    Args:
        id_: the conversation's; None where it is kept nowhere, and the peer is told of none.
        items: what is said, in order.
        replayed: how many items the conversation goes on with, however they are said.
    """

    down = frozenset({SESSION_CREATED})

    def __init__(self, id_: str | None, items: Sequence[Remembered], replayed: int) -> None:
        self._id = id_
        self._items = items
        self._replayed = replayed
        self._is_told = False

    def opened(self, session: Session, now: float) -> None:
        self._session = session
        for body in as_events(self._items):
            session.send_up({**body, "event_id": session.own_event_id()}, now)

    def on_down(self, event: Event, now: float) -> Event:
        if self._id is not None and not self._is_told:
            self._is_told = True
            told = {"id": self._id, "replayed": self._replayed}
            self._session.afterwards(partial(self._session.tell, "relay.conversation", told))
        return event


def opening_session(
    session: Mapping[str, Any], items: Sequence[Remembered], *, in_instructions: bool
) -> Mapping[str, Any]:
    """The session object that opens a session with these items before it.

    With text before it an upstream may answer in text alone, unless it is told to speak.
    """
    if not items:
        return session
    opened = {"type": "realtime", "output_modalities": ["audio"], **session}
    if in_instructions:
        opened["instructions"] = as_instructions(items, opened.get("instructions") or "")
    return opened
