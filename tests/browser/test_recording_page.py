"""The page of a recording in a real browser."""

import pytest
from playwright.async_api import expect

from relay.core.prices import Prices
from relay.recording import read_recording
from relay.recording.inspection import inspect_recording
from relay.recording.inspection.page import write_page
from tests.browser.test_accessibility import DESKTOP, PHONE
from tests.fakes.browser import AXE, TOO_WIDE, VIOLATIONS
from tests.recording.inspection.test_reading import TRANSCRIPTS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["barge-in", "rate-limit"])
async def test_a_recording_can_be_seen(open_page, tmp_path, name, scheme, size) -> None:
    """The page opens from the disk, asks for nothing, fits a phone, and axe finds nothing to mend."""
    recording = read_recording(TRANSCRIPTS / f"{name}.jsonl")
    write_page(recording, inspect_recording(recording, Prices({})), tmp_path / "page.html")
    page = await open_page(None, color_scheme=scheme, viewport=size, bypass_csp=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    address = (tmp_path / "page.html").as_uri()
    await page.goto(address)
    await page.evaluate(AXE.read_text())
    assert await page.evaluate(VIOLATIONS) == []
    assert not await page.evaluate(TOO_WIDE)
    assert [url for url in asked if not url.startswith("data:")] == [address]


async def test_a_turn_leads_to_its_words(open_page, tmp_path) -> None:
    """A click on a turn in the timeline shows its entry in the transcript, and its time leads back."""
    recording = read_recording(TRANSCRIPTS / "plain-turn.jsonl")
    write_page(recording, inspect_recording(recording, Prices({})), tmp_path / "page.html")
    page = await open_page(None, viewport={"width": 900, "height": 300})
    await page.goto((tmp_path / "page.html").as_uri())
    await page.click("#at-2")
    await expect(page.locator("#turn-2")).to_be_in_viewport()
    await expect(page.locator("#turn-2")).to_contain_text("[your 1.6 s of speech]")
    await page.click("#turn-2 a")
    await expect(page.locator("#at-2")).to_be_in_viewport()
