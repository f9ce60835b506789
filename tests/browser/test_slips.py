"""What happens by a slip, or comes too large, in a real browser: nothing is lost by it."""

import base64

import pytest
from playwright.async_api import Page, expect

from tests.browser.test_images import DOT
from tests.fakes.browser import silence, state
from tests.fakes.running import running
from tests.fakes.stage import Stage, stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# A picture that is let go over the conversation; what the browser does with it is left to the page.
DROP = """
(base64) => {
  const bytes = Uint8Array.from(atob(base64), (it) => it.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], 'dot.png', { type: 'image/png' }));
  const drop = new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });
  return !document.getElementById('scroller').dispatchEvent(drop);
}
"""


async def said(far_end: Stage, number: int, words: str) -> None:
    content = [{"type": "input_text", "text": words}]
    item = {"id": f"u{number}", "type": "message", "role": "user", "content": content}
    await far_end.send("conversation.item.added", item=item)


async def begun(page: Page) -> None:
    await page.click("#start")
    await state(page, "listening")


async def test_a_slip_is_taken_back(open_page) -> None:
    """A picture beside the box is attached, Clear can be undone, and an address that is none is not kept."""
    async with stage() as far_end, running(far_end.url) as relay:
        page = await open_page(silence(1))
        await page.goto(f"{relay.http}/?profile=guide&model=gpt-realtime-2.1")
        await page.click("#settings-button")
        assert await page.input_value("#profile") == "guide"
        await page.fill("#profile", "")
        await page.press("#profile", "Tab")
        await page.fill("#relay-url", "relay.example")
        await page.press("#relay-url", "Tab")
        await expect(page.locator("#relay-url-problem")).to_contain_text("begins with wss:// or ws://")
        await page.fill("#relay-url", "")
        await page.press("#relay-url", "Tab")
        await expect(page.locator("#relay-url-problem")).to_be_empty()
        await page.click("#settings-close")
        assert await page.evaluate(DROP, base64.b64encode(DOT).decode())
        await expect(page.locator(".attachment")).to_have_count(1)
        await begun(page)
        await said(far_end, 0, "Remember this.")
        await expect(page.locator(".turn")).to_have_count(1)
        await page.click("#transcript-clear")
        await expect(page.locator(".turn")).to_have_count(0)
        await page.click("#undo")
        await expect(page.locator('[data-role="user"]')).to_contain_text("Remember this.")
        await expect(page.locator("#notice")).to_be_hidden()


async def test_a_long_conversation_can_be_read_and_a_long_word_holds_nothing_up(open_page) -> None:
    """Turns that are not shown are counted and can be had; of a word of 5 MB as much is shown as can be read."""
    async with stage() as far_end, running(far_end.url, max_message_bytes=1 << 24) as relay:
        page = await open_page(silence(1))
        await page.goto(relay.http)
        await begun(page)
        for number in range(250):
            await said(far_end, number, f"Turn {number}")
        await expect(page.locator(".turn")).to_have_count(200)
        await page.get_by_text("Show 50 of 50 earlier turns").click()
        await expect(page.locator(".turn")).to_have_count(250)
        await expect(page.locator("#earlier")).to_be_hidden()
        await said(far_end, 250, "x" * 5_000_000)
        longest = page.locator('[data-item="u250"] .turn-text')
        await expect(longest).to_contain_text("4980000 more characters")
        assert len(await longest.inner_text()) < 21_000
