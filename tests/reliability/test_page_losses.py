"""The voice page, whose session is lost in the middle of its answers."""

import pytest
from playwright.async_api import async_playwright

from relay.stand_ins.mock import serve_mock
from tests.browser.losses import lose_answers
from tests.fakes.browser import launch
from tests.fakes.running import running
from tests.fakes.tcp_proxy import tcp_proxy
from tests.reliability.conftest import Report

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(1200)]

TIMES = 100


async def test_every_second_that_had_come_is_heard(report: Report) -> None:
    """A hundred losses at random points of answers: what had come of each is heard to its end."""
    async with (
        serve_mock() as mock,
        running(mock.url, profiles={"default": {"grace_s": 0}}) as relay,
        tcp_proxy(relay.port) as way,
        async_playwright() as playwright,
    ):
        browser = await launch(playwright)
        page = await browser.new_page()
        await page.goto(way.http)
        came_ms, missed = await lose_answers(page, way, TIMES, seed=2)
        await browser.close()
    assert missed == []
    promise = f"the page loses {TIMES} sessions in the middle of answers: sound that had come and was not heard"
    report(promise, "0 s", f"0 of {came_ms / 1000:.0f} s")
