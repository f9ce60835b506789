"""People who come and go so that about so many talk at any time."""

import random
from collections.abc import Callable

from bench.simulation.clock import Clock
from bench.simulation.fleet import Fleet, Session
from bench.simulation.peers import Peers

PEOPLE = 10_000
ROOM = 1_000
"""Sessions that a replica takes."""
STAY_S = 300.0
"""For how long one talks, on average."""
RETRY_AFTER_S = 5.0
"""What a full relay says."""


def talk_on(clock: Clock, fleet: Fleet, peers: Peers, chance: random.Random, people: Callable[[float], float]) -> None:
    """Let people come so that about so many talk at any time."""

    def come() -> None:
        peers.come(Session(clock.now + chance.expovariate(1 / STAY_S)))
        clock.after(chance.expovariate(people(clock.now) / STAY_S), come)

    for replica, number in zip(fleet.replicas, even(int(people(0.0)), len(fleet.replicas)), strict=True):
        for _ in range(number):
            session = Session(chance.expovariate(1 / STAY_S))
            if fleet.admit(session, replica):
                peers.talk(session)
    come()


def even(number: int, parts: int) -> list[int]:
    """So many parts, as alike as can be."""
    return [number // parts + (index < number % parts) for index in range(parts)]
