"""Many calls at once: what one takes of a core, which the relay has alone, and of memory. Each call hears a story."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from sys import executable
from types import MappingProxyType
from typing import Any

import httpx2 as httpx

from bench.processes import cores, free_ports, running
from bench.usage import read_usage
from bench.webrtc.filming import FilmingCaller
from relay.checking.caller import Caller

CALLS = (1, 5, 10)
FILMING = 4
FRAMES_PER_S = (0, 5, 30)
"""Of cameras: none, the voice page's, and a browser's own."""

SETTLE_S = 3.0
PATIENCE_S = 60.0

_OFFER = {"Content-Type": "application/sdp"}


def measure_calls(tell: Callable[[str], None], seconds: float) -> list[dict[str, float]]:
    """For each number of calls: processor time of a call, as a share of a core, and the memory that each added."""
    with served() as (port, pid):
        return asyncio.run(_measure(port, pid, tell, seconds))


async def _measure(port: int, pid: int, tell: Callable[[str], None], seconds: float) -> list[dict[str, float]]:
    found: list[dict[str, float]] = []
    async with calling(port, 1):
        await asyncio.sleep(SETTLE_S)  # what the first call loads is no call's own
    empty = read_usage(pid)
    for count in CALLS:
        tell(f"has {count} calls for {seconds:.0f} s")
        async with calling(port, count) as callers:
            await asyncio.sleep(SETTLE_S)
            before, packets = read_usage(pid), await _packets(callers)
            await asyncio.sleep(seconds)
            used, came = read_usage(pid) - before, await _packets(callers) - packets
            found.append({
                "calls": count,
                "core_share": used.cpu_ns / 1e9 / seconds / count,
                "bytes": (before.rss_bytes - empty.rss_bytes) / count,
                "packets_per_s": came / seconds / count,
            })  # fmt: skip
    return found


def measure_video(tell: Callable[[str], None], seconds: float) -> list[dict[str, float]]:
    """For so many pictures a second, one of which is shown to the model: a call's share of a core."""
    watches = {"RELAY_WEBRTC__VIDEO__WHEN": "interval", "RELAY_WEBRTC__VIDEO__INTERVAL_S": "1"}
    with served(watches | {"RELAY_WEBRTC__VIDEO__MOST": "1000"}) as (port, pid):
        return asyncio.run(_measure_video(port, pid, tell, seconds))


async def _measure_video(port: int, pid: int, tell: Callable[[str], None], seconds: float) -> list[dict[str, float]]:
    found: list[dict[str, float]] = []
    for frames_per_s in FRAMES_PER_S:
        tell(f"has {FILMING} calls with {frames_per_s} pictures a second for {seconds:.0f} s")
        make = partial(FilmingCaller, frames_per_s) if frames_per_s else Caller
        async with calling(port, FILMING, make) as callers:
            await asyncio.sleep(SETTLE_S)
            before, shown, sent = read_usage(pid), _pictures(callers), await _sent(callers)
            await asyncio.sleep(seconds)
            used = read_usage(pid) - before
            found.append({
                "frames_per_s": (await _sent(callers) - sent) / seconds / FILMING,
                "core_share": used.cpu_ns / 1e9 / seconds / FILMING,
                "shown_per_s": (_pictures(callers) - shown) / seconds / FILMING,
            })  # fmt: skip
    return found


async def _sent(callers: Sequence[Caller]) -> int:
    return sum([await caller.sent() for caller in callers if isinstance(caller, FilmingCaller)])


def _pictures(callers: Sequence[Caller]) -> int:
    """How many the model was shown of all of them."""
    items = (event["item"] for each in callers for event in each.told if event["type"] == "conversation.item.added")
    return sum(str(item["id"]).startswith("pic_") for item in items)


async def _packets(callers: list[Caller]) -> int:
    return sum([(await caller.heard()).packets for caller in callers])


@contextlib.asynccontextmanager
async def calling(port: int, count: int, make: Callable[[], Caller] = Caller) -> AsyncIterator[list[Caller]]:
    """So many calls, each of which hears a story."""
    callers = [make() for _ in range(count)]
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http:
        try:
            for caller in callers:
                await _call(http, port, caller)
            yield callers
        finally:
            for caller in callers:
                await caller.close()


async def _call(http: httpx.AsyncClient, port: int, caller: Caller) -> None:
    url = f"http://127.0.0.1:{port}/v1/realtime/calls"
    answer = await http.post(url, content=await caller.offer(), headers=_OFFER)
    await caller.take(answer.text)
    if not await caller.until(lambda: caller.told, PATIENCE_S):
        raise TimeoutError("a call was not connected")
    content: list[dict[str, Any]] = [{"type": "input_text", "text": "Tell me a long story."}]
    caller.say("conversation.item.create", item={"type": "message", "role": "user", "content": content})
    caller.say("response.create")


@contextlib.contextmanager
def served(settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[tuple[int, int]]:
    """A relay that answers calls, alone on its core, before a mock; yields its port and process id."""
    relay_core, other_core, _ = cores()
    port, mock_port = free_ports()
    relay = [executable, "-m", "relay", "serve", "--port", str(port)]
    relay += ["--upstream", f"ws://127.0.0.1:{mock_port}/v1/realtime"]
    with tempfile.TemporaryDirectory() as folder:
        logs = Path(folder)
        mock = [executable, "-m", "relay", "mock", "--port", str(mock_port)]
        calls = {"RELAY_WEBRTC__CALLS": "relay", **settings}
        with (
            running(mock, other_core, mock_port, logs / "mock.log"),
            running(relay, relay_core, port, logs / "relay.log", calls) as pid,
        ):
            yield port, pid
