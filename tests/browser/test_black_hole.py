"""A network that swallows everything, and tells nobody."""

import pytest
from playwright.async_api import expect

from relay.stand_ins.mock import serve_mock
from tests.fakes.browser import AXE, fits, silence, state, until
from tests.fakes.running import running
from tests.fakes.tcp_proxy import tcp_proxy

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STATS = "import('/web/main.js').then(({ voice }) => voice.stats().microphone)"


async def test_a_network_that_is_away_is_told_and_no_sound_is_lost(open_page) -> None:
    """The page says that the network is slow by itself, and after the session is lost says its sound again."""
    async with (
        serve_mock() as mock,
        running(mock.url, profiles={"default": {"grace_s": 0}}) as relay,
        tcp_proxy(relay.port) as way,
    ):
        page = await open_page(silence(1), viewport={"width": 320, "height": 640})
        await page.goto(way.http)
        await page.evaluate(AXE.read_text())
        await page.click("#start")
        await state(page, "listening")
        await until(page, f"(await {STATS}).roundTripMs !== null")
        way.open_road.clear()
        await expect(page.locator("#state")).to_have_text("Listening · the network is slow")
        await fits(page)
        way.cut()
        await state(page, "reconnecting")
        await expect(page.locator("#state")).to_have_text("Listening")
        microphone = await page.evaluate(STATS)
        assert microphone["lostMs"] == 0
        assert microphone["saidAgainMs"] >= 2000
