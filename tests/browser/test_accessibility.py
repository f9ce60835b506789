"""The page for everybody: by keyboard, by touch, by ear, in the dark, and on the smallest phone."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from relay.stand_ins.mock import Pace, serve_mock
from tests.fakes.browser import AXE, fits, silence, state, until
from tests.fakes.running import running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TABS = ("events", "latency", "voice", "session", "tools")
DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 320, "height": 640}
UNENDING = Pace(holds_after_s=12.0)
"""A story can be interrupted however long the page is looked at before."""


async def say(page: Page, words: str) -> None:
    await page.fill("#message", words)
    await page.press("#message", "Enter")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_state_is_accessible(open_page, scheme: str, size: dict[str, int]) -> None:
    """axe finds nothing to mend in any state, every target has 44 px, and 320 px are wide enough."""
    context: dict[str, Any] = {"color_scheme": scheme, "viewport": size}
    async with serve_mock(pace=UNENDING) as mock, running(mock.url) as relay:
        page = await open_page(silence(1), **context)
        await page.goto(relay.http)
        await page.evaluate(AXE.read_text())
        await state(page, "idle")
        await fits(page)
        await page.click("#settings-button")
        await fits(page)
        await page.click("#settings-close")
        await page.click("#start")
        await state(page, "listening")
        await fits(page)
        await say(page, "Tell me a story.")
        await state(page, "speaking")
        await fits(page)
        await page.click("#interrupt")
        await state(page, "listening")
        await page.click("#mute")
        await state(page, "muted")
        await page.click("#attach")
        await fits(page)
        await page.click("#attach")
        await page.click("#push-to-talk")
        await fits(page)
        await page.click("#drawer-button")
        await page.click(".event summary >> nth=0")
        for tab in TABS:
            await page.click(f"#tab-{tab}")
            await fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_problem_is_accessible(open_page, scheme: str) -> None:
    """What went wrong can be read by everybody, in light and in dark."""
    async with running("ws://127.0.0.1:1/") as relay:
        page = await open_page(silence(1), color_scheme=scheme, viewport=PHONE)
        await page.goto(relay.http)
        await page.evaluate(AXE.read_text())
        await page.click("#start")
        await state(page, "error")
        await fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_element_is_accessible(open_page, scheme: str) -> None:
    """`<realtime-voice>` in a page of its own has nothing for axe to mend, before a conversation and in one."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(silence(1), color_scheme=scheme, viewport=PHONE)
        await page.goto(f"{relay.http}/embed.html")
        await page.evaluate(AXE.read_text())
        await fits(page)
        await page.click("realtime-voice .start")
        voice = page.locator("realtime-voice")
        await expect(voice).to_have_attribute("data-state", "listening")
        await voice.evaluate("(it) => it.voice.say('Tell me a story.')")
        await expect(voice).to_have_attribute("data-state", "speaking")
        await fits(page)


async def press_until_focused(page: Page, key: str, name: str) -> None:
    """Go through the page by `key` until the element with this id has the focus."""
    for _ in range(60):
        if await page.evaluate("document.activeElement.id") == name:
            return
        await page.keyboard.press(key)
    raise AssertionError(f"{key} never comes to #{name}")


async def test_the_keyboard_is_enough(open_page) -> None:
    """Start, mute, write, interrupt, look into the drawer, talk by hand and stop: all without a pointer."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(silence(1))
        await page.goto(relay.http)
        await press_until_focused(page, "Tab", "start")
        await page.keyboard.press("Enter")
        await state(page, "listening")
        await page.keyboard.press("m")
        await state(page, "muted")
        await page.keyboard.press("m")
        await state(page, "listening")
        await press_until_focused(page, "Tab", "message")
        await page.keyboard.type("Tell me a story.")
        await page.keyboard.press("Enter")
        await state(page, "speaking")
        await page.keyboard.press("Escape")
        await state(page, "listening")
        await expect(page.locator('[data-role="assistant"][data-cut]')).to_have_count(1)
        await press_until_focused(page, "Shift+Tab", "drawer-button")
        await page.keyboard.press("Enter")
        for tab in TABS:
            await expect(page.locator(f"#tab-{tab}")).to_be_focused()
            await expect(page.locator(f"#panel-{tab}")).to_be_visible()
            await page.keyboard.press("ArrowRight")
        await page.keyboard.press("Escape")
        await expect(page.locator("#drawer")).to_be_hidden()
        await expect(page.locator("#drawer-button")).to_be_focused()
        await press_until_focused(page, "Tab", "push-to-talk")
        await page.keyboard.press("Enter")
        await expect(page.locator("#talk")).to_be_focused()
        await page.keyboard.down(" ")
        await expect(page.locator("#talk")).to_have_attribute("aria-pressed", "true")
        await page.keyboard.up(" ")
        await expect(page.locator("#talk")).to_have_attribute("aria-pressed", "false")
        await press_until_focused(page, "Shift+Tab", "start")
        await page.keyboard.press("Enter")
        await state(page, "idle")


async def test_words_run_the_way_of_their_script(open_page) -> None:
    """Arabic stands from right to left, where it is written and where it was said; English beside it does not."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(None)
        await page.goto(relay.http)
        await page.fill("#message", "مرحبا، كيف حالك؟")
        assert await page.locator("#message").evaluate("(it) => it.matches(':dir(rtl)')")
        await page.press("#message", "Enter")
        said = page.locator('[data-role="user"] .turn-text')
        await expect(said).to_have_text("مرحبا، كيف حالك؟")
        assert await said.evaluate("(it) => getComputedStyle(it).direction") == "rtl"
        answer = page.locator('[data-role="assistant"] .turn-text')
        await expect(answer).not_to_be_empty()
        assert await answer.evaluate("(it) => getComputedStyle(it).direction") == "ltr"


async def test_each_sentence_is_announced_once(open_page) -> None:
    """A screen reader does not talk over an answer that is heard; else it is told each sentence once."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(None)
        await page.goto(relay.http)
        await page.evaluate(
            """() => {
              window.announced = [];
              const region = document.getElementById('announcer');
              new MutationObserver((changes) => {
                for (const { addedNodes } of changes) announced.push(...[...addedNodes].map((it) => it.textContent));
              }).observe(region, { childList: true, subtree: true });
            }"""
        )
        await expect(page.locator("#announcer")).to_have_attribute("aria-live", "polite")
        await say(page, "Hello.")
        await state(page, "speaking")
        await state(page, "muted")
        assert await page.evaluate("announced") == []
        await page.locator("#volume").fill("0")
        await page.locator("#drawer-button").focus()
        await page.keyboard.press("s")
        await until(page, "announced.shift() === 'In writing'")
        await say(page, "Tell me a story.")
        await state(page, "speaking")
        await until(page, "announced.length > 2")
        announced = await page.evaluate("announced")
        assert all(words.rstrip()[-1] in ".?!" for words in announced)
        assert len(set(announced)) == len(announced)
