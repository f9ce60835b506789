"""`python -m bench.recordings`: how exactly a replay keeps time, and what an hour takes to be replayed and inspected.

What recording costs is measured beside the other contestants: `python -m bench --quick --only bare relay recording`.
"""

import asyncio
import json
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

from websockets.asyncio.client import connect

from relay.recording import End, Header, Message, Side, read_recording
from relay.recording.format import Line, write_line
from relay.stand_ins.replay import ReplayOptions, serve_replay

HOUR_S = 3600
CHUNK_S = 0.04
CHUNK = "A" * 2560
SPOKEN = Path(__file__).parent.parent / "tests" / "transcripts" / "plain-turn.jsonl"


def hour_of_audio() -> Iterator[Line]:
    """Both sides speak all the time, in chunks of 40 ms: somewhat more than 300 MB of audio."""
    yield Header("hour", "2026-11-21T09:30:00.000Z", "gpt-realtime-2.1", "default", "0")
    append = json.dumps({"type": "input_audio_buffer.append", "audio": CHUNK})
    delta = json.dumps({"type": "response.output_audio.delta", "event_id": "event_1", "delta": CHUNK})
    count = int(HOUR_S / CHUNK_S)
    for number in range(count):
        at = number * CHUNK_S
        yield Message(at, "up", append, number)
        yield Message(at, "down", delta, number + 1)
    yield End(HOUR_S, "peer_closed", count, Side(1000, "", "peer"), Side(1000, "", "relay"))


async def peer(url: str, path: Path) -> list[float]:
    """Be the recorded peer at the recorded times; how many seconds each message came early or late."""
    lines = [line for line in read_recording(path).messages() if isinstance(line, Message)]
    downs = [line.at for line in lines if line.direction == "down"]
    async with connect(url, proxy=None, max_size=None, compression=None) as connection:
        started = monotonic()

        async def speak() -> None:
            for line in lines:
                if line.direction == "up":
                    await asyncio.sleep(max(0.0, started + line.at - monotonic()))
                    await connection.send(line.data)

        speaking = asyncio.create_task(speak())
        times = []
        for _ in downs:
            await connection.recv()
            times.append(monotonic() - started)
        await speaking
    return [abs(time - at) for time, at in zip(times, downs, strict=True)]


async def hurried_peer(url: str, count: int) -> None:
    """Send and hear so many chunks, one after the other."""
    append = json.dumps({"type": "input_audio_buffer.append", "audio": CHUNK})
    async with connect(url, proxy=None, max_size=None, compression=None) as connection:
        for _ in range(count):
            await connection.send(append)
            await connection.recv()


async def time_kept() -> str:
    async with serve_replay(SPOKEN) as replay:
        off = await peer(replay.url, SPOKEN)
    return f"times at speed 1: median {statistics.median(off) * 1000:.2f} ms off, at most {max(off) * 1000:.2f} ms"


async def replayed(path: Path) -> str:
    async with serve_replay(path, options=ReplayOptions(speed=math.inf)) as replay:
        await hurried_peer(replay.url, 1000)
        before = _peak_mb()
        started = monotonic()
        await hurried_peer(replay.url, int(HOUR_S / CHUNK_S))
        took = monotonic() - started
    more = _peak_mb() - before
    return f"replayed in {took:.0f} s: its peak is {more:.1f} MB above that of 40 seconds"


def inspected(path: Path, options: tuple[str, ...]) -> str:
    """Inspect an hour, and for comparison three seconds, in processes of their own."""
    took, peak = _inspect(path, options)
    _, usual = _inspect(path.with_name(SPOKEN.name), options)
    return f"inspected {' '.join(options) or 'in the terminal'} in {took:.0f} s: {peak - usual:.1f} MB above 3 seconds"


def _inspect(path: Path, options: tuple[str, ...]) -> tuple[float, float]:
    """How many seconds it took, and its peak in MB."""
    started = monotonic()
    command = [sys.executable, "-m", "relay", "inspect", str(path), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return monotonic() - started, usage.ru_maxrss / 1000


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main() -> None:
    print(asyncio.run(time_kept()))
    with tempfile.TemporaryDirectory() as directory:
        hour = Path(directory) / "hour.jsonl"
        with hour.open("wb") as file:
            file.writelines(map(write_line, hour_of_audio()))
        shutil.copy(SPOKEN, directory)
        print(f"an hour of {hour.stat().st_size / 1e6:.0f} MB, {asyncio.run(replayed(hour))}")
        for options in ((), ("--wav",), ("--html",)):
            print(f"the same hour, {inspected(hour, options)}")


if __name__ == "__main__":
    main()
