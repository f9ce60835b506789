"""People who come, talk, are cut off, and come again as their client does."""

import random
from collections.abc import Callable, Mapping

from bench.simulation.clock import Clock
from bench.simulation.fleet import DIAL_S, Fleet, Session

Backoff = Callable[[random.Random, int, float], float]
"""Seconds to the next attempt, from the number of those that failed and what `Retry-After` said."""


def fixed(chance: random.Random, attempt: int, retry_after_s: float) -> float:
    """Half a second, always."""
    return 0.5


def doubling(chance: random.Random, attempt: int, retry_after_s: float) -> float:
    """Half a second, doubled up to 8 s, without chance."""
    return float(min(8.0, 0.5 * 2**attempt))


def page(chance: random.Random, attempt: int, retry_after_s: float) -> float:
    """As the voice page does: between half and all of half a second, doubled up to 8 s."""
    return doubling(chance, attempt, retry_after_s) * (0.5 + chance.random() / 2)


def obedient(chance: random.Random, attempt: int, retry_after_s: float) -> float:
    """As a client does that heeds `Retry-After` to the second."""
    return retry_after_s or page(chance, attempt, 0)


def spread(chance: random.Random, attempt: int, retry_after_s: float) -> float:
    """The same, where the relay says each another number of seconds, up to twice as many."""
    return obedient(chance, attempt, retry_after_s) * (1 + chance.random())


BACKOFFS: Mapping[str, Backoff] = {
    "0.5 s, always": fixed,
    "0.5 s, doubled up to 8 s": doubling,
    "`Retry-After: 5`, obeyed": obedient,
    "`Retry-After: 5` to `10`, obeyed": spread,
    "the page's": page,
}


class Peers:
    """Everybody.

    Attributes:
        away_s: for how long each who was cut off was away.
    """

    def __init__(
        self, clock: Clock, fleet: Fleet, chance: random.Random, backoff: Backoff, retry_after_s: float
    ) -> None:
        self.away_s: list[float] = []
        self._clock = clock
        self._fleet = fleet
        self._chance = chance
        self._backoff = backoff
        self._retry_after_s = retry_after_s

    def come(self, session: Session, attempt: int = 0) -> None:
        """Ask for a session now."""
        replica = self._fleet.emptiest()
        if replica is None:
            self._again(session, attempt, 0)
            return
        answered = replica.answered_at(self._clock.now)
        if answered - self._clock.now > DIAL_S:
            self._fleet.refused += 1
            replica.pending -= 1
            self._clock.after(DIAL_S, lambda: self._again(session, attempt, 0))
            return

        def answer() -> None:
            if self._fleet.admit(session, replica):
                self.talk(session)
            else:
                self._again(session, attempt, self._retry_after_s)

        self._clock.after(answered - self._clock.now, answer)

    def cut(self, session: Session, notice_s: float = 0.0) -> None:
        """Somebody loses the session, now or so much later."""
        session.lost_at = self._clock.now + notice_s
        session.replica = None
        self._clock.after(notice_s, lambda: self._again(session, 0, 0))

    def talk(self, session: Session) -> None:
        """Somebody has been let in, and talks from now on."""
        if session.lost_at is not None:
            self.away_s.append(self._clock.now - session.lost_at)
            session.lost_at = None
        replica = session.replica

        def leave() -> None:
            if session.replica is replica and replica is not None:
                replica.sessions.discard(session)

        self._clock.after(max(0.0, session.until - self._clock.now), leave)

    def _again(self, session: Session, attempt: int, retry_after_s: float) -> None:
        if session.until <= self._clock.now:
            return
        delay_s = self._backoff(self._chance, attempt, retry_after_s)
        self._clock.after(delay_s, lambda: self.come(session, attempt + 1))
