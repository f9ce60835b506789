"""`python -m bench.cascade`: how soon a cascade answers, and what a session of it takes, into docs/cascade.md.

The services are scripted and take 100, 150 and 80 ms; they and the speakers are other processes than the relay. A turn
is timed at the speaker, from when the last loud frame has been sent to when the first sound of the answer arrives. Of
that time the services take 330 ms, and the ear has to see some silence first: the rest is the relay's own.
"""

import asyncio
import contextlib
import datetime
import json
import os
import sys
import tempfile
import wave
from array import array
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from importlib import resources
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from websockets.asyncio.client import connect

from bench.machine import describe_machine
from bench.processes import StartError, cores, free_ports, running
from bench.report.marks import between
from bench.report.svg import Bar, bars
from bench.report.tables import figure, table
from bench.usage import Usage, read_usage

HEAR_S, THINK_S, SPEAK_S = 0.1, 0.15, 0.08
SERVICES_MS = 1000 * (HEAR_S + THINK_S + SPEAK_S)
SILENCE_MS = 200
FRAME_MS = 32
PAUSE_MS = 4 * FRAME_MS
"""So much silence an ear that hears in frames has to see before a turn may be over."""
SURE_MS = 7 * FRAME_MS
LIMITS_MS = {True: 480, False: 590}
OWN_LIMIT_MS = 15
TURNS = 32
SESSIONS = 50
MANY_CHUNK_MS = 96
"""How much sound each of them sends at once."""
MANY_GAP_MS = 6_000
"""For how long each of them listens between two turns."""
SESSION_TURNS = 3
GAP_MS = 1_600

_ROOT = Path(__file__).parent.parent
_PAGE = _ROOT / "docs" / "cascade.md"
_RESULTS = _ROOT / "bench" / "results" / "cascade.json"
_PICTURE = _ROOT / "docs" / "images" / "bench-cascade.svg"

FRAME_BYTES = FRAME_MS * 48


def main() -> None:
    if "--render" not in sys.argv:
        try:
            _RESULTS.write_text(json.dumps(measure(), indent=1) + "\n")
        except StartError as failure:
            sys.exit(f"bench: {failure}")
    results = json.loads(_RESULTS.read_text())
    _PICTURE.write_text(picture(results))
    _PAGE.write_text(between(_PAGE.read_text(), "figures", words(results)))
    print(words(results))


def measure() -> dict[str, Any]:
    """Run a relay with and without `ahead`, and one with many sessions.

    Raises:
        StartError: one of the processes does not start.
    """
    results: dict[str, Any] = {
        "day": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": describe_machine(),
        "first": os.sched_getscheduler(0) != os.SCHED_OTHER,
    }
    for ahead in (True, False):
        with served(ahead) as (port, _):
            results["ahead" if ahead else "not ahead"] = asyncio.run(timed_turns(port))
    with served(ahead=True) as (port, pid):
        results["many"] = asyncio.run(many_sessions(port, pid))
    return results


@contextlib.contextmanager
def served(ahead: bool) -> Iterator[tuple[int, int]]:
    """A relay before a cascade, alone on its core; yields its port and process id."""
    relay_core, services_core, _ = cores()
    port, services_port = free_ports()
    with tempfile.TemporaryDirectory() as folder:
        service = {"url": f"http://127.0.0.1:{services_port}/v1", "model": "scripted"}
        config = Path(folder) / "relay.toml"
        stages = "\n".join(f'[cascade.{stage}]\nurl = "{service["url"]}"\nmodel = "scripted"' for stage in _STAGES)
        config.write_text(f"{stages}\n[cascade.turn]\nahead = {str(ahead).lower()}\n")
        services = [sys.executable, "-m", "bench.cascade_services", str(services_port)]
        relay = [
            sys.executable,
            "-m",
            "relay",
            "serve",
            "--upstream",
            "cascade",
            "--config",
            str(config),
            "--port",
            str(port),
        ]
        with (
            running(services, services_core, services_port, Path(folder) / "services.log"),
            running(relay, relay_core, port, Path(folder) / "relay.log") as pid,
        ):
            yield port, pid


_STAGES = ("hear", "think", "speak")


class Speaker:
    """One session that speaks as fast as one does, and times the answers."""

    def __init__(self, port: int, chunk_ms: int = FRAME_MS, gap_ms: int = GAP_MS) -> None:
        self._chunk_ms = chunk_ms
        self._gap_bytes = gap_ms * 48
        self._url = f"ws://127.0.0.1:{port}/v1/realtime?model=any&relay_events=1"
        self.first_ms: list[float] = []
        self.stages: list[dict[str, float]] = []

    @contextlib.asynccontextmanager
    async def speaking(self) -> AsyncIterator["Speaker"]:
        async with connect(self._url, max_size=None, proxy=None, compression=None) as self._connection:
            detection = {"type": "server_vad", "silence_duration_ms": SILENCE_MS}
            session = {"type": "realtime", "audio": {"input": {"turn_detection": detection}}}
            await self._connection.send(orjson.dumps({"type": "session.update", "session": session}).decode())
            yield self

    async def turn(self, speech: bytes) -> None:
        """Say it, and go on in silence until the answer has been heard."""
        now = asyncio.get_running_loop().time
        reading = asyncio.create_task(self._first_sound())
        size, due, spoken_at, sent = self._chunk_ms * 48, now(), 0.0, 0
        while sent < len(speech) + self._gap_bytes or not reading.done():
            due += self._chunk_ms / 1000
            await asyncio.sleep(max(0.0, due - now()))
            await self._send(speech[sent : sent + size].ljust(size, b"\0"))
            sent += size
            if sent - size < len(speech) <= sent:
                spoken_at = now()
        self.first_ms.append(1000 * (await reading - spoken_at))

    async def _send(self, chunk: bytes) -> None:
        audio = b64encode(chunk).decode("ascii")
        await self._connection.send(f'{{"type":"input_audio_buffer.append","audio":"{audio}"}}')

    async def _first_sound(self) -> float:
        """When the first sound came; returns once the whole answer has."""
        first = 0.0
        async for data in self._connection:
            message = str(data)
            if not first and '"response.output_audio.delta"' in message[:80]:
                first = asyncio.get_running_loop().time()
            if '"relay.stages"' in message[:80]:
                self.stages.append(orjson.loads(message)["times"])
                break
        return first


async def timed_turns(port: int) -> dict[str, Any]:
    """Many turns of one speaker, one after another."""
    speech = one_utterance()
    async with Speaker(port).speaking() as speaker:
        for _ in range(TURNS + 1):
            await speaker.turn(speech)
    return {
        "first_ms": [round(each, 1) for each in speaker.first_ms[1:]],
        "stages": {
            name: round(median(times[name] for times in speaker.stages[1:] if name in times), 1)
            for name in ("turn_ms", "hear_ms", "think_ms", "speak_ms", "total_ms")
        },
    }


async def many_sessions(port: int, pid: int) -> dict[str, Any]:
    """Speakers at once, whose turns do not fall together: processor time and memory of the relay, and their delays."""
    speech = one_utterance()
    before = read_usage(pid)
    speakers = [Speaker(port, MANY_CHUNK_MS, MANY_GAP_MS) for _ in range(SESSIONS)]
    async with contextlib.AsyncExitStack() as stack:
        for speaker in speakers:
            await stack.enter_async_context(speaker.speaking())
        started, began = read_usage(pid), asyncio.get_running_loop().time()
        await asyncio.gather(*(_talk(speaker, speech, number) for number, speaker in enumerate(speakers)))
        used: Usage = read_usage(pid) - started
        seconds = asyncio.get_running_loop().time() - began
        held = (read_usage(pid) - before).rss_bytes
    return {
        "sessions": SESSIONS,
        "core_share": round(used.cpu_ns / 1e9 / seconds, 3),
        "kib_per_session": round(held / 1024 / SESSIONS),
        "first_ms": sorted(round(each, 1) for speaker in speakers for each in speaker.first_ms),
    }


async def _talk(speaker: Speaker, speech: bytes, number: int) -> None:
    await asyncio.sleep(number * 0.11)
    for _ in range(SESSION_TURNS):
        await speaker.turn(speech)


def one_utterance() -> bytes:
    """Some speech, cut where its last loud frame ends, in whole frames of the ear."""
    path = resources.files("relay.stand_ins.mock") / "clips" / "answer-2.wav"
    with path.open("rb") as file, wave.open(file) as clip:
        samples = array("h", clip.readframes(clip.getnframes()))
    loudest = max(map(abs, samples))
    last = max(index for index, sample in enumerate(samples) if abs(sample) > loudest / 4)
    frames = -(-last // (FRAME_BYTES // 2))
    return samples[: frames * FRAME_BYTES // 2].tobytes()


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def words(results: dict[str, Any]) -> str:
    """The figures as the page has them."""
    rows = []
    for name, waited_ms in (("ahead", PAUSE_MS), ("not ahead", SURE_MS)):
        first = results[name]["first_ms"]
        own = [each - waited_ms - SERVICES_MS for each in first]
        limit = LIMITS_MS[name == "ahead"]
        middle, p99 = median(first), percentile(first, 0.99)
        met = "met" if middle <= limit else "**missed**"
        own_met = "met" if percentile(own, 0.99) <= OWN_LIMIT_MS else "**missed**"
        rows.append([
            f"`ahead = {str(name == 'ahead').lower()}`", figure(middle), figure(p99), f"≤ {limit}: {met}",
            figure(median(own), 1), figure(percentile(own, 0.99), 1), f"≤ {OWN_LIMIT_MS}: {own_met}",
        ])  # fmt: skip
    many = results["many"]
    head = ["last loud frame to first sound, ms", "median", "p99", "limit", "of it ours, median", "p99", "limit"]
    seconds = (len(one_utterance()) / 48 + MANY_GAP_MS) / 1000
    share, first = 100 * many["core_share"], many["first_ms"]
    machine, beside = results["machine"], ", at a real-time priority beside other work" if results["first"] else ""
    return (
        f"{table(head, rows)}\n\n"
        f"{many['sessions']} sessions, in each of which somebody says something every {seconds:.0f} s, take "
        f"{share:.0f} % of a core and {many['kib_per_session']} KiB each,\nSilero's model for each that speaks "
        f"included; half of their answers begin within {median(first):.0f} ms, all but one in a hundred\n"
        f"within {percentile(first, 0.99):.0f}.\n\n"
        f"![The stages of an answer](images/bench-cascade.svg)\n\n"
        f"Measured on {results['day']}: {machine['processor']}, Python {machine['Python']}{beside}. The "
        f"scripted services'\nlatency runs from when all of a request is there to the first byte of the answer."
    )


def picture(results: dict[str, Any]) -> str:
    """First sound after the end of speech, beside what others took."""
    rows = []
    for name, waited_ms in (("ahead", PAUSE_MS), ("not ahead", SURE_MS)):
        first = median(results[name]["first_ms"])
        parts = [waited_ms, 1000 * HEAR_S, 1000 * THINK_S, 1000 * SPEAK_S, first - waited_ms - SERVICES_MS]
        rows.append(Bar(f"cascade, {name}", parts, f"{first:.0f} ms"))
    for words_, first in (("2025 prototype, quickest", 1900), ("2025 prototype, slowest", 3500)):
        rows.append(Bar(words_, [0, 0, 0, 0, 0, first], f"{first} ms"))
    legend = ["silence", "hearing", "thinking", "speaking", "the relay", "not told apart"]
    return bars("From the end of speech to the first sound", rows, legend)


if __name__ == "__main__":
    main()
