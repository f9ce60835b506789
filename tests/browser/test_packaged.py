"""The page as the wheel has it: few files, and nothing pressed in vain."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.fakes.browser import silence, state
from tests.fakes.packaged import packaged_relay

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_press_before_the_page_is_there_is_remembered(open_page, tmp_path) -> None:
    """Start may be pressed while the script is still on its way: that is said, and the call begins; seven files do."""
    async with packaged_relay(tmp_path, "--upstream", "mock") as address:
        page = await open_page(silence(1))
        pressed = asyncio.Event()
        asked: list[str] = []

        async def later(route: Route) -> None:
            await pressed.wait()
            await route.continue_()

        page.on("request", lambda request: asked.append(request.url.removeprefix(address)))
        await page.route("**/web/main.*.js", later)
        await page.goto(address, wait_until="commit")
        await page.click("#start")
        await expect(page.locator("#early")).to_be_visible()
        pressed.set()
        await state(page, "listening")
        await expect(page.locator("#early")).to_have_count(0)
        assert len(set(asked)) <= 7, asked
        assert await page.evaluate("async () => (await import('/web/main.js')).voice.phase") == "listening"
