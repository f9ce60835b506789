"""A morning and an evening, and an autoscaler that follows them."""

import random
from dataclasses import dataclass
from math import ceil

from bench.simulation.clock import Clock
from bench.simulation.crowd import PEOPLE, RETRY_AFTER_S, STAY_S, talk_on
from bench.simulation.fleet import Fleet, Replica
from bench.simulation.peers import Peers, page


@dataclass(frozen=True, slots=True)
class Morning:
    """What a day's beginning and end did.

    Attributes:
        refused: the share of those who came that found no room at first.
        cut: the share of all who came that were cut off by scaling down.
        replica_hours: what it took.
        least_hours: what it would have taken if each replica had always been full.
    """

    refused: float
    cut: float
    replica_hours: float
    least_hours: float


def morning(
    target: float,
    steady_s: float,
    *,
    pod_s: float = 60.0,
    patience_s: float = 10.0,
    people: int = PEOPLE,
    seed: int = 1,
) -> Morning:
    """Three times as many within ten minutes, for half an hour, and back; `relay_sessions_open` is followed.

    Args:
        target: how full replicas shall be, of their room.
        steady_s: for how long fewer must have been enough before one is stopped.
        pod_s: from the call for a replica until it is ready.
        patience_s: how long one that is stopped lets its sessions go on.
        people: how many talk at the height of the day; a replica has room for a tenth of them.
    """
    clock, chance = Clock(), random.Random(seed)
    base, room = people / 3, people // 10
    fleet = Fleet(clock, ceil(base / room / target), room)
    peers = Peers(clock, fleet, chance, page, RETRY_AFTER_S)
    talk_on(clock, fleet, peers, chance, lambda now: base * _shape(now - 4 * STAY_S))
    scaler = _Autoscaler(clock, fleet, peers, room, target, steady_s, pod_s, patience_s)
    clock.run(4 * STAY_S)
    before = fleet.refused
    scaler.look()
    clock.run(4 * STAY_S + 4800)
    came = sum(base * _shape(second) / STAY_S for second in range(4800))
    least = sum(base * _shape(second) for second in range(4800)) / room / 3600
    return Morning((fleet.refused - before) / came, scaler.cut / came, scaler.replica_s / 3600, least)


class _Autoscaler:
    """Asks every 15 s, as Kubernetes does, and reads what was measured 15 s ago."""

    def __init__(
        self,
        clock: Clock,
        fleet: Fleet,
        peers: Peers,
        room: int,
        target: float,
        steady_s: float,
        pod_s: float,
        patience_s: float,
    ) -> None:
        self.cut = 0
        self.replica_s = 0.0
        self._clock, self._fleet, self._peers, self._room = clock, fleet, peers, room
        self._target, self._steady_s, self._pod_s, self._patience_s = target, steady_s, pod_s, patience_s
        self._measured = fleet.sessions
        self._coming = 0
        self._needs: list[tuple[float, int]] = []

    def look(self) -> None:
        """Call for as many replicas as it takes, and look again."""
        needed = ceil(self._measured / self._room / self._target)
        self._measured = self._fleet.sessions
        now = self._clock.now
        self._needs = [(at, need) for at, need in self._needs if now - at <= self._steady_s] + [(now, needed)]
        running = len(self._fleet.ready) + self._coming
        self.replica_s += 15 * (len(self._fleet.replicas) + self._coming)
        if needed > running:
            self._coming += needed - running
            self._clock.after(self._pod_s, lambda: self._arrive(needed - running))
        lowest = max(need for _, need in self._needs)
        for _ in range(lowest, len(self._fleet.ready)):
            self._stop(min(self._fleet.ready, key=lambda one: len(one.sessions)))
        self._clock.after(15, self.look)

    def _arrive(self, number: int) -> None:
        self._coming -= number
        self._fleet.replicas.extend(Replica(self._room) for _ in range(number))

    def _stop(self, replica: Replica) -> None:
        replica.ready = False
        self._clock.after(self._patience_s, lambda: self._end(replica))

    def _end(self, replica: Replica) -> None:
        for session in self._fleet.take_away(replica):
            self.cut += 1
            self._peers.cut(session)


def _shape(second: float) -> float:
    """How many times the base talk: up within ten minutes, on for half an hour, down within ten."""
    up = min(max(second / 600, 0.0), 1.0)
    down = min(max((second - 2400) / 600, 0.0), 1.0)
    return 1 + 2 * (up - down)
