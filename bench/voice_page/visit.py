"""The near end: a browser with a fake microphone, and what its page shows when it is measured from inside."""

import base64
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import Page, Route, async_playwright

from bench.voice_page.sound import discontinuities, frequency, loudest, sounding
from bench.voice_page.upstream import Answer, ToneUpstream, tone_upstream
from tests.fakes.browser import RATE, Samples, hearing, launch, silence, state, tone, write_wav
from tests.fakes.process import relay_process

LISTEN_S = 20
TIMES = 20
LONG = Answer(seconds=60, burst_s=0.6, every_s=0.4, late_s=0.15)
SHORT = Answer(seconds=0.5, burst_s=0.1)
CUT_OFF = Answer(seconds=10, interrupted_after_s=0.5)

_HERE = Path(__file__).parent
PROBE = "import('/bench/probe.js')"


async def measure(tell: Callable[[str], None]) -> dict[str, Any]:
    """Open the page, talk, listen, interrupt; about two minutes.

    Returns:
        What `Figures` holds, but for date and machine.
    """
    async with _visit() as (page, upstream):
        tell(f"listens to the microphone for {LISTEN_S} s")
        await page.wait_for_timeout(LISTEN_S * 1000)
        heard = np.frombuffer(bytes(upstream.heard), np.int16)
        tell(f"is answered {TIMES} times")
        await _ask(page, upstream, SHORT, TIMES)
        seen = await _seen(page)
        tell(f"interrupts {TIMES} times")
        before = len(seen["silenced"])
        await _ask(page, upstream, CUT_OFF, TIMES)
        cut = await _seen(page)
        tell(f"hears an answer of {LONG.seconds:.0f} s")
        underruns = (await _speaker(page))["underruns"]
        played = await _hear_long(page, upstream)
        return {
            "capture_ms": latencies(seen["captured"], seen["sent"]),
            "first_sound_ms": latencies(cut["received"], cut["played"]),
            "silence_ms": latencies(cut["interrupted"], cut["silenced"][before:]),
            "underruns": (await _speaker(page))["underruns"] - underruns,
            "discontinuities": discontinuities(played, 1000),
            "played_s": len(sounding(played)) / RATE,
            "heard_hz": frequency(loudest(heard, 0.5)),
            "played_hz": frequency(loudest(played, 10)),
        }


@asynccontextmanager
async def _visit() -> AsyncIterator[tuple[Page, ToneUpstream]]:
    """A page in a session, with the probe inside; the microphone hears a tone of half a second, every second."""
    with tempfile.TemporaryDirectory() as home:
        microphone = Path(home, "microphone.wav")
        write_wav(microphone, np.concatenate([silence(0.5), tone(0.5)]))
        async with (
            tone_upstream() as upstream,
            relay_process("--upstream", upstream.url) as (_, address),
            async_playwright() as playwright,
        ):
            browser = await launch(playwright, *hearing(microphone))
            page = await (await browser.new_context(permissions=["microphone"], bypass_csp=True)).new_page()
            await page.route("**/bench/*.js", serve_probe)
            await page.goto(address)
            await page.click("#start")
            await state(page, "listening")
            await page.evaluate(f"async () => (await {PROBE}).attach()")
            yield page, upstream
            await browser.close()


async def serve_probe(route: Route) -> None:
    name = route.request.url.rsplit("/", 1)[1]
    await route.fulfill(path=_HERE / name, content_type="text/javascript")


async def _ask(page: Page, upstream: ToneUpstream, answer: Answer, times: int) -> None:
    upstream.next_answer = answer
    for _ in range(times):
        await page.evaluate(f"async () => (await {PROBE}).ask()")
        await state(page, "speaking")
        await state(page, "listening")
        await page.wait_for_timeout(200)


async def _hear_long(page: Page, upstream: ToneUpstream) -> Samples:
    upstream.next_answer = LONG
    await page.evaluate(f"async () => {{ const probe = await {PROBE}; probe.record(true); probe.ask(); }}")
    await state(page, "speaking")
    await page.wait_for_timeout(LONG.seconds * 1000)
    await state(page, "listening")
    recording = await page.evaluate(f"async () => (await {PROBE}).recorded()")
    return np.frombuffer(base64.b64decode(recording), np.int16)


async def _seen(page: Page) -> dict[str, list[float]]:
    seen: dict[str, list[float]] = await page.evaluate(f"async () => (await {PROBE}).seen")
    return seen


async def _speaker(page: Page) -> dict[str, Any]:
    stats: dict[str, Any] = await page.evaluate("async () => (await import('/web/main.js')).voice.speaker.stats()")
    return stats


def latencies(begins: list[float], ends: list[float]) -> list[float]:
    """From each begin to the first end that is not before it, but for those that have none within a second."""
    pairs = ((begin, next((end for end in ends if end >= begin), None)) for begin in begins)
    return [end - begin for begin, end in pairs if end is not None and end - begin < 1000]
