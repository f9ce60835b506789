"""A ticket in a real browser."""

import pytest

from relay.upstreams.mock import serve_mock
from tests.admission.test_document import TOKEN, example, mint_as_shown
from tests.fakes.browser import silence
from tests.fakes.running import running

pytestmark = pytest.mark.browser


async def test_a_page_connects_with_a_ticket(open_page) -> None:
    """The lines that docs/admission.md shows open a session in a browser, on a relay that asks for a credential."""
    async with serve_mock() as mock, running(mock.url, tokens=TOKEN) as relay:
        page = await open_page(silence(0.1))
        await page.goto(relay.http)
        first = "new Promise((told) => { console.log = told; })"
        kind = await page.evaluate(
            f"async (ticket) => {{ const first = {first}; {example('connect', relay)} return first; }}",
            await mint_as_shown(relay),
        )
        assert kind == "session.created"
