"""How soon the page answers to a press, as the wheel has it, over networks that Chromium makes slow."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, CDPSession, Page, async_playwright

from tests.fakes.browser import hearing, launch, silence, state, until, write_wav
from tests.fakes.packaged import packaged_relay

TIMES = 5
READY = "performance.getEntriesByName('ready')[0]?.startTime"
# The module takes the popover away as the last thing that it does; from then on a press is answered.
WATCH = """
  new MutationObserver((_, observer) => {
    if (document.querySelector('#start') === null || document.querySelector('#early') !== null) return;
    if (document.readyState === 'loading') return;
    performance.mark('ready');
    observer.disconnect();
  }).observe(document, { childList: true, subtree: true });
"""


@dataclass(frozen=True, slots=True)
class Network:
    """A network of a phone, with what may be spent on it.

    Attributes:
        round_trip_ms: before the first byte of each answer.
        bits_per_s: down and up.
        first_ms: the goal of a first visit.
        again_ms: the goal of a reload.
    """

    name: str
    round_trip_ms: int
    bits_per_s: int
    first_ms: int
    again_ms: int


NETWORKS = (
    Network("4G, 170 ms, 9 Mbit/s", 170, 9_000_000, 1500, 700),
    Network("slow 3G, 400 ms, 400 kbit/s", 400, 400_000, 2500, 1000),
)


async def measure_opening(tell: Callable[[str], None]) -> Mapping[str, Mapping[str, list[float]]]:
    """Open the page and load it again, some times on each network.

    Returns:
        For each network the milliseconds from the visit's begin until a press is answered: `first` with nothing kept,
        `again` for a reload, and `listening` for a call that is pressed for before the page is there.
    """
    found = {}
    with tempfile.TemporaryDirectory() as home:
        microphone = Path(home, "silence.wav")
        write_wav(microphone, silence(1))
        async with (
            packaged_relay(Path(home), "--upstream", "mock") as address,
            async_playwright() as playwright,
        ):
            browser = await launch(playwright, *hearing(microphone))
            for network in NETWORKS:
                tell(f"is opened {TIMES} times over {network.name}")
                visits = [await _visit(browser, address, network) for _ in range(TIMES)]
                found[network.name] = {
                    kind: list(times)
                    for kind, times in zip(("first", "again", "listening"), zip(*visits, strict=True), strict=True)
                }
            await browser.close()
    return found


async def _visit(browser: Browser, address: str, network: Network) -> tuple[float, float, float]:
    context = await browser.new_context(permissions=["microphone"])
    page = await context.new_page()
    await page.add_init_script(WATCH)
    await _slow(await context.new_cdp_session(page), network)
    await page.goto(address, wait_until="commit")
    first = await _ready(page)
    await page.reload(wait_until="commit")
    again = await _ready(page)
    await context.close()
    return first, again, await _call(browser, address, network)


async def _call(browser: Browser, address: str, network: Network) -> float:
    context = await browser.new_context(permissions=["microphone"])
    page = await context.new_page()
    await _slow(await context.new_cdp_session(page), network)
    await page.goto(address, wait_until="commit")
    await page.click("#start")
    await state(page, "listening")
    taken: float = await page.evaluate("performance.now()")
    await context.close()
    return taken


async def _slow(session: CDPSession, network: Network) -> None:
    await session.send("Network.enable")
    throughput = network.bits_per_s / 8
    conditions = {"offline": False, "latency": network.round_trip_ms}
    await session.send(
        "Network.emulateNetworkConditions",
        {**conditions, "downloadThroughput": throughput, "uploadThroughput": throughput},
    )


async def _ready(page: Page) -> float:
    await until(page, READY)
    taken: float = await page.evaluate(READY)
    return taken
