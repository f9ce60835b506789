"""What is done to a fleet while people talk, and what they see of it."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bench.replicas.fleet import NOTICED_S, Fleet, fleet
from bench.replicas.peers import STAY_S, Crowd, Tally, admitted
from bench.usage import read_usage

STEADY_S = 30.0
HUNG_S = 20.0
DOWN_S = 5.0
ROLLS = 5
SAMPLE_S = 0.5
TRIED = 100
"""Handshakes at once against a limit that all replicas share."""


async def trial(count: int, directory: Path) -> dict[str, Any]:
    """Run that many replicas and do everything to them, one thing after the other.

    Raises:
        StartError: one of the processes does not listen.
    """
    async with fleet(count, directory) as relays:
        result: dict[str, Any] = {
            "limit": relays.shared_limit,
            "admitted": await admitted(f"{relays.url}?profile=limited", TRIED),
            "steady": await steady(relays),
        }
        async with talking(relays) as (crowd, timeline):
            for happens in (drained, killed, hung):
                result[happens.__name__] = await told(crowd, timeline, partial(happens, relays))
                await asyncio.sleep(STAY_S)  # until each replica has its share again
            result["rolled"] = [
                await told(crowd, timeline, partial(rolled, relays, crowd, words))
                for words in (f"the words of roll {number}" for number in range(ROLLS))
            ]
            result["timeline"] = timeline.points
        return result


async def steady(relays: Fleet) -> dict[str, Any]:
    """Everybody comes, talks and leaves: what the replicas count together has to be what the peers counted."""
    before = await sums(relays)
    used = {name: read_usage(pid).cpu_ns for name, pid in relays.pids.items()}
    crowd = Crowd(relays.url, seed=1)
    coming = asyncio.create_task(crowd.keep_coming())
    await asyncio.sleep(STEADY_S)
    crowd.close()
    await coming
    after = await sums(relays)
    tally = crowd.tally
    differences = {
        f"{direction} {kind}": counted - seen
        for direction, events in (("up", tally.sent), ("down", tally.received))
        for kind, seen in events.items()
        if (counted := after[direction, kind] - before[direction, kind]) != seen
    }
    events = sum(tally.sent.values()) + sum(tally.received.values())
    spent = {name: read_usage(pid).cpu_ns - used[name] for name, pid in relays.pids.items()}
    return {
        **summary(tally),
        "events": events,
        "differences": differences,
        "redis_us_a_session": round(spent["redis"] / 1000 / tally.opened, 1),
        "haproxy_us_an_event": round(spent["haproxy"] / 1000 / events, 1),
    }


async def sums(relays: Fleet) -> Counter[tuple[str, str]]:
    """Events by direction and type, over all replicas."""
    counted: Counter[tuple[str, str]] = Counter()
    for replica in relays.replicas:
        for (name, labels), value in (await replica.metrics()).items():
            if name == "relay_events_total":
                counted[dict(labels)["direction"], dict(labels)["type"]] += int(value)
    return counted


class Timeline:
    """How many sessions each replica has, twice a second; None for one that does not answer.

    Attributes:
        points: seconds since the start, and the sessions of each replica.
        marks: when something was begun, and what.
    """

    def __init__(self, relays: Fleet) -> None:
        self.points: list[tuple[float, list[float | None]]] = []
        self._relays = relays
        self._begun = asyncio.get_running_loop().time()

    async def watch(self) -> None:
        """Sample until it is cancelled."""
        while True:
            at = asyncio.get_running_loop().time() - self._begun
            self.points.append((round(at, 2), [await self._open(replica) for replica in self._relays.replicas]))
            await asyncio.sleep(SAMPLE_S)

    @staticmethod
    async def _open(replica: Any) -> float | None:
        with contextlib.suppress(OSError, TimeoutError, KeyError):
            async with asyncio.timeout(SAMPLE_S / 2):
                value: float = (await replica.metrics())["relay_sessions_open", ()]
                return value
        return None


@contextlib.asynccontextmanager
async def talking(relays: Fleet) -> AsyncIterator[tuple[Crowd, Timeline]]:
    """Two hundred people talk until the context is left."""
    crowd, timeline = Crowd(relays.url, seed=2), Timeline(relays)
    coming, watching = asyncio.create_task(crowd.keep_coming()), asyncio.create_task(timeline.watch())
    await asyncio.sleep(1.5 * STAY_S)
    try:
        yield crowd, timeline
    finally:
        crowd.close()
        watching.cancel()
        await asyncio.wait([coming, watching])


async def told(crowd: Crowd, timeline: Timeline, happens: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """What the peers see of it, from when it begins until all who were cut are back."""
    crowd.tally = Tally()
    begun = timeline.points[-1][0]
    more = await happens()
    return {**summary(crowd.tally), **more, "at": begun}


def summary(tally: Tally) -> dict[str, Any]:
    """The figures of a tally."""
    return {
        "opened": tally.opened,
        "turns": tally.turns,
        "refused": tally.refused,
        "cut": Counter(how for _, how in tally.cut),
        "away_s": {"median": round(median(tally.away_s), 2), "most": round(max(tally.away_s), 2)}
        if tally.away_s
        else None,
        "most_back_in_a_second": most_in_a_second(tally.returned),
    }


def most_in_a_second(moments: list[float]) -> int:
    """The greatest number of moments that lie in one second."""
    ordered = sorted(moments)
    first = most = 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most


async def drained(relays: Fleet) -> dict[str, Any]:
    """A replica is stopped as a deploy stops it, and started again."""
    one = relays.replicas[0]
    await one.stop()
    await one.start()
    await asyncio.sleep(NOTICED_S)
    return {}


async def killed(relays: Fleet) -> dict[str, Any]:
    """A replica vanishes, and is there again after five seconds."""
    one = relays.replicas[0]
    await one.kill()
    await asyncio.sleep(DOWN_S)
    await one.start()
    await asyncio.sleep(NOTICED_S)
    return {}


async def hung(relays: Fleet) -> dict[str, Any]:
    """A replica does nothing more, with its connections open, until it is killed after twenty seconds."""
    one = relays.replicas[0]
    one.hang()
    await asyncio.sleep(HUNG_S)
    return await killed(relays)


async def rolled(relays: Fleet, crowd: Crowd, words: str) -> dict[str, Any]:
    """All replicas are replaced by such with other settings; who comes afterwards gets those."""
    relays.configure(words)
    await relays.roll()
    crowd.tally.instructions.clear()
    await asyncio.sleep(STAY_S / 4)
    return {"settings": {told == words for told in crowd.tally.instructions} == {True}}
