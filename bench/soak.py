"""`python -m bench.soak`: an hour in which sessions come and go, and what memory they leave, into docs/reliability.md.

Two relays at once: one before an upstream that answers with large and small events, one before a cascade with scripted
services. Visitors stay for seconds or minutes; most say goodbye, some hang up in the middle of an answer. Each
byte that must come is checked. `--minutes` takes another time, which the page then says.
"""

import argparse
import asyncio
import contextlib
import datetime
import json
import random
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from bench.cascade import MANY_CHUNK_MS, Speaker, one_utterance, served
from bench.contestants.ours import relay
from bench.contestants.site import PATH, Site
from bench.load import Crowd
from bench.machine import describe_machine
from bench.processes import StartError, cores, free_ports, running
from bench.report.marks import between
from bench.report.tables import figure, table
from bench.sessions import Dialler, Ledger
from bench.talk import Talk
from bench.usage import Usage, read_usage
from bench.wire import Script

MIB = 1024 * 1024
TALK = Talk(append_bytes=2600, delta_bytes=(2600, 60_000, 8192), answer_every=10)
EVERY_S = 0.1
STAYS_S = (2.0, 60.0)
VISITORS = 60
SPEAKERS = 10
SPEAKER_TURNS = (1, 6)
HANGS_UP = 0.3
"""The share of visitors who leave without a goodbye."""
SAMPLES = 6
"""How many readings of memory are made while visitors are there, beside the one at the start."""

_ROOT = Path(__file__).parent.parent
_PAGE = _ROOT / "docs" / "reliability.md"
_RESULTS = _ROOT / "bench" / "results" / "soak.json"


@dataclass(slots=True)
class Watched:
    """One relay under load.

    Attributes:
        visits: how many came and went.
        faults: what must not happen, by name.
        rss_bytes: the relay's memory, read at even times from the start to the end, and once more when all have gone.
    """

    visits: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    rss_bytes: list[int] = field(default_factory=list)

    def fault(self, name: str, count: int = 1) -> None:
        """Count what must not happen."""
        if count:
            self.faults[name] = self.faults.get(name, 0) + count


Visit = Callable[[random.Random], Awaitable[dict[str, int]]]
"""One visitor, from coming to going; returns what went wrong."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="how long [60]")
    parser.add_argument("--render", action="store_true", help="write the page again from the last results")
    arguments = parser.parse_args()
    if not arguments.render:
        try:
            results = asyncio.run(measure(60 * arguments.minutes))
        except StartError as failure:
            sys.exit(f"bench: {failure}")
        _RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    results = json.loads(_RESULTS.read_text())
    _PAGE.write_text(between(_PAGE.read_text(), "soak", words(results)))
    print(words(results))
    if any(each["faults"] for each in results["relays"].values()):
        sys.exit("bench: something was lost, see the table")


async def measure(seconds: float) -> dict[str, Any]:
    """Let both relays be visited for so long.

    Raises:
        StartError: a process does not start.
    """
    watched = {"relay": Watched(), "cascade": Watched()}
    with before_an_upstream() as (port, pid), served(ahead=True) as (cascade_port, cascade_pid):
        await asyncio.gather(
            soak(watched["relay"], pid, VISITORS, visit_to(port), seconds),
            soak(watched["cascade"], cascade_pid, SPEAKERS, speech_to(cascade_port), seconds),
        )
    return {
        "day": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": describe_machine(),
        "minutes": seconds / 60,
        "relays": {
            name: {"visits": each.visits, "faults": each.faults, "rss_mib": [size // MIB for size in each.rss_bytes]}
            for name, each in watched.items()
        },
    }


@contextlib.contextmanager
def before_an_upstream() -> Iterator[tuple[int, int]]:
    """A relay, and the upstream that answers it; yields the relay's port and process id."""
    relay_core, upstream_core, _ = cores()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        site = Site(Path(name), *free_ports(), None)
        upstream = [sys.executable, "-m", "bench.echo_upstream", f"--port={site.upstream_port}", *TALK.arguments()]
        command = relay(site, "fast")
        with (
            running(upstream, upstream_core, site.upstream_port, Path(name) / "upstream.log"),
            running(command.words, relay_core, site.port, Path(name) / "relay.log", command.env) as pid,
        ):
            yield site.port, pid


async def soak(watched: Watched, pid: int, visitors: int, visit: Visit, seconds: float) -> None:
    """Keep so many visitors there, and read the relay's memory, until the time is over and all have gone."""
    ends_at = monotonic() + seconds

    async def come_again(number: int) -> None:
        chance = random.Random(number)
        while monotonic() < ends_at:
            try:
                for name, count in (await visit(chance)).items():
                    watched.fault(name, count)
            except Exception as failure:  # whatever it is, it is a finding, and the others go on
                watched.fault(type(failure).__name__)
            watched.visits += 1

    coming = asyncio.gather(*(come_again(number) for number in range(visitors)))
    for number in range(SAMPLES + 1):
        await asyncio.sleep(ends_at - seconds * (1 - number / SAMPLES) - monotonic())
        watched.rss_bytes.append(read_usage(pid).rss_bytes)
    await coming
    watched.rss_bytes.append(read_usage(pid).rss_bytes)


def visit_to(port: int) -> Visit:
    """Visitors who talk evenly; each answer must be there, whole and in order."""
    script = Script(TALK)
    dialler = Dialler(f"ws://127.0.0.1:{port}{PATH}", None)
    crowd = Crowd(dialler, script, VISITORS, 0.0, Usage, injected=True, answer_timeout_s=60)

    async def visit(chance: random.Random) -> dict[str, int]:
        ledger = Ledger()
        session = await dialler.open(script, ledger, chance.randrange(TALK.answer_every))
        for _ in range(int(chance.uniform(*STAYS_S) / EVERY_S)):
            session.send_append()
            await asyncio.sleep(EVERY_S)
        if chance.random() < HANGS_UP:
            session.hang_up()
            return {"wrong": ledger.wrong}
        await crowd.hear_out(ledger)
        await session.close()
        return {"lost": ledger.missing, "wrong": ledger.wrong, "cut": ledger.cut, "not injected": 1 - ledger.updated}

    return visit


def speech_to(port: int) -> Visit:
    """Speakers who say something, hear the answer, and again; some leave in the middle of their own words."""
    speech = one_utterance()

    async def visit(chance: random.Random) -> dict[str, int]:
        speaker = Speaker(port, MANY_CHUNK_MS, gap_ms=3_000)
        async with speaker.speaking():
            turns = chance.randint(*SPEAKER_TURNS)
            for _ in range(turns):
                await speaker.turn(speech)
            if chance.random() < HANGS_UP:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(speaker.turn(speech), chance.uniform(0.1, 2.0))
        return {"turns without an answer": turns - len(speaker.stages[:turns])}

    return visit


def words(results: dict[str, Any]) -> str:
    """The figures as the page has them."""
    minutes = results["minutes"]
    times = [minutes * number / SAMPLES for number in range(SAMPLES + 1)]
    titles = {"relay": f"relay, {VISITORS} at a time", "cascade": f"cascade, {SPEAKERS} at a time"}
    rows = [
        [
            titles[name],
            figure(each["visits"]),
            ", ".join(f"{count:,} {what}" for what, count in each["faults"].items()) or "nothing",
            *(figure(size) for size in each["rss_mib"]),
        ]
        for name, each in results["relays"].items()
    ]
    head = [
        "",
        "sessions came and went",
        "lost or wrong",
        *(f"MiB after {time:.0f} min" for time in times),
        "MiB when all have gone",
    ]
    machine = results["machine"]
    return (
        f"{table(head, rows)}\n"
        f"Measured on {results['day']}: {machine['processor']}, Python {machine['Python']}, both relays at once."
    )


if __name__ == "__main__":
    main()
