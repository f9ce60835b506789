"""A long conversation in a real browser."""

import pytest
from playwright.async_api import expect

from bench.voice_page.growth import growth
from tests.fakes.browser import silence, state
from tests.fakes.running import running
from tests.fakes.stage import stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


AT_END = "(({ scrollTop, scrollHeight, clientHeight }) => scrollHeight - scrollTop - clientHeight < 2)(scroller)"


@pytest.mark.timeout(1800)  # half a minute of nothing but computing
async def test_half_an_hour_leaves_nothing_behind(open_page) -> None:
    """Once the page keeps as many turns and events as it may, half an hour more changes neither heap nor elements."""
    async with stage() as far_end, running(far_end.url) as relay:
        page = await open_page(silence(1), viewport={"width": 320, "height": 240})
        await page.goto(relay.http)
        await page.click("#start")
        await state(page, "listening")
        before, after = await growth(page, far_end)
        assert await page.locator(".turn").count() == 200
        assert await page.evaluate(AT_END), "the newest has gone out of sight"
        assert after.bytes < before.bytes + 1_000_000
        assert after.nodes < before.nodes + 100
        assert after.listeners == before.listeners
        await page.evaluate("void (scroller.scrollTop = 1000)")
        await far_end.hear("Who reads further up stays there?")
        await expect(page.locator(".turn-text").last).to_have_text("Who reads further up stays there?")
        assert not await page.evaluate(AT_END)
        await page.click("#drawer-button")
        assert await page.locator(".event").count() == 400
        await page.close()
