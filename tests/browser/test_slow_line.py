"""A line that takes in less than is said."""

import pytest
from playwright.async_api import expect

from relay.stand_ins.mock import serve_mock
from tests.fakes.browser import AXE, fits, state, tone, until
from tests.fakes.running import running
from tests.fakes.tcp_proxy import tcp_proxy

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

VOICE = "(await import('/web/main.js')).voice"
FORMAT = f"{VOICE}.client.session.audio.input.format.type"
CAUGHT_UP = f"{VOICE}.stats().microphone.roundTripMs < 1000 && !{VOICE}.networkSlow"
BYTES_PER_S = 20_000


async def test_a_line_of_20_kb_a_second_is_told_and_keeps_up(open_page) -> None:
    """PCM16 takes 48 kB/s: the page says that the network is slow, goes on as a telephone does, and catches up."""
    quiet = tone(1, 440.0, peak=40)  # which is no speech: one turn would end, and be answered, after another
    async with serve_mock() as mock, running(mock.url) as relay, tcp_proxy(relay.port) as way:
        page = await open_page(quiet, viewport={"width": 320, "height": 640})
        await page.goto(way.http)
        await page.evaluate(AXE.read_text())
        await page.click("#start")
        await state(page, "listening")
        way.up_bytes_per_s = BYTES_PER_S
        await expect(page.locator("#state")).to_have_text("Listening · the network is slow")
        await until(page, f"{FORMAT} === 'audio/pcmu'")
        await expect(page.locator("#notice-words")).to_contain_text("as on a telephone")
        await fits(page)
        await until(page, CAUGHT_UP)
        await expect(page.locator("#state")).to_have_text("Listening")
        assert (await page.evaluate(f"(async () => {VOICE}.stats().microphone.lostMs)()")) == 0
        assert len(mock.sessions) == 1
        assert relay.ended_by("draining") == 0
