"""A ticket in a real browser."""

import pytest
from playwright.async_api import expect

from relay.stand_ins.mock import serve_mock
from tests.documents.test_admission import TOKEN, mint_as_shown
from tests.fakes.browser import silence, state
from tests.fakes.documents import example
from tests.fakes.running import running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_page_connects_with_a_ticket(open_page) -> None:
    """The lines that docs/admission.md shows open a session in a browser, on a relay that asks for a credential."""
    async with serve_mock() as mock, running(mock.url, tokens=TOKEN) as relay:
        page = await open_page(silence(0.1))
        await page.goto(relay.http)
        connect = example("admission.md", "connect", relay.port)
        first = "new Promise((told) => { console.log = told; })"
        kind = await page.evaluate(
            f"async (ticket) => {{ const first = {first}; {connect} return first; }}",
            await mint_as_shown(relay),
        )
        assert kind == "session.created"


async def test_a_visitor_can_enter_a_ticket(open_page) -> None:
    """A relay that asks who comes is told apart; with a ticket in its settings the page opens, and does not keep it."""
    async with serve_mock() as mock, running(mock.url, tokens=TOKEN) as relay:
        page = await open_page(silence(1))
        await page.goto(relay.http)
        await page.click("#start")
        await state(page, "error")
        await expect(page.locator("#problem")).to_contain_text("This relay asks who you are.")
        await page.click("#settings-button")
        await page.fill("#ticket", await mint_as_shown(relay))
        await page.click("#settings-close")
        await page.click("#start")
        await state(page, "listening")
        await page.reload()
        await expect(page.locator("#ticket")).to_have_value("")
