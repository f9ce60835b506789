"""Conversations that a relay keeps, taken up again and deleted by who had them."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from relay.stand_ins.mock import MockServer, serve_mock
from tests.fakes.browser import AXE, fits, silence, state, until
from tests.fakes.running import running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

KEPT = {"default": {"history": True}}


async def say(page: Page, text: str, answers: int) -> None:
    """Write something, and wait until so many answers are whole."""
    await page.fill("#message", text)
    await page.press("#message", "Enter")
    turns = "(await import('/web/main.js')).voice.conversation.turns"
    whole = f"{turns}.filter(({{ role, final }}) => role === 'assistant' && final)"
    await until(page, f"{whole}.length === {answers}")


def words(mock: MockServer) -> list[str]:
    """What the user said in the latest session, as the upstream has it."""
    return [item.fields["content"][0]["text"] for item in mock.sessions[-1].conversation if item.role == "user"]


async def test_yesterdays_conversation_goes_on(open_page, tmp_path: Path) -> None:
    """Where a relay keeps conversations the page lists them, goes on with one that the model knows, and deletes it."""
    store = {"store": f"sqlite:{tmp_path}/history.db"}
    async with serve_mock() as mock, running(mock.url, profiles=KEPT, history=store) as relay:
        page = await open_page(silence(1))
        await page.goto(relay.http)
        await expect(page.locator("#kept")).to_be_hidden()
        await say(page, "My name is Ada.", 1)
        await page.click("#start")
        await relay.sessions.empty()

        await page.reload()
        await expect(page.locator("#kept li")).to_have_count(1)
        await expect(page.locator("#kept .kept-words")).to_have_text("My name is Ada.")
        await page.evaluate(AXE.read_text())
        await page.set_viewport_size({"width": 320, "height": 640})
        await fits(page)
        await page.click("#kept li >> text=Continue")
        await expect(page.locator("#transcript")).to_contain_text("My name is Ada.")
        await expect(page.locator("#kept")).to_be_hidden()
        await state(page, "listening")
        assert words(mock) == ["My name is Ada."]
        await page.click("#start")
        await relay.sessions.empty()

        await page.click("#start")  # the same conversation goes on, and is handed on once
        await say(page, "What is my name?", 2)
        assert words(mock) == ["My name is Ada.", "What is my name?"]
        await page.click("#start")
        await relay.sessions.empty()

        await page.reload()
        await page.click("#kept li >> text=Delete")
        await expect(page.locator("#kept li")).to_have_count(1)
        await page.click("#kept li >> text=Delete for good")
        await expect(page.locator("#kept")).to_be_hidden()
        await expect(page.locator("#notice-words")).to_have_text("The conversation was deleted.")
        async with page.expect_response("**/v1/conversations**"):
            await page.reload()
        await expect(page.locator("#kept")).to_be_hidden()
