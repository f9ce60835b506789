"""The page in the language of who visits it."""

import pytest
from playwright.async_api import expect

from relay.stand_ins.mock import serve_mock
from tests.fakes.browser import AXE, fits, silence, state
from tests.fakes.running import running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE = {"width": 320, "height": 640}
START = {"de": "Starten", "ar": "ابدأ"}
LISTENING = {"de": "Hört zu", "ar": "يستمع"}
UNREACHABLE = {"de": "Das Relay konnte das Modell nicht erreichen.", "ar": "تعذّر على المُرحِّل الوصول إلى النموذج."}


@pytest.mark.parametrize(("tag", "direction"), [("de-AT", "ltr"), ("ar", "rtl")])
async def test_the_page_speaks_the_browsers_language(open_page, tag: str, direction: str) -> None:
    """A visitor reads buttons, states and settings in their language, from its side, on the smallest phone."""
    language = tag.split("-", maxsplit=1)[0]
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(silence(1), locale=tag, viewport=PHONE)
        await page.goto(relay.http)
        await page.evaluate(AXE.read_text())
        await expect(page.locator("#start-label")).to_have_text(START[language])
        assert await page.evaluate("[document.documentElement.lang, getComputedStyle(document.body).direction]") == [
            language,
            direction,
        ]
        await fits(page)
        await page.click("#settings-button")
        await fits(page)
        await page.click("#settings-close")
        await page.click("#start")
        await state(page, "listening")
        await expect(page.locator("#state")).to_have_text(LISTENING[language])
        await fits(page)
        await page.click("#drawer-button")
        assert await page.evaluate("getComputedStyle(document.getElementById('drawer')).direction") == "ltr"
        await fits(page)


@pytest.mark.parametrize("tag", ["de", "ar"])
async def test_what_went_wrong_is_said_in_the_visitors_language(open_page, tag: str) -> None:
    """So it is on the page, and in the element, whose page says which language that is."""
    async with running("ws://127.0.0.1:1/") as relay:
        page = await open_page(silence(1), viewport=PHONE)
        await page.goto(f"{relay.http}/?lang={tag}")
        await page.click("#start")
        await expect(page.locator("#problem-title")).to_have_text(UNREACHABLE[tag])
        await page.goto(f"{relay.http}/embed.html")
        await page.evaluate("(tag) => (document.documentElement.lang = tag)", tag)
        await page.locator("realtime-voice").evaluate("(it, tag) => it.setAttribute('lang', tag)", tag)
        await page.click("realtime-voice .start")
        await expect(page.locator('realtime-voice [part="problem"]')).to_contain_text(UNREACHABLE[tag])


async def test_another_language_is_chosen(open_page) -> None:
    """The settings have a choice, which holds at once, from one language to the next, and is kept."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(silence(1), viewport=PHONE)
        await page.goto(f"{relay.http}/?lang=de-AT")
        await page.evaluate(AXE.read_text())
        title, language = page.locator("#settings-title"), page.locator("#language")
        await page.click("#settings-button")
        await expect(language).to_have_value("de")
        for tag, settings in (("ja", "設定"), ("en", "Settings"), ("ar", "الإعدادات")):
            await language.select_option(tag)
            await expect(title).to_have_text(settings)
            await expect(page.locator("html")).to_have_attribute("lang", tag)
            await fits(page)
        await page.goto(relay.http)
        await expect(page.locator("#start-label")).to_have_text(START["ar"])
        await page.click("#settings-button")
        await language.select_option("")
        await expect(title).to_have_text("Settings")
