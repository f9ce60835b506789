"""Upstreams whose time is over: how long a session is held up while the next one takes over."""

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any

from bench.memory.kept import text_item, turns
from bench.memory.relays import Served, mocked, served

CONFIG = """
[profiles.default]
instructions = "Be kind."
survive = true
limits = { messages_per_s = 10000 }
"""
LASTS_S = 6
APPEND = json.dumps({"type": "input_audio_buffer.append", "audio": base64.b64encode(bytes(1920)).decode()})


async def swaps(sessions: int, seconds: float) -> Mapping[str, float]:
    """How many swaps there were, how many of them took 5 ms at most, and how long they took on average, in ms."""
    with mocked(f"expire={LASTS_S}s") as port, served(CONFIG, port) as relay:
        await asyncio.gather(*(_talk(relay, seconds) for _ in range(sessions)))
        counted = relay.metrics()
    count = counted["relay_swap_seconds_count"]
    return {
        "count": count,
        "within": counted['relay_swap_seconds_bucket{le="0.005"}'],
        "mean_ms": counted["relay_swap_seconds_sum"] / count * 1000,
    }


async def _talk(relay: Served, seconds: float) -> None:
    """Have 20 turns behind, and send silence, as a microphone does."""
    async with relay.peer("") as peer:

        async def hear() -> None:
            async for message in peer:
                event: dict[str, Any] = json.loads(message)
                assert event["type"] != "error", event

        hearing = asyncio.create_task(hear())
        for _, text in turns()[::2]:
            await peer.send(text_item(text))
        for _ in range(int(seconds / 0.04)):
            await peer.send(APPEND)
            await asyncio.sleep(0.04)
        assert not hearing.done(), "the session has ended"
        hearing.cancel()
