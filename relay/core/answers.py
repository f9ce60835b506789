"""The answers of a session that are under way: asked for, begun, not yet done."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

BEGINS_WITHIN_S = 30.0
"""After so long an upstream that neither began an answer nor refused it will not."""

CANCELLED_WITHIN_S = 5.0
"""After so long an upstream that was told to end an answer does not heed it."""

DONE_WITHIN_S = 600.0
"""After so long an answer that began is not waited for."""


@dataclass(eq=False, slots=True)
class Answer:
    """One answer.

    Attributes:
        usd: what it is likely to cost.
        since: when it was asked for, or began.
        event_id: what the peer called its request for it.
        response_id: what the upstream calls it.
        has_begun: whether the upstream said so.
        heard_from: how many bytes had come from the upstream when it began.
        name: under which money is set aside for it.
        may: whether it may go up; None while that is not known.
        is_held: whether that is waited for.
        cancelled_at: when the upstream was told to end it, since nothing pays for it.
    """

    usd: Decimal
    since: float
    event_id: Any = None
    response_id: Any = None
    has_begun: bool = False
    heard_from: int = 0
    name: str | None = None
    may: bool | None = None
    is_held: bool = False
    cancelled_at: float | None = None


class Answers:
    """Those under way, the oldest first.

    A response does not say which request it answers, so it answers the oldest: whatever is begun beyond what was asked
    for is the upstream's own doing, as after voice detection.
    """

    def __init__(self) -> None:
        self._under_way: list[Answer] = []

    @property
    def running(self) -> int:
        """How many have begun."""
        return sum(answer.has_begun for answer in self._under_way)

    def add(self, answer: Answer) -> None:
        """One more is under way."""
        self._under_way.append(answer)

    def drop(self, answer: Answer) -> bool:
        """It does not come; returns whether it was waited for."""
        was_awaited = answer in self._under_way
        if was_awaited:
            self._under_way.remove(answer)
        return was_awaited

    def begun(self, response_id: Any, now: float) -> tuple[Answer | None, bool]:
        """The answer that begins now, and whether nobody had asked for it; no answer where it had begun before."""
        if response_id is not None and any(answer.response_id == response_id for answer in self._under_way):
            return None, False
        asked = next((answer for answer in self._under_way if not answer.has_begun and answer.may), None)
        answer = asked or Answer(Decimal(0), now)
        if asked is None:
            self.add(answer)
        answer.response_id, answer.has_begun, answer.since = response_id, True, now
        return answer, asked is None

    def done(self, response_id: Any) -> Answer | None:
        """Take out the answer that is done: of that id, else the oldest without one, or that was only asked for."""
        known = [answer for answer in self._under_way if answer.has_begun and answer.response_id == response_id]
        nameless = [answer for answer in self._under_way if answer.has_begun and answer.response_id is None]
        asked = [answer for answer in self._under_way if answer.may and not answer.has_begun]
        answer = next(iter([*known, *nameless, *asked]), None)
        if answer is not None:
            self.drop(answer)
        return answer

    def refused(self, event_id: Any) -> Answer | None:
        """Take out the oldest request of that id, None included, that the upstream refuses."""
        for answer in self._under_way:
            if answer.event_id == event_id and answer.may and not answer.has_begun:
                self.drop(answer)
                return answer
        return None

    def expired(self, now: float) -> list[Answer]:
        """Take out those that nobody waits for any more."""
        gone = [
            answer
            for answer in self._under_way
            if now - answer.since > (DONE_WITHIN_S if answer.has_begun else BEGINS_WITHIN_S) and not answer.is_held
        ]
        for answer in gone:
            self.drop(answer)
        return gone

    def is_unheeded(self, now: float) -> bool:
        """Whether one goes on that was to end long ago."""
        return any(one.cancelled_at is not None and now - one.cancelled_at > CANCELLED_WITHIN_S for one in self.all())

    def all(self) -> list[Answer]:
        """Those that are left."""
        return list(self._under_way)
