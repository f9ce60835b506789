"""`<realtime-voice>` in a page that makes it its own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from relay.stand_ins.mock import serve_mock
from tests.fakes.browser import AXE, VIOLATIONS, silence, until
from tests.fakes.running import running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STYLE = """
realtime-voice { --realtime-voice-model: rgb(1, 2, 3); --realtime-voice-radius: 0px }
realtime-voice::part(button) { width: 120px }
"""
DRESS = """
(css) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [sheet];
}
"""
MOVE = """
async () => {
  const voice = document.querySelector('realtime-voice');
  document.querySelector('main').after(voice);
  document.body.append(document.createElement('section'));
  document.querySelector('section').append(voice);
  await new Promise((resolve) => setTimeout(resolve));
  return voice.phase;
}
"""
HEAR = """
() => {
  window.told = [];
  document.querySelector('realtime-voice').addEventListener('feedback', ({ detail: { helpful, text } }) =>
    told.push({ helpful, spoken: text.length > 0 }));
}
"""
DONE = """
async ({ voice }) => {
  while (!voice.conversation.turns.at(-1).final) await new Promise(requestAnimationFrame);
}
"""
PARTS = ("button", "state", "clock", "waveform", "transcript", "problem")


async def test_a_page_can_style_the_element(open_page) -> None:
    """Custom properties and parts reach what they name."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(silence(1))
        await page.goto(f"{relay.http}/embed.html")
        await page.evaluate(DRESS, STYLE)
        voice = page.locator("realtime-voice")
        button = voice.locator(".start")
        await expect(voice).to_have_css("border-radius", "0px")
        await expect(button).to_have_css("background-color", "rgb(1, 2, 3)")
        await expect(button).to_have_css("width", "120px")
        for part in PARTS:
            await expect(voice.locator(f'[part="{part}"]')).to_have_count(1)


async def test_a_page_hears_what_the_element_does(open_page) -> None:
    """States and events are DOM events; an element that is moved in the page goes on, one that leaves it hangs up."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(silence(1))
        await page.goto(f"{relay.http}/embed.html")
        await page.evaluate(
            """() => {
              const voice = document.querySelector('realtime-voice');
              window.told = [];
              voice.addEventListener('statechange', ({ detail }) => told.push(detail));
              voice.addEventListener('realtimeevent', ({ detail }) => told.push(detail.type));
            }"""
        )
        await page.click("realtime-voice .start")
        await until(page, "told.includes('listening') && told.includes('session.created')")
        assert await page.evaluate(MOVE) == "listening"
        assert len(relay.sessions) == 1
        await page.evaluate("document.querySelector('realtime-voice').remove()")
        await relay.sessions.empty()
        assert relay.ended_by("peer_closed") == 1


async def test_the_transcript_can_be_left_out(open_page) -> None:
    """With `transcript="off"` what is said is heard and not shown."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(silence(1))
        await page.goto(f"{relay.http}/embed.html")
        voice = page.locator("realtime-voice")
        await voice.evaluate("(it) => it.setAttribute('transcript', 'off')")
        await page.click("realtime-voice .start")
        await expect(voice).to_have_attribute("data-state", "listening")
        await voice.evaluate("(it) => void it.voice.say('Hello.')")
        await expect(voice).to_have_attribute("data-state", "speaking")
        await expect(voice.locator('[part="transcript"]')).to_be_hidden()


@contextlib.asynccontextmanager
async def host_page(answer: list[str]) -> AsyncIterator[str]:
    """A server of somebody else's page, which gives the answer that is put there later; yields its origin."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer[0].encode())
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_strict_page_of_another_origin_may_have_it(open_page) -> None:
    """Under the policy that the documents name, and nothing more, the element is styled and holds a conversation."""
    answer: list[str] = []
    async with (
        serve_mock() as mock,
        host_page(answer) as host,
        running(mock.url, allowed_origins=[host]) as relay,
    ):
        sockets = relay.http.replace("http", "ws", 1)
        policy = f"default-src 'none'; script-src {relay.http}; connect-src {relay.http} {sockets}"
        script = f'<script type="module" src="{relay.http}/web/realtime-voice.js"></script>'
        answer.append(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
            f"Content-Security-Policy: {policy}\r\n\r\n<!doctype html>{script}<realtime-voice>"
        )
        page = await open_page(silence(1), expects=("favicon",))
        await page.goto(host)
        button = page.locator("realtime-voice .start")
        await expect(button).to_have_css("border-radius", "50%")
        await button.click()
        await expect(page.locator("realtime-voice")).to_have_attribute("data-state", "listening")


async def test_a_shop_has_it_in_a_corner(open_page) -> None:
    """A button in a corner opens it, terms come first, an answer is judged, all by keyboard, and axe finds nothing."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(None)
        await page.goto(f"{relay.http}/widget.html")
        voice = page.locator("realtime-voice")
        await page.evaluate(HEAR)
        await expect(voice.locator(".panel")).to_be_hidden()
        await voice.locator(".launcher").press("Enter")
        await expect(voice.locator("[part=message]")).to_be_focused()
        await expect(voice.locator(".start")).to_be_disabled()
        await page.keyboard.type("Hello.")
        await page.keyboard.press("Enter")
        assert len(relay.sessions) == 0
        await voice.locator(".consent input").press("Space")
        await expect(voice.locator(".start")).to_be_enabled()
        await voice.locator("[part=message]").press("Enter")
        await voice.locator(".turn-opinion").last.press("Enter")
        assert await page.evaluate("told") == [{"helpful": False, "spoken": True}]
        await page.evaluate(AXE.read_text())
        assert await page.evaluate(VIOLATIONS) == []
        await page.keyboard.press("Escape")
        await expect(voice.locator(".launcher")).to_be_focused()
        assert await page.evaluate(VIOLATIONS) == []
        assert len(relay.sessions) == 1


async def test_it_speaks_the_languages_of_its_page(open_page) -> None:
    """Words and direction follow the page's language, and what is typed may be answered in writing alone."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(None, viewport={"width": 320, "height": 640})
        await page.goto(f"{relay.http}/embed.html")
        voice = page.locator("realtime-voice")
        await page.evaluate(
            "document.documentElement.lang = 'de'; document.querySelector('realtime-voice').lang = 'ar'"
        )
        await expect(voice.locator(".start")).to_have_text("ابدأ")
        await expect(voice.locator(".panel")).to_have_css("direction", "rtl")
        await voice.evaluate(
            "(it) => { it.lang = ''; it.removeAttribute('lang'); it.setAttribute('modality', 'text'); }"
        )
        await voice.evaluate("(it) => it.setAttribute('controls', 'start text')")
        await expect(voice.locator(".start")).to_have_text("Starten")
        await voice.locator("[part=message]").fill("Hallo.")
        await voice.locator("[part=message]").press("Enter")
        await expect(voice.locator(".turn[data-role=assistant] .turn-who")).to_have_text("Assistent")
        await voice.evaluate(DONE)
        assert await voice.evaluate("(it) => it.voice.sounds.has(it.voice.conversation.turns[1].id)") is False
