"""The hour in which sessions come and go."""

import asyncio
import os
import random

from bench.soak import SAMPLES, Watched, soak, words


async def test_what_goes_wrong_is_counted_and_the_others_go_on() -> None:
    """Faults by name, a visitor that fails among them; memory from the start to when all have gone."""
    watched = Watched()
    came = 0

    async def visit(_: random.Random) -> dict[str, int]:
        nonlocal came
        came += 1
        is_odd = came % 2
        await asyncio.sleep(0)
        if is_odd:
            raise TimeoutError
        return {"lost": 2, "wrong": 0}

    await soak(watched, os.getpid(), 3, visit, 0.01)
    assert watched.visits == came >= 3
    assert watched.faults == {"lost": 2 * (came // 2), "TimeoutError": (came + 1) // 2}
    assert len(watched.rss_bytes) == SAMPLES + 2


def test_words() -> None:
    """The page says how long it was, and what was lost."""
    each = {"visits": 1234, "faults": {"lost": 2}, "rss_mib": [57, *[62] * SAMPLES, 60]}
    page = words({
        "day": "2026-11-26",
        "machine": {"processor": "a processor, 2 cores", "Python": "3.11.7"},
        "minutes": 60,
        "relays": {"relay": each, "cascade": {**each, "faults": {}}},
    })  # fmt: skip
    assert "| MiB after 60 min | MiB when all have gone |" in page
    assert "| relay, 60 at a time | 1,234 | 2 lost | 57 | 62 |" in page
    assert "| cascade, 10 at a time | 1,234 | nothing | 57 |" in page
