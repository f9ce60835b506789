"""A conversation of half an hour, told as fast as the page takes it: what is left in the browser's memory?"""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import CDPSession, Page, async_playwright

from tests.fakes.browser import RATE, clip, hearing, launch, silence, state, write_wav
from tests.fakes.process import relay_process
from tests.fakes.stage import Stage, stage

EXCHANGES = 300
"""Half an hour, with one exchange every six seconds."""

FILLING = 255
"""Exchanges until all that the page keeps a bounded number of is full: 500 turns, 1,000 events, 200 latencies."""

SPOKEN_S = 5
REST_S = 1.0

HEARD_OUT = 10
"""One answer of so many is short, and heard to its end; the others are interrupted."""


@dataclass(frozen=True, slots=True)
class Heap:
    """What a page holds once its garbage is collected."""

    bytes: int
    nodes: int
    listeners: int


async def converse(far_end: Stage, exchanges: int) -> None:
    """Questions and answers, each answer interrupted by the next question but for a few."""
    story = clip("story")
    for number in range(1, exchanges + 1):
        await far_end.hear(f"Which room has the clock of {1000 + number}?")
        if number % HEARD_OUT == 0:
            await far_end.answer("Room four.", story[: RATE // 10], wait_s=0)
            continue
        await far_end.answer("Room four, just past the stairs. It strikes.", story[: SPOKEN_S * RATE], wait_s=0)
        await far_end.send("input_audio_buffer.speech_started", audio_start_ms=0, item_id=f"item_cut_{number}")
        await far_end.truncation()


async def heap(devtools: CDPSession) -> Heap:
    """Let the last frames be drawn, collect garbage until no less is left, and measure."""
    await asyncio.sleep(REST_S)
    held = await measure_heap(devtools)
    while (now := await measure_heap(devtools)).bytes < held.bytes:
        held = now
    return held


async def measure_heap(devtools: CDPSession) -> Heap:
    await devtools.send("HeapProfiler.collectGarbage")
    found = {each["name"]: each["value"] for each in (await devtools.send("Performance.getMetrics"))["metrics"]}
    return Heap(int(found["JSHeapUsedSize"]), int(found["Nodes"]), int(found["JSEventListeners"]))


async def measure_growth(tell: Callable[[str], None]) -> tuple[Heap, Heap]:
    """Open the page and talk; what it held before half an hour and after."""
    with tempfile.TemporaryDirectory() as home:
        microphone = Path(home, "microphone.wav")
        write_wav(microphone, silence(1))
        async with (
            stage() as far_end,
            relay_process("--upstream", far_end.url) as (_, address),
            async_playwright() as playwright,
        ):
            browser = await launch(playwright, *hearing(microphone))
            page = await (await browser.new_context(permissions=["microphone"])).new_page()
            await page.goto(address)
            await page.click("#start")
            await state(page, "listening")
            tell(f"talks {FILLING + EXCHANGES} times")
            found = await growth(page, far_end)
            await browser.close()
            return found


async def growth(page: Page, far_end: Stage) -> tuple[Heap, Heap]:
    """Talk until all stores are full, then for half an hour; what the page held before that and after."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Performance.enable")
    await converse(far_end, FILLING)
    before = await heap(devtools)
    await converse(far_end, EXCHANGES)
    return before, await heap(devtools)
