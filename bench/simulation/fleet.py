"""Replicas of the relay with room for so many sessions, and a balancer that sends newcomers to the emptiest."""

from collections import Counter
from dataclasses import dataclass, field

from bench.simulation.clock import Clock

HANDSHAKES_PER_S = 500.0
"""A core took 400 to 1,100 of them, by machine (docs/performance.md, coming and going)."""
DIAL_S = 10.0
"""Who waits longer for a handshake gives up, and its work was for nothing."""


@dataclass(eq=False)
class Replica:
    """One relay.

    Attributes:
        room: how many sessions it takes.
        ready: whether the balancer sends it anybody.
        sessions: who talks.
        pending: handshakes that wait for their answer.
        busy_until: when all of these are answered.
        asked: handshakes by second.
        most: the most sessions that it ever had.
    """

    room: int
    ready: bool = True
    sessions: set["Session"] = field(default_factory=set)
    pending: int = 0
    busy_until: float = 0.0
    asked: Counter[int] = field(default_factory=Counter)
    most: int = 0

    def answered_at(self, now: float) -> float:
        """When a handshake that comes now is answered."""
        self.asked[int(now)] += 1
        self.pending += 1
        self.busy_until = max(self.busy_until, now) + 1 / HANDSHAKES_PER_S
        return self.busy_until


@dataclass(eq=False)
class Session:
    """Somebody who talks until a moment.

    Attributes:
        until: when it ends by itself.
        lost_at: since when it has been away; None while it talks.
    """

    until: float
    lost_at: float | None = None
    replica: Replica | None = None


class Fleet:
    """All replicas.

    Attributes:
        replicas: those that run.
        refused: handshakes that found no room, or nobody who answered in time.
    """

    def __init__(self, clock: Clock, count: int, room: int) -> None:
        self.replicas = [Replica(room) for _ in range(count)]
        self.refused = 0
        self._clock = clock

    @property
    def sessions(self) -> int:
        """How many talk."""
        return sum(len(replica.sessions) for replica in self.replicas)

    @property
    def ready(self) -> list[Replica]:
        """The replicas that newcomers are sent to."""
        return [replica for replica in self.replicas if replica.ready]

    def emptiest(self) -> Replica | None:
        """Where the next one is sent."""
        return min(self.ready, key=lambda replica: len(replica.sessions) + replica.pending, default=None)

    def admit(self, session: Session, replica: Replica) -> bool:
        """Let somebody in whose handshake is answered; returns whether there was room."""
        replica.pending = max(0, replica.pending - 1)
        if replica not in self.replicas or len(replica.sessions) >= replica.room:
            self.refused += 1
            return False
        replica.sessions.add(session)
        session.replica = replica
        replica.most = max(replica.most, len(replica.sessions))
        return True

    def take_away(self, replica: Replica) -> list[Session]:
        """A replica is gone; returns whom it had, in an order of chance's own."""
        self.replicas.remove(replica)
        lost = sorted(replica.sessions, key=lambda session: session.until)
        replica.sessions.clear()
        return lost
