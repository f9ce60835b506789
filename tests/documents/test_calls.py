"""What docs/calls.md shows is run as it stands there."""

import pytest

from relay.stand_ins.mock import serve_mock
from tests.fakes.clients import PAGE, blank_page
from tests.fakes.documents import example, examples
from tests.fakes.running import running


def test_every_example_is_run() -> None:
    """No example stands in the document that no test runs, and it is short."""
    assert set(examples("calls.md")) == {"browser-call"}
    assert len(example("calls.md", "browser-call", 1).strip().splitlines()) <= 10


@pytest.mark.browser
async def test_a_page_calls() -> None:
    """Chromium takes the answer to its offer, and the page learns where its call is."""
    async with serve_mock() as mock, running(mock.url, allowed_origins=PAGE) as relay, blank_page() as page:
        await page.evaluate("window.ticket = 'ek_unused'")
        async with page.expect_console_message() as logged:
            await page.add_script_tag(content=example("calls.md", "browser-call", relay.port), type="module")
        assert (await logged.value).text.startswith("201 /v1/realtime/calls/rtc_")
        [made] = mock.calls
        assert "m=application" in made.offer
