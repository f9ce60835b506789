"""What the page records, read by the relay."""

import asyncio
import wave

import pytest
from playwright.async_api import Page, expect

from relay.recording import End, Message, read_recording
from relay.stand_ins.mock import serve_mock
from tests.fakes.browser import state
from tests.fakes.process import relay_process
from tests.fakes.running import running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PLAY_AGAIN = """
() => {
  const button = document.querySelector('.turn[data-role=assistant] .turn-again');
  button.click();
  return button.getAttribute('aria-pressed');
}
"""


async def talk(page: Page, address: str) -> str:
    """Ask one question in writing, without a microphone; returns the answer's words."""
    await page.goto(address)
    await page.click("#drawer-button")
    await page.click("#tab-voice")
    await page.check("#record")
    await page.fill("#message", "Hello.")
    await page.press("#message", "Enter")
    await state(page, "speaking")
    await state(page, "muted")  # it has no microphone
    await page.click("#start")
    await state(page, "idle")
    return await page.locator(".turn[data-role=assistant] .turn-text").inner_text()


async def test_a_recording_of_the_page_can_be_inspected_and_replayed(open_page, tmp_path) -> None:
    """What the page wrote down is a recording of the relay's: it is read, and another visitor is answered by it."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(None, accept_downloads=True)
        words = await talk(page, relay.http)
        files = []
        for button in ("#record-session", "#record-wav"):
            async with page.expect_download() as download:
                await page.click(button)
            files.append(tmp_path / (await download.value).suggested_filename)
            await (await download.value).save_as(files[-1])
        assert await page.evaluate(PLAY_AGAIN) == "true"
        await expect(page.locator(".turn-again[aria-pressed=false]")).to_have_count(1)
        await page.close()
    lines = await asyncio.to_thread(lambda: list(read_recording(files[0]).messages()))
    assert isinstance(lines[-1], End)
    assert sum(isinstance(line, Message) for line in lines) > 10
    with wave.open(str(files[1])) as voices:
        assert (voices.getnchannels(), voices.getframerate()) == (2, 24_000)
        assert voices.getnframes() > 24_000
    async with relay_process("--upstream", f"replay:{files[0]}?drift=log") as (_, address):
        page = await open_page(None)
        assert await talk(page, address) == words
