"""All replicas are replaced, in groups, as a deploy does it."""

import random
from dataclasses import dataclass
from math import ceil

from bench.simulation.clock import Clock
from bench.simulation.crowd import PEOPLE, RETRY_AFTER_S, ROOM, STAY_S, talk_on
from bench.simulation.fleet import Fleet, Replica
from bench.simulation.peers import Peers, page

REPLICAS = ceil(1.2 * PEOPLE / ROOM)
TURN_S = 10.0
"""By then the turn of everybody is over: notice, and the longest answer."""
SPREAD_S = 5.0
"""The relay closes sessions between two turns over so long."""
START_S = 5.0
NOTICED_S = 3.0


@dataclass(frozen=True, slots=True)
class Deploy:
    """What a deploy of all replicas did.

    Attributes:
        took_s: from the first SIGTERM until the last replica was back.
        fullest: the most sessions that a replica had, over the mean.
        cut: how many were cut off, as a share of those who talked; most of them between two turns.
        refused: handshakes.
    """

    took_s: float
    fullest: float
    cut: float
    refused: int


def deploy(at_once: int, patience_s: float | None, people: int = PEOPLE, seed: int = 1) -> Deploy:
    """Replicas are replaced in groups; whoever leaves is replaced by somebody else.

    Args:
        at_once: how many replicas leave together.
        patience_s: how long a session may go on (`drain = "session"`); None ends it with its turn (`drain = "turn"`).
        people: how many talk; a replica has room for three twentieths of them.
    """
    clock, chance = Clock(), random.Random(seed)
    fleet = Fleet(clock, REPLICAS, people * 3 // 20)
    peers = Peers(clock, fleet, chance, page, RETRY_AFTER_S)
    talk_on(clock, fleet, peers, chance, lambda _: people)
    clock.run(4 * STAY_S)
    for replica in fleet.replicas:
        replica.most = 0
    rollout = _Rollout(clock, fleet, peers, chance, patience_s)
    mean, begun, refused = fleet.sessions / REPLICAS, clock.now, fleet.refused
    rollout.replace_next(list(fleet.replicas), at_once)
    while rollout.ended_at is None:
        clock.run(clock.now + 1)
    clock.run(clock.now + 60)
    fullest = max(replica.most for replica in rollout.seen)
    return Deploy(rollout.ended_at - begun, fullest / mean, rollout.cut / (mean * REPLICAS), fleet.refused - refused)


class _Rollout:
    """How far a deploy has come.

    Attributes:
        seen: every replica, old and new.
        cut: who was cut off.
        ended_at: when the last one was back; None before.
    """

    def __init__(
        self, clock: Clock, fleet: Fleet, peers: Peers, chance: random.Random, patience_s: float | None
    ) -> None:
        self.seen = list(fleet.replicas)
        self.cut = 0
        self.ended_at: float | None = None
        self._clock, self._fleet, self._peers, self._chance, self._patience_s = clock, fleet, peers, chance, patience_s

    def replace_next(self, old: list[Replica], at_once: int) -> None:
        """Replace the first of them, and then the others."""
        group, rest = old[:at_once], old[at_once:]
        if not group:
            self.ended_at = self._clock.now
            return
        for replica in group:
            replica.ready = False
        patience_s = TURN_S if self._patience_s is None else self._patience_s
        self._clock.after(patience_s, lambda: self._end(group))
        self._clock.after(patience_s + START_S, lambda: self._start(len(group)))
        self._clock.after(patience_s + START_S + NOTICED_S, lambda: self.replace_next(rest, at_once))

    def _end(self, group: list[Replica]) -> None:
        for replica in group:
            for session in self._fleet.take_away(replica):
                self.cut += 1
                self._peers.cut(session, self._chance.random() * SPREAD_S if self._patience_s is None else 0.0)

    def _start(self, number: int) -> None:
        new = [Replica(self.seen[0].room) for _ in range(number)]
        self.seen += new
        self._fleet.replicas.extend(new)
