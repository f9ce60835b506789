"""The profile's session, said to the upstream before anything else."""

from collections.abc import Mapping
from typing import Any

from relay.core.events import Event, write_event
from relay.core.interceptor import Interceptor
from relay.core.session import Session


class Injection(Interceptor):
    """Opens the session upstream with one `session.update`.

    The upstream discards an update whole when one of its fields is wrong, and answers with an `error` event, which
    reaches the peer like any other.
    """

    def __init__(self, session: Mapping[str, Any]) -> None:
        self._session = session

    def opened(self, session: Session, now: float) -> None:
        update = {"type": "session.update", "event_id": session.own_event_id(), "session": self._session}
        session.send_up(update, now)


class Start(Interceptor):
    """Completes the peer's `session.start`, which has to be the first event of a Live session.

    What the peer says itself counts, as it does where its `session.update` comes after one that was injected.
    """

    up = frozenset({"session.start"})

    def __init__(self, session: Mapping[str, Any]) -> None:
        self._injected = session

    def opened(self, session: Session, now: float) -> None:
        self._session = session

    def on_up(self, event: Event, now: float) -> Event | None:
        if not event.body:
            self._session.refuse_event(event, "event_refused", "The event has too many values or levels.", now)
            return None
        asked = event.body.get("session")
        if not isinstance(asked, dict):
            return event
        session = merged(self._injected, asked)
        return event if session == asked else write_event({**event.body, "session": session})


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both objects in one; where both have a value, the one of `over` counts, unless both are objects themselves."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result
