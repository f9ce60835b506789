"""What a session needs to outlive its upstream: a memory, the successor's leg, and who is told of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic, time
from typing import TYPE_CHECKING

import structlog

from relay.core.handover import Reason
from relay.core.memory import Memory
from relay.core.sound import SoundCount
from relay.core.succession import Succession
from relay.core.turn_state import TurnState
from relay.legs.choice import UpstreamLeg
from relay.legs.successive import SuccessiveLeg
from relay.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from relay.config.profiles import Profile
    from relay.core.session import Session

_log = structlog.stdlib.get_logger("relay")

Redial = Callable[[], Awaitable[UpstreamLeg]]


@dataclass
class Replaying:
    """How this process says a conversation again.

    Attributes:
        as_instructions: as one block of instructions, since an upstream fell silent after items.
    """

    as_instructions: bool = False


class Survival:
    """One session's.

    Attributes:
        leg: the upstream's leg, in place of the one that was dialled.
        succession: the interceptor that belongs to it.
    """

    def __init__(
        self,
        leg: UpstreamLeg,
        redial: Redial,
        profile: "Profile",
        memory: Memory,
        turn_state: TurnState,
        sound: SoundCount,
        metrics: Metrics,
        replaying: Replaying,
    ) -> None:
        self.succession = Succession(
            memory, turn_state, time() - monotonic(), lambda: says_as_instructions(profile, replaying)
        )
        self.leg = SuccessiveLeg(leg, redial, self.succession)
        self.leg.tells = self
        self._relink: Callable[[], None]
        self._sound = sound
        self._metrics = metrics
        self._session: Session
        self._log = _log.bind(**structlog.contextvars.get_contextvars())

    def joined(self, session: "Session", relink: Callable[[], None]) -> None:
        """The session is there, and this is how its lanes are led to another connection."""
        self._session = session
        self._relink = relink

    def relink(self) -> None:
        self._relink()
        self._sound.count_in(self._session.down.lane)

    def swapped(self, reason: Reason, answers_failed: int, took_s: float, now: float) -> None:
        self._metrics.count_succession(reason, had=True)
        self._metrics.swap_seconds.observe(took_s)
        self._log.info("upstream.succeeded", reason=reason.value, answers_failed=answers_failed)
        told = {"reason": reason.value, "answers_failed": answers_failed}
        self._session.tell("relay.upstream_succeeded", told, now)

    def failed(self, reason: Reason, now: float) -> None:
        self._metrics.count_succession(reason, had=False)
        self._log.warning("upstream.not_succeeded", reason=reason.value)


def says_as_instructions(profile: "Profile", replaying: Replaying) -> bool:
    """Whether a conversation is said again as instructions, and not as items."""
    return profile.replay_as == "instructions" or (profile.replay_as == "auto" and replaying.as_instructions)
