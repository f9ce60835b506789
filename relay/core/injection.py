"""The profile's session, sent to the upstream before anything else."""

from collections.abc import Mapping
from typing import Any

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
