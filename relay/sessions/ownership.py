"""Whose calls and Live sessions are whose: who knows the id of one could otherwise reach it, whoever he is.

A call that this process made belongs to its subject, and so does a Live session that was opened through it, for as long
as it goes on. The other workers of one relay are asked about theirs. Another relay's are unknown here, as a stranger's
under the same key are.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from relay.admission.session_request import AdmittedRequest
from relay.config.kinds import CALL_ID, LIVE, LIVE_FORK, Kind
from relay.core.causes import Cause
from relay.core.closing import Ended, Refused, ended
from relay.core.events import Event
from relay.core.interceptor import Interceptor
from relay.telemetry.fellow_workers import FellowWorkers
from relay.upstreams.query import upstream_query

OPENS_ANOTHER = (LIVE, LIVE_FORK)
"""Kinds of sessions that others can be attached to."""

OWNER, END = "owner", "end"
"""What workers ask each other: whose something is, and to end it for its owner."""


class Owned(NamedTuple):
    """Whose something is, and what ends it, where that is for its owner to ask."""

    subject: str | None
    end: Callable[[], None] | None = None


class Owners:
    """The subjects of what goes on in this process, by id, and what the other workers say of theirs."""

    def __init__(self, fellows: FellowWorkers | None = None) -> None:
        self._owned: dict[str, Owned] = {}
        self._fellows = fellows or FellowWorkers()
        self._fellows.answers[OWNER] = self._tell
        self._fellows.answers[END] = self._end_for

    @contextmanager
    def owned(self, id_: str, subject: str | None, end: Callable[[], None] | None = None) -> Iterator[None]:
        """Know whose it is while the context is open."""
        self._owned[id_] = Owned(subject, end)
        try:
            yield
        finally:
            self._owned.pop(id_, None)

    async def check(self, request: AdmittedRequest) -> None:
        """Let a request pass that attaches to nothing, or to what its subject may reach.

        Raises:
            Refused: it is somebody else's, or may be.
        """
        for id_ in (request.other_id or None, dict(upstream_query(request)).get(CALL_ID)):
            if id_ is not None:
                await self.check_id(id_, request)

    async def check_id(self, id_: str, request: AdmittedRequest) -> None:
        """Let a request pass that is about this call or session, if its subject may reach it.

        What is unknown passes where no credential names a subject, since nobody's is anybody's then, else only where
        the profile says so.

        Raises:
            Refused: it is somebody else's, or may be.
        """
        known = self._owned.get(id_) or await self._known_elsewhere(id_)
        if known is not None:
            may = known.subject == request.identity.subject
        else:
            may = request.profile.attach or not request.identity.is_named
        if not may:
            raise Refused(ended(Cause.CALL_UNKNOWN))

    async def end_elsewhere(self, id_: str, subject: str | None) -> bool:
        """Have another worker end what is this subject's; returns whether one does."""
        return bool(await self._fellows.ask(END, json.dumps([id_, subject])))

    def claim(self, request: AdmittedRequest, kind: Kind) -> Interceptor | None:
        """What learns the id of the session that is opened for this request; None where there is nothing to learn."""
        if kind not in OPENS_ANOTHER:
            return None
        return _Claim(self._owned, request.identity.subject)

    async def _known_elsewhere(self, id_: str) -> Owned | None:
        answers = await self._fellows.ask(OWNER, id_)
        return next((Owned(json.loads(answer)) for answer in answers.values()), None)

    def _tell(self, id_: str) -> bytes:
        known = self._owned.get(id_)
        return b"" if known is None else json.dumps(known.subject).encode()

    def _end_for(self, about: str) -> bytes:
        id_, subject = json.loads(about)
        known = self._owned.get(id_)
        if known is None or known.end is None or known.subject != subject:
            return b""
        known.end()
        return b"ended"


class _Claim(Interceptor):
    """Notes the id that the upstream gives a session, until the session is over; what is noted already stays."""

    down = frozenset({"session.started"})

    def __init__(self, owned: dict[str, Owned], subject: str | None) -> None:
        self._owned = owned
        self._subject = subject
        self._id: str | None = None

    def on_down(self, event: Event, now: float) -> Event:
        session = event.body.get("session")
        id_ = session.get("id") if isinstance(session, dict) else None
        if self._id is None and isinstance(id_, str) and id_ not in self._owned:
            self._id = id_
            self._owned[id_] = Owned(self._subject)
        return event

    def closed(self, ended: Ended, now: float) -> None:
        if self._id is not None:
            self._owned.pop(self._id, None)
