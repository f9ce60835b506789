"""The developer drawer in a real browser."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page, expect

from relay.stand_ins.mock import serve_mock
from tests.fakes.browser import silence, state
from tests.fakes.running import running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CLIPBOARD = "navigator.clipboard.readText()"


async def say(page: Page, words: str) -> None:
    """Say something in writing, and hear the answer to its end."""
    await page.fill("#message", words)
    await page.press("#message", "Enter")
    await state(page, "speaking")
    await state(page, "listening")


@asynccontextmanager
async def talking(open_page: Any) -> AsyncIterator[Page]:
    """A page that has said and heard something, with its drawer open."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(silence(1))
        await page.context.grant_permissions(["microphone", "clipboard-read", "clipboard-write"])
        await page.goto(relay.http)
        await page.click("#start")
        await state(page, "listening")
        await say(page, "Hello.")
        await page.click("#drawer-button")
        yield page
        await page.close()


async def downloaded(page: Page, button: str) -> str:
    """What the button offers as a file."""
    async with page.expect_download() as download:
        await page.click(button)
    file = await (await download.value).path()
    return await asyncio.to_thread(file.read_text)


async def saved(page: Page, button: str) -> Any:
    """What the button offers as a file, which is JSON."""
    return json.loads(await downloaded(page, button))


async def test_events_can_be_read(open_page) -> None:
    """Each event is a line that opens and can be copied; floods of audio are one; the filter hides the others."""
    async with talking(open_page) as page:
        audio = page.locator('.event[data-type="response.output_audio.delta"]')
        await expect(audio).to_have_count(1)
        await expect(audio).to_contain_text(re.compile(r"\d\d s$"))
        await page.fill("#events-filter", "response.done")
        await expect(page.locator(".event")).to_have_count(1)
        await page.click(".event summary")
        await expect(page.locator(".event pre")).to_contain_text('"status": "completed"')
        await page.click(".event-body button")
        assert json.loads(await page.evaluate(CLIPBOARD))["type"] == "response.done"
        await page.fill("#events-filter", "")
        await page.select_option("#events-direction", "up")
        await expect(page.locator('.event[data-direction="down"]')).to_have_count(0)
        events = await saved(page, "#events-download")
        assert {"session.created", "response.create", "response.done"} <= {event["type"] for event in events}


async def test_the_session_can_be_changed(open_page) -> None:
    """What is edited in the session's view goes up as one `session.update` of what differs, and its fate is told."""
    async with talking(open_page) as page:
        await page.click("#tab-session")
        session = json.loads(await page.input_value("#session-json"))
        await expect(page.locator("#session-send")).to_be_disabled()
        await page.fill("#session-json", json.dumps({**session, "instructions": "Be brief."}))
        await page.click("#session-send")
        await expect(page.locator("#session-result")).to_have_text("The session was updated.")
        await page.fill("#session-json", json.dumps({**session, "instructions": "Be brief.", "tool_choice": 7}))
        await page.click("#session-send")
        await expect(page.locator("#session-result")).to_contain_text("Refused: ")
        await page.click("#tab-events")
        updates = page.locator('.event[data-type="session.update"][data-sign="false"]')
        sent = updates.nth(1)  # the first asks for transcripts
        await sent.locator("summary").click()
        await expect(sent.locator("pre")).to_contain_text('"instructions": "Be brief."')
        await expect(sent.locator("pre")).not_to_contain_text('"voice"')


async def test_a_function_can_be_played_by_hand(open_page) -> None:
    """A function that is defined in the drawer is called, and answered by the visitor or with words kept for it."""
    async with talking(open_page) as page:
        await page.click("#tab-tools")
        await page.fill("#tool-name", "get_weather")
        await page.fill("#tool-description", "Tells the weather of a city")
        await page.click("#tools-form button[type=submit]")
        await expect(page.locator("#tools-list")).to_contain_text("get_weather")
        await page.fill("#message", "What is the weather in Oslo?")
        await page.press("#message", "Enter")
        call = page.locator(".turn-call")
        await expect(page.locator("#state")).to_have_text("Waiting for get_weather")
        await expect(page.locator("#calls-count")).to_have_text("1")
        await call.locator("textarea").fill('{"sky": "clear"}')
        await call.locator("button").click()
        await expect(page.locator('[data-role="tool"]')).to_contain_text('→ {"sky": "clear"}')
        await state(page, "speaking")
        await expect(page.locator('[data-role="assistant"]').last).to_contain_text('{"sky": "clear"}')
        await expect(call).to_have_count(0)
        await state(page, "listening")
        await page.select_option("#tool-answer", "words")
        await page.fill("#tool-words", '{"sky": "grey"}')
        await page.click("#tools-form button[type=submit]")
        await page.fill("#message", "What is the weather in Rome?")
        await page.press("#message", "Enter")
        await expect(page.locator('[data-role="tool"]').last).to_contain_text('→ {"sky": "grey"}')
        await state(page, "speaking")
        await page.click("#tools-list button")
        await expect(page.locator("#tools-list")).to_have_text("None.")


async def test_latencies_are_shown_and_saved(open_page) -> None:
    """Each turn is a line, the figures stand above, and all of it is offered as JSON."""
    async with talking(open_page) as page:
        await page.click("#tab-latency")
        await expect(page.locator("#latency-turns li")).to_have_count(1)
        figures = page.locator("#latency-figures")
        names = ("First heard, median", "Round trip to the relay", "Underruns", "Jitter depth", "Capture drops")
        for name in (*names, "Sound played", "Cost, at the API", "Of the budget"):
            await expect(figures).to_contain_text(name)
        await expect(figures.locator(".figure", has_text="Round trip")).to_contain_text(" ms")
        stats = await saved(page, "#latency-download")
        turn = stats["latency"]["turns"][0]
        assert turn["createdMs"] <= turn["firstAudioMs"] <= turn["firstHeardMs"]
        assert stats["speaker"]["playedFrames"] > 0
        assert stats["microphone"]["capturedChunks"] > 0
        assert stats["relay"]["costUsd"] > 0
        await expect(page.locator("#cost")).to_have_text(re.compile(r"^\$0\.\d{4}$"))
        await expect(page.locator(".turn[data-role=assistant] .turn-cost")).to_have_text(re.compile(r"^\$0\.\d{4}$"))
        assert stats["latency"]["roundTripMs"] > 0


async def test_the_transcript_can_be_taken_along(open_page) -> None:
    """What was said is copied and downloaded as plain text, and can be cleared."""
    async with talking(open_page) as page:
        await page.click("#transcript-copy")
        await expect(page.locator("#notice")).to_have_text("The transcript was copied.")
        text = await page.evaluate(CLIPBOARD)
        assert text.startswith("You: Hello.\n\nAssistant: ")
        assert await downloaded(page, "#transcript-download") == text
        await page.click("#transcript-clear")
        await expect(page.locator(".turn")).to_have_count(0)
