"""Microphone and speaker in a real browser: chosen, lost, held back, and looked at."""

import numpy as np
import pytest
from playwright.async_api import Page, expect

from relay.stand_ins.mock import serve_mock
from tests.fakes.browser import clip, silence, state, until
from tests.fakes.running import running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

VOICE = "(await import('/web/main.js')).voice"
# The tracks that the page got, so that a test can end them as an unplugged device does; and wake locks, which a browser
# without a screen does not give.
WATCH = """
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
window.tracks = [];
navigator.mediaDevices.getUserMedia = async (asked) => {
  const stream = await open(asked);
  window.tracks.push(...stream.getTracks());
  return stream;
};
window.locks = [];
navigator.wakeLock.request = async () => {
  const lock = { released: false, release: async () => (lock.released = true) };
  window.locks.push(lock);
  return lock;
};
"""


async def start(page: Page, address: str) -> None:
    await page.add_init_script(WATCH)
    await page.goto(address)
    await page.click("#start")
    await state(page, "listening")


async def test_devices_can_be_chosen(open_page) -> None:
    """Microphone and speaker are listed by name once the microphone is allowed; the choice is used and kept."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(silence(1))
        await start(page, relay.http)
        await page.click("#settings-button")
        for kind in ("microphone", "speaker"):
            options = page.locator(f"#{kind} option")
            await expect(options.nth(1)).not_to_be_empty()
            await page.select_option(f"#{kind}", index=1)
        await until(page, "window.tracks.length === 2")
        chosen = await page.input_value("#microphone")
        assert await page.evaluate("window.tracks[1].getSettings().deviceId") == chosen
        assert await page.evaluate("window.tracks[0].readyState") == "ended"
        await page.reload()
        await page.click("#start")
        await state(page, "listening")
        await expect(page.locator("#microphone")).to_have_value(chosen)
        await page.close()


async def test_a_microphone_that_goes_away_is_replaced(open_page) -> None:
    """When the device is unplugged another is opened, the visitor is told, and chunks go on."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(silence(1))
        await start(page, relay.http)
        await page.evaluate("() => { tracks[0].stop(); tracks[0].dispatchEvent(new Event('ended')); }")
        await expect(page.locator("#notice")).to_contain_text("The microphone went away.")
        await until(page, "window.tracks.length === 2")
        counted = f"{VOICE}.stats().microphone.capturedChunks"
        before = await page.evaluate(f"async () => {counted}")
        await until(page, f"{counted} > {before}")
        await state(page, "listening")
        await page.close()


async def test_sound_that_is_held_back_comes_back(open_page) -> None:
    """An audio context that the browser suspended runs again, at the latest when the page is touched."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(silence(1))
        await start(page, relay.http)
        await page.evaluate(f"async () => {VOICE}.speaker.output.context.suspend()")
        await page.click("#volume")
        await until(page, f"{VOICE}.speaker.output.context.state === 'running'")
        await expect(page.locator("#state")).to_have_text("Listening")
        await page.close()


async def test_the_screen_stays_on_in_a_session(open_page) -> None:
    """A wake lock is held from start to stop."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(silence(1))
        await start(page, relay.http)
        await until(page, "window.locks.length === 1 && !window.locks[0].released")
        await page.click("#start")
        await until(page, "window.locks[0].released")


async def test_the_volume_is_set_and_kept(open_page) -> None:
    """The slider turns the sound down, in steps as ears hear them, and is where it was after a reload."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(silence(1))
        await start(page, relay.http)
        await page.fill("#volume", "50")
        await until(page, f"Math.abs({VOICE}.speaker.output.gain.value - 0.25) < 0.01")
        await page.reload()
        await expect(page.locator("#volume")).to_have_value("50")


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
async def test_levels_are_seen(open_page, motion: str) -> None:
    """Speech moves the meter and the waveform; with less motion asked for, the waveform changes four times a second."""
    drawn = "() => { const it = document.getElementById('waveform'); return it.toDataURL(); }"
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(np.concatenate([clip("story")]), reduced_motion=motion)
        await start(page, relay.http)
        level = "getComputedStyle(document.getElementById('start')).getPropertyValue('--level')"
        await until(page, f"Number({level}) > 0.3")
        changes = await page.evaluate(
            f"""async () => {{
              const pictures = new Set();
              for (const end = performance.now() + 1000; performance.now() < end || pictures.size < 2;) {{
                pictures.add(({drawn})());
                await new Promise(requestAnimationFrame);
              }}
              return pictures.size;
            }}"""
        )
        if motion == "reduce":
            assert changes <= 6
        await page.close()
