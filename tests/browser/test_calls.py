"""Calls of tools that wait for the visitor, in a real browser."""

import pytest
from playwright.async_api import expect

from tests.fakes.browser import AXE, fits, silence, state
from tests.fakes.running import running
from tests.fakes.stage import stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_server_that_wants_to_do_something_is_seen_and_decided_about(open_page) -> None:
    """What an MCP server asks for stands in its turn with its arguments, and is approved or refused there."""
    async with stage() as far_end, running(far_end.url) as relay:
        page = await open_page(silence(1), viewport={"width": 320, "height": 640})
        await page.goto(relay.http)
        await page.evaluate(AXE.read_text())
        await page.click("#start")
        await state(page, "listening")
        request = {"type": "mcp_approval_request", "server_label": "shop", "name": "order", "arguments": '{"kg": 2}'}
        for number, button in enumerate(("Approve", "Refuse")):
            await far_end.send("conversation.item.added", item={"id": f"mcpr_{number}", **request})
            form = page.locator(".turn-call")
            await expect(form).to_contain_text("shop wants to run order.")
            await expect(page.locator('[data-role="tool"]').nth(number)).to_contain_text('order({"kg": 2})')
            await expect(page.locator("#state")).to_have_text("Waiting for order")
            await fits(page)
            await page.click("#calls-waiting")
            assert await page.evaluate("document.activeElement.closest('.turn-call') !== null")
            await form.get_by_role("button", name=button).click()
            decided = await far_end.item()
            assert decided["approval_request_id"] == f"mcpr_{number}"
            assert decided["approve"] is (button == "Approve")
            await expect(form).to_have_count(0)
            await expect(page.locator("#calls-waiting")).to_be_hidden()
        await far_end.send(
            "conversation.item.added", item={"id": "l", "type": "mcp_list_tools", "server_label": "bank"}
        )
        await far_end.send("mcp_list_tools.failed", item_id="l")
        await expect(page.locator('[data-role="notice"]')).to_contain_text("The tools of bank could not be listed")
