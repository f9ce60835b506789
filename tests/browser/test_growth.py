"""A long conversation in a real browser."""

import pytest

from bench.voice_page.growth import growth
from tests.fakes.browser import silence, state
from tests.fakes.running import running
from tests.fakes.stage import stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


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
        assert after.bytes < before.bytes + 1_000_000
        assert after.nodes < before.nodes + 100
        assert after.listeners == before.listeners
        await page.click("#drawer-button")
        assert await page.locator(".event").count() == 400
        await page.close()
