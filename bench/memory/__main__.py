"""`python -m bench.memory`: what memory costs, and whether it keeps what it is to keep, into docs/memory.md."""

import asyncio
import datetime
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.contestants import RELAY, RESUMABLE, SURVIVING
from bench.machine import describe_machine
from bench.memory.cost import costs
from bench.memory.kept import killed, opening
from bench.memory.returning import held, returns
from bench.memory.swaps import swaps
from bench.processes import StartError
from bench.report.marks import between
from bench.report.tables import figure, table
from bench.report.targets import Target
from bench.stage import LoadError

ROUNDS = 7
VISITS, KILLS, RETURNS, AWAY = 150, 20, 200, 20
SESSIONS, SECONDS = 30, 40.0

_ROOT = Path(__file__).parent.parent.parent
_PAGE = _ROOT / "docs" / "memory.md"
_RESULTS = _ROOT / "bench" / "results" / "memory.json"


def main() -> None:
    if "--render" not in sys.argv:
        try:
            found = measure()
        except (StartError, LoadError) as failure:
            sys.exit(f"bench: {failure}")
        _RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    written = words(json.loads(_RESULTS.read_text()))
    _PAGE.write_text(between(_PAGE.read_text(), "measured", written))
    print(written)


def measure() -> dict[str, Any]:
    """All of it, one after the other.

    Raises:
        StartError, LoadError: a process does not start, or something was lost.
    """
    return {
        "day": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": describe_machine(),
        "cost": costs(ROUNDS),
        "opening_ms": asyncio.run(opening(VISITS)),
        "lost_s": asyncio.run(killed(KILLS)),
        "returns_ms": asyncio.run(returns(RETURNS, 1)),
        "returns_to_workers_ms": asyncio.run(returns(RETURNS, 2)),
        "held_mib": asyncio.run(held(AWAY)),
        "swaps": asyncio.run(swaps(SESSIONS, SECONDS)),
    }


def targets(found: dict[str, Any]) -> Iterator[Target]:
    """What memory has to keep to, and what was found."""
    cost, opened, swapped = found["cost"], found["opening_ms"], found["swaps"]
    yield Target(
        "CPU for an event, sessions that outlive their upstream, somebody speaking two fifths of the time: more by",
        1.0, (cost[f"{SURVIVING} / {RELAY}"] - 1) * 100, " %", 1,
    )  # fmt: skip
    share = 100 - 100 * swapped["within"] / swapped["count"]
    yield Target(f"swaps that held an event up for more than 5 ms, of {swapped['count']:,.0f}", 1.0, share, " %", 1)
    yield Target("a session that opens with 20 turns of history: later by", 5.0, opened["with"] - opened["without"],
                 " ms", 1)  # fmt: skip
    yield Target(f"history lost by `kill -9`, the most of {len(found['lost_s'])} times: the last", 500,
                 max(found["lost_s"]) * 1000, " ms")  # fmt: skip
    own, workers = found["returns_ms"]["own"], found["returns_to_workers_ms"]
    for name, times in (("", own), (", to the same of two workers", workers["own"]),
                        (", to the other worker", workers["other"])):  # fmt: skip
        value = times[int(len(times) * 0.99)] if times else None
        yield Target(f"from a dial until the peer goes on{name}, p99 of {len(times)}", 50, value, " ms", 1)
    yield Target("held for a peer that is away and missed 3.8 MiB", 4.0, found["held_mib"]["counted"], " MiB", 2)


def words(found: dict[str, Any]) -> str:
    """The figures as the page has them."""
    cost, machine = found["cost"], found["machine"]
    rows = [target.row() for target in targets(found)]
    return (
        f"{table(['', 'limit', 'found', ''], rows)}\n"
        f"A round trip takes {figure(cost[RELAY], 1)} µs of a core, {figure(cost[SURVIVING], 1)} µs where sessions "
        f"outlive their upstream, and {figure(cost[RESUMABLE], 1)} µs where peers may come back, without the lane: "
        f"{figure(cost[f'{RESUMABLE} / {RELAY}'], 2)} times as much. A swap takes "
        f"{figure(found['swaps']['mean_ms'], 1)} ms on average, with 20 turns to say again; the process grew by "
        f"{figure(found['held_mib']['resident'], 1)} MiB for each peer that was away. Measured on {found['day']}: "
        f"{machine['processor']}, Python {machine['Python']}.\n"
    )


if __name__ == "__main__":
    main()
