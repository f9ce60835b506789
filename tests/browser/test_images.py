"""Images in a real browser: each way in, and what goes up."""

import base64

import pytest
from playwright.async_api import Page, expect

from relay.stand_ins.mock import serve_mock
from tests.fakes.browser import silence, until
from tests.fakes.running import running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
PASTE = """
async (dot) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(dot), (it) => it.charCodeAt(0))], 'dot.png', { type: 'image/png' }));
  document.getElementById('message').dispatchEvent(
    new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
}
"""


# A screen for a browser that has none: a canvas that is drawn upon.
SCREEN = """
navigator.mediaDevices.getDisplayMedia = async () => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
  const context = canvas.getContext('2d');
  setInterval(() => context.fillRect(0, 0, Math.random() * 640, 480), 20);
  return canvas.captureStream();
};
"""


async def choose(page: Page, source: str) -> None:
    await page.click("#attach")
    await page.click(f'[data-source="{source}"]')


async def attached(page: Page, count: int) -> None:
    await expect(page.locator(".attachment")).to_have_count(count)


async def test_images_come_from_everywhere(open_page) -> None:
    """A file, the clipboard, the camera and the screen each give an image that goes up with the message."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(silence(1))
        await page.context.grant_permissions(["microphone", "camera"])
        await page.add_init_script(SCREEN)
        await page.goto(relay.http)
        async with page.expect_file_chooser() as chooser:
            await choose(page, "file")
        await (await chooser.value).set_files({"name": "dot.png", "mimeType": "image/png", "buffer": DOT})
        await attached(page, 1)
        await page.evaluate(PASTE, base64.b64encode(DOT).decode())
        await attached(page, 2)
        await choose(page, "camera")
        await expect(page.locator("#camera")).to_be_visible()
        await until(page, "document.getElementById('camera-video').videoWidth > 0")
        await page.click("#camera-take")
        await attached(page, 3)
        await choose(page, "screen")
        await attached(page, 4)
        await page.fill("#message", "What is this?")
        await page.press("#message", "Enter")
        turn = page.locator('[data-role="user"]')
        await expect(turn).to_contain_text("What is this?")
        await expect(turn.locator("img")).to_have_count(4)
        await expect(page.locator('[data-role="assistant"]')).to_have_count(1)
        await attached(page, 0)
        sizes = await turn.locator("img").evaluate_all("(all) => all.map((it) => it.naturalWidth)")
        assert sizes[:2] == [1, 1]
        assert min(sizes[2:]) > 100


async def test_what_is_no_image_is_said_to_be_none(open_page) -> None:
    """A file that no browser can show is not attached, and named; an image can be taken off again."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(None)
        await page.goto(relay.http)
        await page.set_input_files("#attach-file", {"name": "notes.png", "mimeType": "image/png", "buffer": b"no"})
        await expect(page.locator("#notice")).to_have_text("notes.png is not an image that the browser can read.")
        await attached(page, 0)
        await page.set_input_files("#attach-file", {"name": "dot.png", "mimeType": "image/png", "buffer": DOT})
        await attached(page, 1)
        await page.click(".attachment-remove")
        await attached(page, 0)
