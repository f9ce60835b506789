"""Whose calls and Live sessions are whose: who knows the id of one could otherwise reach it, whoever he is.

A call that this process made belongs to its subject, and so does a Live session that was opened through it, for as long
as it goes on. Another process's are unknown here, as a stranger's under the same key are.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from relay.admission.session_request import AdmittedRequest
from relay.config.kinds import CALL_ID, LIVE, LIVE_FORK, Kind
from relay.core.closing import Cause, Ended, Refused, ended
from relay.core.events import Event
from relay.core.interceptor import Interceptor
from relay.upstreams.query import upstream_query

OPENS_ANOTHER = (LIVE, LIVE_FORK)
"""Kinds of sessions that others can be attached to."""


class Owners:
    """The subjects of what goes on in this process, by id."""

    def __init__(self) -> None:
        self._subjects: dict[str, str | None] = {}

    @contextmanager
    def owned(self, id_: str, subject: str | None) -> Iterator[None]:
        """Know whose it is while the context is open."""
        self._subjects[id_] = subject
        try:
            yield
        finally:
            self._subjects.pop(id_, None)

    def check(self, request: AdmittedRequest) -> None:
        """Let a request pass that attaches to nothing, or to what its subject may reach.

        What is unknown passes where no credential names a subject, since nobody's is anybody's then, else only where
        the profile says so.

        Raises:
            Refused: it is somebody else's, or may be.
        """
        named = (request.other_id or None, dict(upstream_query(request)).get(CALL_ID))
        if not all(self._may_reach(id_, request) for id_ in named if id_ is not None):
            raise Refused(ended(Cause.CALL_UNKNOWN))

    def claim(self, request: AdmittedRequest, kind: Kind) -> Interceptor | None:
        """What learns the id of the session that is opened for this request; None where there is nothing to learn."""
        if kind not in OPENS_ANOTHER:
            return None
        return _Claim(self._subjects, request.identity.subject)

    def _may_reach(self, id_: str, request: AdmittedRequest) -> bool:
        if id_ in self._subjects:
            return self._subjects[id_] == request.identity.subject
        return request.profile.attach or not request.identity.is_named


class _Claim(Interceptor):
    """Notes the id that the upstream gives a session, until the session is over; what is noted already stays."""

    down = frozenset({"session.started"})

    def __init__(self, subjects: dict[str, str | None], subject: str | None) -> None:
        self._subjects = subjects
        self._subject = subject
        self._id: str | None = None

    def on_down(self, event: Event, now: float) -> Event:
        session = event.body.get("session")
        id_ = session.get("id") if isinstance(session, dict) else None
        if self._id is None and isinstance(id_, str) and id_ not in self._subjects:
            self._id = id_
            self._subjects[id_] = self._subject
        return event

    def closed(self, ended: Ended, now: float) -> None:
        if self._id is not None:
            self._subjects.pop(self._id, None)
