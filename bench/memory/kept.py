"""Conversations that are kept: how much later a session opens with one, and what `kill -9` loses of it."""

import asyncio
import json
import os
import random
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import monotonic, time
from typing import Any

from bench.memory.relays import Served, mocked, served
from relay.core.remembered import Remembered
from relay.history.rows import Key, Row
from relay.history.sqlite import SqliteFile

TURNS = 20
WORDS = "It was said here that breakfast is served from seven to ten, and that the garden opens at noon. " * 3
CONFIG = """
[history]
store = "sqlite:{path}"

[profiles.default]
instructions = "Be kind."
history = true
"""


def text_item(text: str) -> str:
    """A user's words, as a peer says them."""
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    return json.dumps({"type": "conversation.item.create", "item": item})


def turns() -> list[tuple[str, str]]:
    """Who says what in so many turns, of which all are said again."""
    return [(role, f"{number}: {WORDS}") for number in range(TURNS) for role in ("user", "assistant")]


async def opened_in(relay: Served, conversation: str, replayed: int) -> tuple[float, float]:
    """Seconds from a peer's dial until it may speak, and until it has seen all that is said again."""
    began = monotonic()
    ready, seen = 0.0, 0
    async with relay.peer(f"?conversation={conversation}") as peer:
        while not ready or seen < replayed:
            kind = json.loads(await peer.recv())["type"]
            ready = monotonic() - began if kind == "session.updated" else ready
            seen += kind == "conversation.item.done"
        return ready, monotonic() - began


async def opening(visits: int) -> Mapping[str, float]:
    """Milliseconds from the dial to the first word, without a conversation and with one of 20 turns; medians."""
    with tempfile.TemporaryDirectory() as name, mocked() as port:
        path = Path(name) / "history.db"
        _write(path, Key("", "long"))
        times: dict[str, list[float]] = {"without": [], "with": [], "with, seen": []}
        with served(CONFIG.format(path=path), port) as relay:
            await opened_in(relay, "first", 0)
            for number in range(visits):
                times["without"].append((await opened_in(relay, f"empty-{number}", 0))[0])
                ready, seen = await opened_in(relay, "long", 2 * TURNS)
                times["with"].append(ready)
                times["with, seen"].append(seen)
    return {name: median(found) * 1000 for name, found in times.items()}


def _write(path: Path, key: Key) -> None:
    file = SqliteFile(path)
    file.write(
        Row(key, number + 1, Remembered(f"item_{number}", "message", role, text), time())
        for number, (role, text) in enumerate(turns())
    )
    file.close()


async def killed(times: int) -> list[float]:
    """The age in seconds of the oldest item that a relay loses which is killed at some moment; 0 where none is lost."""
    chance, found = random.Random(1), []
    with mocked() as port:
        for _ in range(times):
            with tempfile.TemporaryDirectory() as name:
                found.append(await _killed_once(Path(name) / "history.db", port, chance.uniform(0.3, 1.0)))
    return found


async def _killed_once(path: Path, port: int, after_s: float) -> float:
    done: dict[str, float] = {}
    with served(CONFIG.format(path=path), port) as relay:

        async def hear(peer: Any) -> None:
            async for message in peer:
                event = json.loads(message)
                if event["type"] == "conversation.item.done":
                    done[event["item"]["id"]] = monotonic()

        async with relay.peer("?conversation=c1") as peer:
            hearing = asyncio.create_task(hear(peer))
            ends_at, number = monotonic() + after_s, 0
            while monotonic() < ends_at:
                await peer.send(text_item(f"{number}: {WORDS}"))
                number += 1
                await asyncio.sleep(0.002)
            os.kill(relay.pid, signal.SIGKILL)
            at = monotonic()
            await asyncio.gather(hearing, return_exceptions=True)
    file = SqliteFile(path)
    rows = {row.item.id for row in file.newest(Key("", "c1"), 0.0, 100_000)}
    file.close()
    assert len(done) > 20, "hardly anything was said"
    lost = [at - said_at for item_id, said_at in done.items() if item_id not in rows and said_at < at]
    return max(lost, default=0.0)
