"""A zone is lost, and all whom it served come again."""

import random
from dataclasses import dataclass

from bench.simulation.clock import Clock
from bench.simulation.crowd import PEOPLE, RETRY_AFTER_S, ROOM, even
from bench.simulation.fleet import Fleet, Replica, Session
from bench.simulation.peers import Backoff, Peers

RESTORED_S = 60.0
"""Until the lost zone's replicas have others in their place."""
_LONG_S = 3600.0


@dataclass(frozen=True, slots=True)
class Storm:
    """What a lost zone did.

    Attributes:
        back_s: until all who were cut off talked again.
        asked_most: the most handshakes that one replica was asked for in one second.
        refused: handshakes.
        pace: handshakes of all replicas by second.
    """

    back_s: float
    asked_most: int
    refused: int
    pace: list[int]


def lost_zone(backoff: Backoff, count: int, seed: int = 1) -> Storm:
    """One of three zones is gone, with a third of so many replicas; new ones are there after a minute."""
    clock, chance = Clock(), random.Random(seed)
    fleet = Fleet(clock, count, ROOM)
    peers = Peers(clock, fleet, chance, backoff, RETRY_AFTER_S)
    for replica, number in zip(fleet.replicas, even(PEOPLE, count), strict=True):
        for _ in range(number):
            fleet.admit(Session(_LONG_S), replica)
    watched = list(fleet.replicas)
    for replica in watched[: count // 3]:
        for session in fleet.take_away(replica):
            peers.cut(session)

    def restore() -> None:
        new = [Replica(ROOM) for _ in range(count // 3)]
        watched.extend(new)
        fleet.replicas.extend(new)

    clock.after(RESTORED_S, restore)
    cut = PEOPLE - fleet.sessions
    clock.run(300)
    back_s = max(peers.away_s) if len(peers.away_s) == cut else float("inf")
    pace = [sum(replica.asked[second] for replica in watched) for second in range(90)]
    return Storm(back_s, max(max(replica.asked.values(), default=0) for replica in watched), fleet.refused, pace)
