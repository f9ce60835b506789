"""The voice page over a call, in Chromium: echo, tone, interruption, and what losses leave of it."""

import base64
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import Page, async_playwright

from bench.voice_page.sound import breaks, frequency, loudest
from bench.voice_page.upstream import Answer, listening
from bench.voice_page.visit import PROBE, latencies, serve_probe
from bench.webrtc.upstream import EchoUpstream
from tests.fakes.browser import RATE, Samples, hearing, launch, silence, state, tone, write_wav
from tests.fakes.lossy_network import LossyNetwork
from tests.fakes.process import relay_process

LOSSES = (0.02, 0.05)
CUT_OFF = Answer(seconds=20, interrupted_after_s=0.8)

_AS_IT_IS = """async () => {
  const { voice } = await import('/web/main.js');
  voice.microphone.processing = { noiseSuppression: false, autoGainControl: false, echoCancellation: false };
}"""


@dataclass(frozen=True, slots=True)
class Length:
    """How much is tried: echoes and tone in seconds, interruptions by number."""

    echo_s: float = 60.0
    tone_s: float = 60.0
    cuts: int = 20


@dataclass(frozen=True, slots=True)
class Visit:
    """A page in a call, the network to it, and what stands behind the relay."""

    page: Page
    network: LossyNetwork
    upstream: EchoUpstream

    async def ask(self, answer: Answer) -> None:
        self.upstream.next_answer = answer
        await self.page.evaluate(f"async () => (await {PROBE}).ask()")

    async def seen(self) -> dict[str, list[float]]:
        """When sound passed the ends of the page, in milliseconds of the wall clock."""
        seen: dict[str, list[float]] = await self.page.evaluate(f"async () => (await {PROBE}).seen")
        return seen

    async def record(self, on: bool) -> None:
        await self.page.evaluate(f"async (on) => (await {PROBE}).record(on)", on)

    async def recorded(self) -> Samples:
        recording = await self.page.evaluate(f"async () => (await {PROBE}).recorded()")
        return np.frombuffer(base64.b64decode(recording), np.int16)


async def measure(tell: Callable[[str], None], length: Length) -> dict[str, Any]:
    """Echo, interruptions and a long tone on a network that loses nothing, then the tone again on those that do."""
    pulses = np.concatenate([silence(0.5), tone(0.5)])
    async with visiting(pulses) as visit:
        found = await _echo(visit, tell, length) | await _cut(visit, tell, length)
    found["tone"] = {}
    for share in (0.0, *LOSSES):
        async with visiting(tone(10)) as visit:
            tell(f"hears and says a tone for {length.tone_s:.0f} s while {share:.0%} of the packets are lost")
            found["tone"][f"{share:.0%}"] = await _tone(visit, length, share)
    return found


async def _echo(visit: Visit, tell: Callable[[str], None], length: Length) -> dict[str, Any]:
    tell(f"hears itself for {length.echo_s:.0f} s")
    visit.upstream.echoes = True
    await visit.page.wait_for_timeout(1000 * length.echo_s)
    seen = await visit.seen()
    visit.upstream.echoes = False
    await state(visit.page, "listening")
    return {"echo_ms": latencies(seen["captured"], seen["played"])}


async def _cut(visit: Visit, tell: Callable[[str], None], length: Length) -> dict[str, Any]:
    tell(f"interrupts {length.cuts} times")
    silenced_ms: list[float] = []
    off_ms: list[float] = []
    for _ in range(length.cuts):
        before, cuts = await visit.seen(), len(visit.upstream.cut_ms)
        await visit.ask(CUT_OFF)
        await state(visit.page, "speaking")
        await state(visit.page, "listening")
        await visit.page.wait_for_timeout(500)
        seen = await visit.seen()
        last = {name: times[len(before[name]) :] for name, times in seen.items()}
        silenced_ms += latencies(last["interrupted"], last["silenced"])
        if len(visit.upstream.cut_ms) > cuts and last["played"] and last["silenced"]:
            off_ms.append(visit.upstream.cut_ms[cuts] - (last["silenced"][-1] - last["played"][0]))
    return {"silence_ms": silenced_ms, "cut_off_ms": off_ms}


async def _tone(visit: Visit, length: Length, share: float) -> dict[str, Any]:
    """A tone each way at the same time."""
    await visit.ask(Answer(length.tone_s + 2, burst_s=length.tone_s + 2))
    await state(visit.page, "speaking")
    await visit.page.wait_for_timeout(1000)  # the browser's jitter buffer has filled
    visit.network.share = share
    visit.network.lost = visit.network.passed = 0
    heard_from = len(visit.upstream.heard)
    await visit.record(True)
    await visit.page.wait_for_timeout(1000 * length.tone_s)
    await visit.record(False)
    heard = np.frombuffer(bytes(visit.upstream.heard[heard_from:]), np.int16)
    played = await visit.recorded()
    packets = visit.network.lost + visit.network.passed
    return {
        "lost": visit.network.lost / packets if packets else 0.0,
        "missing_up": missing(heard),
        "missing_down": missing(played),
        "up_hz": frequency(loudest(heard, length.tone_s / 2)),
        "down_hz": frequency(loudest(played, length.tone_s / 2)),
        "jumps": jumps(played),
    }


def missing(samples: Samples, slice_s: float = 0.02) -> float:
    """Which share of a tone's slices is not there: they have less than a tenth of the energy that most have."""
    count = max(1, int(len(samples) / (slice_s * RATE)))
    energies = np.array([float((each.astype(float) ** 2).mean()) for each in np.array_split(samples, count)])
    return float((energies < 0.1 * np.median(energies)).mean())


def jumps(samples: Samples) -> int:
    """How often a tone of 1 kHz breaks off or leaps: places further than 20 ms from each other."""
    places = breaks(samples, 1000)
    return int(len(places) > 0) + int((np.diff(places) > RATE // 50).sum())


@asynccontextmanager
async def visiting(heard: Samples) -> AsyncIterator[Visit]:
    """A page in a call whose microphone hears this over and over, with the probe inside."""
    network, upstream = LossyNetwork(), EchoUpstream()

    with tempfile.TemporaryDirectory() as home:
        microphone = Path(home, "microphone.wav")
        write_wav(microphone, heard)
        async with (
            listening(upstream),
            relay_process("--upstream", upstream.url, RELAY_WEBRTC__CALLS="relay") as (_, address),
            async_playwright() as playwright,
        ):
            browser = await launch(playwright, *hearing(microphone))
            page = await (await browser.new_context(permissions=["microphone"], bypass_csp=True)).new_page()
            await page.route("**/bench/*.js", serve_probe)
            await page.route("**/v1/realtime/calls*", network.carry)
            await page.goto(address)
            await page.evaluate(_AS_IT_IS)
            await page.click("#settings-button")
            await page.select_option("#transport", "webrtc")
            await page.click("#settings-close")
            await page.click("#start")
            await state(page, "listening")
            await page.evaluate(f"async () => (await {PROBE}).attach()")
            yield Visit(page, network, upstream)
            await browser.close()
            network.close()
