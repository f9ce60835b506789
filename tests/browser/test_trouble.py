"""What a visitor is told when something is wrong, and that Start works once it is mended."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, expect

from relay.stand_ins.mock import serve_mock
from tests.browser.losses import lose_answers
from tests.fakes.browser import AXE, fits, silence, state, until
from tests.fakes.documents import example
from tests.fakes.running import running
from tests.fakes.tcp_proxy import tcp_proxy

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# What the browser itself says where nothing answers.
BROKEN = ("WebSocket connection to", "net::ERR_CONNECTION")

PHONE = {"width": 320, "height": 640}
NOTE_ITEMS = """
async () => {
  window.items = [];
  const { voice } = await import('/web/main.js');
  voice.addEventListener('sent', ({ detail }) => detail.item && window.items.push(detail.item));
}
"""

NO_GRACE = {"default": {"grace_s": 0}}
"""A session is then lost with its connection."""

REFUSALS = [
    (3000, "key was refused.", "must check its API key"),
    (4000, "The model refused this session.", "Check model and profile"),
    (1013, "The relay is full.", "Wait a moment, then start again"),
    (1012, "The relay is restarting.", "Start again in a moment"),
    (1008, "The relay refused this session.", "address and profile in the settings"),
]


async def is_told(page: Page, title: str, advice: str) -> None:
    await state(page, "error")
    await expect(page.locator("#problem-title")).to_contain_text(title)
    await expect(page.locator("#problem-advice")).to_contain_text(advice)
    await expect(page.locator("#start-label")).to_have_text("Start")
    await expect(page.locator("#notice-words")).to_be_empty()


async def starts(page: Page) -> None:
    await page.click("#start")
    await state(page, "listening")
    await expect(page.locator("#problem")).to_be_hidden()


@pytest.mark.parametrize(("code", "title", "advice"), REFUSALS)
async def test_each_refusal_says_what_to_do(open_page, code: int, title: str, advice: str) -> None:
    """A relay that closes at once is explained by its code, and Start works when it has changed its mind."""
    async with serve_mock() as mock, running(mock.url) as relay, tcp_proxy(relay.port) as way:
        page = await open_page(silence(1))
        await page.goto(way.http)
        way.refuse_with = code
        await page.click("#start")
        await is_told(page, title, advice)
        way.refuse_with = None
        await starts(page)


async def test_a_relay_that_refuses_says_so(open_page) -> None:
    """A session that the relay could not begin is told in the relay's own words, as often as one tries."""
    async with running("ws://127.0.0.1:1/") as relay:
        page = await open_page(silence(1))
        await page.goto(relay.http)
        for _ in range(2):
            await page.click("#start")
            await state(page, "connecting")
            await is_told(page, "The relay could not reach the model.", "Start again in a moment")
            await expect(page.locator("#problem-detail")).to_contain_text("upstream refused the connection")


async def test_a_full_relay_asks_for_patience(open_page) -> None:
    """A full relay is no broken one: the page says to wait, and is let in when somebody has left."""
    async with serve_mock() as mock, running(mock.url, max_sessions=1) as relay:
        page = await open_page(silence(1))
        await page.goto(relay.http)
        async with relay.peer():
            await page.click("#start")
            await is_told(page, "The relay is full.", "Wait a moment, then start again")
        await relay.sessions.empty()
        await starts(page)


async def test_a_relay_that_is_down_is_named(open_page) -> None:
    """When nothing answers, the page names the address that it tried, and starts once the relay is back."""
    async with serve_mock() as mock, running(mock.url) as relay, tcp_proxy(relay.port) as way:
        page = await open_page(silence(1), expects=BROKEN)
        await page.goto(way.http)
        way.shut()
        await page.click("#start")
        await is_told(page, f"Nothing answers at 127.0.0.1:{way.port}.", "Check that the relay is running")
        await way.open()
        await starts(page)


async def test_a_cut_connection_is_restored(open_page) -> None:
    """A connection that breaks in an answer is opened again; what was said is kept and the visitor is told."""
    async with serve_mock() as mock, running(mock.url, profiles=NO_GRACE) as relay, tcp_proxy(relay.port) as way:
        page = await open_page(silence(1), expects=BROKEN)
        await page.goto(way.http)
        await starts(page)
        await page.fill("#message", "Tell me a story.")
        await page.press("#message", "Enter")
        await state(page, "speaking")
        way.cut()
        await state(page, "reconnecting")
        await state(page, "listening")
        await expect(page.locator('[data-role="user"]')).to_have_text("YouTell me a story.")
        await expect(page.locator('[data-role="notice"]')).to_contain_text("The connection was lost and restored.")


async def test_a_blip_is_not_noticed(open_page) -> None:
    """A connection that breaks and can be had again costs nothing: the answer goes on, and nobody says a word."""
    async with serve_mock() as mock, running(mock.url) as relay, tcp_proxy(relay.port) as way:
        page = await open_page(silence(1), expects=BROKEN)
        await page.goto(way.http)
        await starts(page)
        await page.evaluate("async () => { window.voice = (await import('/web/main.js')).voice; }")
        await page.evaluate("voice.addEventListener('change', () => (window.phases ??= new Set()).add(voice.phase))")
        await page.fill("#message", "Tell me a story.")
        await page.press("#message", "Enter")
        await state(page, "speaking")
        for times in range(1, 4):
            way.cut()
            await until(page, f"voice.news.resumed === {times}")
        await page.fill("#message", "And another.")
        await page.press("#message", "Enter")
        await expect(page.locator('[data-role="assistant"]')).to_have_count(2)
        await state(page, "listening")
        await expect(page.locator('[data-role="notice"]')).to_have_count(0)
        assert "reconnecting" not in await page.evaluate("[...window.phases]")
        assert len(mock.sessions) == 1


async def test_what_was_typed_stays_until_it_is_sent(open_page) -> None:
    """Where no session can be had it stays in the box; while one is restored it is seen to wait, and is then sent."""
    async with serve_mock() as mock, running(mock.url, profiles=NO_GRACE) as relay, tcp_proxy(relay.port) as way:
        page = await open_page(silence(1), expects=BROKEN, viewport=PHONE)
        await page.goto(way.http)
        await page.evaluate(AXE.read_text())
        way.shut()
        await page.fill("#message", "Is anybody there?")
        await page.press("#message", "Enter")
        await state(page, "error")
        await expect(page.locator("#message")).to_have_value("Is anybody there?")
        await expect(page.locator(".turn")).to_have_count(0)
        await way.open()
        await page.press("#message", "Enter")
        await state(page, "speaking")
        way.shut()
        await state(page, "reconnecting")
        await page.fill("#message", "And now?")
        await page.press("#message", "Enter")
        await expect(page.locator(".turn-waiting:visible")).to_have_text("Waiting to be sent")
        await expect(page.locator("#reconnect")).to_be_visible()
        await expect(page.locator("#problem-title")).to_contain_text("Nothing answers at")
        await fits(page)
        await way.open()
        await page.dispatch_event("#reconnect", "click")  # which is gone where the page has found the way by itself
        await expect(page.locator(".turn-waiting:visible")).to_have_count(0)
        await expect(page.locator("#problem")).to_be_hidden()
        await expect(page.locator('[data-role="user"]')).to_have_count(2)
        await expect(page.locator('[data-role="assistant"]')).to_have_count(2)


async def test_what_had_come_of_a_lost_answer_is_heard(open_page) -> None:
    """A session that is lost in the middle of an answer costs what had not come of it, and nothing else."""
    async with serve_mock() as mock, running(mock.url, profiles=NO_GRACE) as relay, tcp_proxy(relay.port) as way:
        page = await open_page(silence(1), expects=BROKEN)
        await page.goto(way.http)
        came_ms, missed = await lose_answers(page, way, times=3, seed=1)
        assert came_ms > 0
        assert missed == []


async def test_a_conversation_goes_on_or_begins_anew(open_page) -> None:
    """After Stop, Continue is with the same conversation, of which the model knows, and New conversation with none."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(silence(1))
        await page.goto(relay.http)
        await page.evaluate(AXE.read_text())
        await page.evaluate(NOTE_ITEMS)
        await page.fill("#message", "My name is Ann.")
        await page.press("#message", "Enter")
        await state(page, "speaking")
        await page.click("#start")
        await state(page, "idle")
        await expect(page.locator("#start-label")).to_have_text("Continue")
        await fits(page)
        await page.click("#start")
        await state(page, "listening")
        await expect(page.locator('[data-role="notice"]')).to_contain_text("The conversation goes on.")
        assert await page.evaluate("window.items.shift().content[0].text") == "My name is Ann."
        assert await page.evaluate("window.items.shift().content[0].text") == "My name is Ann."
        await page.click("#start")
        await page.click("#anew")
        await state(page, "listening")
        await expect(page.locator(".turn")).to_have_count(0)
        assert await page.evaluate("window.items.filter(({ role }) => role === 'user')") == []


async def test_a_restart_is_announced_and_survived(open_page) -> None:
    """A relay that drains says so; the page comes back to its successor by itself, and what was said is kept."""
    async with serve_mock() as mock, running(mock.url) as old, running(mock.url) as new, tcp_proxy(old.port) as way:
        page = await open_page(silence(1))
        await page.goto(way.http)
        await starts(page)
        await page.fill("#message", "Hello.")
        await page.press("#message", "Enter")
        await state(page, "speaking")
        way.target_port = new.port
        draining = asyncio.create_task(old.sessions.drain(30))
        await expect(page.locator("#notice")).to_contain_text("The relay restarts within")
        await state(page, "reconnecting")
        await draining
        await state(page, "listening")
        await expect(page.locator("#notice-words")).to_be_empty()
        await expect(page.locator('[data-role="notice"]')).to_contain_text("The relay has restarted.")
        await expect(page.locator('[data-role="assistant"]')).to_have_count(1)
        assert old.ended_by("draining") == 1
        await page.click("#start")
        await state(page, "idle")


async def test_reconnecting_can_be_stopped(open_page) -> None:
    """Whoever does not want to wait for a lost relay stops, and starts again when it is back."""
    async with serve_mock() as mock, running(mock.url, profiles=NO_GRACE) as relay, tcp_proxy(relay.port) as way:
        page = await open_page(silence(1), expects=BROKEN)
        await page.goto(way.http)
        await starts(page)
        way.shut()
        await state(page, "reconnecting")
        await page.click("#start")
        await state(page, "idle")
        await way.open()
        await starts(page)


async def test_a_denied_microphone_is_explained(open_page) -> None:
    """Without permission the page says where to give it, and starts when it was given."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(silence(1), permitted=False)
        await page.goto(relay.http)
        await page.click("#start")
        await is_told(page, "This page may not use the microphone.", "Allow it in the address bar")
        await page.context.grant_permissions(["microphone"])
        await starts(page)


async def test_without_a_microphone_one_can_write(open_page) -> None:
    """Where there is no microphone the page says so, and a conversation in writing works."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(None)
        await page.goto(relay.http)
        for _ in range(2):
            await page.click("#start")
            await state(page, "connecting")
            await is_told(page, "No microphone was found.", "You can also type")
        await page.fill("#message", "Good morning.")
        await page.press("#message", "Enter")
        await state(page, "speaking")
        await expect(page.locator('[data-role="assistant"]')).to_have_count(1)


@asynccontextmanager
async def shop(relay_port: int) -> AsyncIterator[str]:
    """A page of another origin that embeds the voice of the relay at this port, with the lines of docs/clients.md."""
    page = f"""<!doctype html><title>A shop</title><link rel="icon" href="data:,">
        {example("clients.md", "element", relay_port)}"""
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n\r\n{page}".encode()

    async def show(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
        writer.close()

    async with await asyncio.start_server(show, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_the_element_works_in_a_page_that_the_relay_allows(open_page) -> None:
    """`<realtime-voice>` holds a conversation in a page of another origin that `allowed_origins` names."""
    async with contextlib.AsyncExitStack() as stack:
        mock = await stack.enter_async_context(serve_mock())
        way = await stack.enter_async_context(tcp_proxy())
        origin = await stack.enter_async_context(shop(way.port))
        relay = await stack.enter_async_context(running(mock.url, allowed_origins=[origin]))
        way.target_port = relay.port
        page = await open_page(silence(1))
        await page.goto(origin)
        await page.click("realtime-voice .start")
        voice = page.locator("realtime-voice")
        await expect(voice).to_have_attribute("data-state", "listening")
        await voice.evaluate("(it) => void it.voice.say('Good morning.')")
        await expect(voice).to_have_attribute("data-state", "speaking")
        await expect(voice.locator('[data-role="assistant"]')).to_have_count(1)


async def test_the_element_explains_a_page_that_the_relay_does_not_allow(open_page) -> None:
    """Where `allowed_origins` does not name the page, the element says so, and who can change it."""
    async with serve_mock() as mock, running(mock.url) as relay, shop(relay.port) as origin:
        page = await open_page(silence(1))
        await page.goto(origin)
        await page.click("realtime-voice .start")
        voice = page.locator("realtime-voice")
        await expect(voice).to_have_attribute("data-state", "error")
        problem = voice.locator('[part="problem"]')
        await expect(problem).to_contain_text("This relay does not take calls from this page.")
        await expect(problem).to_contain_text("origin to allowed_origins")
