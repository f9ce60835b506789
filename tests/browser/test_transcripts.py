"""Recorded talks, replayed through the relay to the voice page: it shows their words, and the right state."""

import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from relay.stand_ins.replay import ReplayOptions, serve_replay
from tests.fakes.browser import silence, state
from tests.fakes.running import Running, running
from tests.transcripts.make import HERE, RED_DOT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

Talk = Callable[..., Awaitable[tuple[Page, Running]]]

GREETING = "Hello! I stand in for the real thing. What shall we talk about?"
VAGUE = "I heard every word, and understood none of them."
CLIENT = "(await import('/web/main.js')).voice.client"
SPOKEN = """
async (seconds) => {
  const { voice } = await import('/web/main.js');
  let left = seconds * 24_000;
  await new Promise((resolve) => voice.addEventListener('sent', ({ detail }) => {
    left -= detail.samples ?? 0;
    if (left <= 0) resolve();
  }));
}
"""  # waits until so much more has been sent


@pytest_asyncio.fixture(loop_scope="session")
async def talk(open_page) -> AsyncIterator[Talk]:
    """Start the page in a replay of the named talk; its microphone hears nothing, which is long enough to answer."""
    async with AsyncExitStack() as stack:

        async def talk(name: str, speed: float = 1.0, **settings: Any) -> tuple[Page, Running]:
            options = ReplayOptions(speed=speed, strict=False)
            replay = await stack.enter_async_context(serve_replay(HERE / f"{name}.jsonl", options=options))
            relay = await stack.enter_async_context(running(replay.url, **settings))
            page: Page = await open_page(silence(1))
            await page.goto(relay.http)
            await page.click("#start")
            return page, relay

        yield talk


async def write(page: Page, words: str) -> None:
    await expect(page.locator("#app")).not_to_have_attribute("data-state", "connecting")
    await page.fill("#message", words)
    await page.press("#message", "Enter")


async def shows(page: Page, role: str, *words: str) -> None:
    """Exactly these turns of theirs are there, in this order."""
    await expect(page.locator(f'[data-role="{role}"] .turn-text')).to_have_text(list(words))


async def hang_up(page: Page) -> None:
    await page.click("#start")
    await state(page, "idle")


async def test_a_plain_turn(talk) -> None:
    """Speech is shown with its transcript, the answer while it is heard, and then the page listens again."""
    page, _ = await talk("plain-turn")
    await state(page, "user-speaking")
    await state(page, "speaking")
    await shows(page, "user", "[1.6 s of speech]")
    await shows(page, "assistant", "[your 1.6 s of speech]")
    await state(page, "listening")
    await hang_up(page)


async def test_barging_in(talk) -> None:
    """Speech over an answer cuts it on the page, and the upstream is told where."""
    page, relay = await talk("barge-in")
    await write(page, "Tell me a long story.")
    await state(page, "speaking")
    await state(page, "user-speaking")
    await expect(page.locator('[data-role="assistant"][data-cut]')).to_contain_text("Once")
    name = "relay_events_total"
    labels = {"direction": "down", "type": "conversation.item.truncated"}
    await expect(page.locator(".turn-mark")).to_have_text("interrupted")
    await hang_up(page)
    await relay.sessions.empty()
    assert relay.metrics.registry.get_sample_value(name, labels) == 1


async def test_push_to_talk(talk) -> None:
    """What is said while the button is held is one turn, and its answer is shown."""
    page, _ = await talk("push-to-talk")
    await state(page, "listening")
    await page.click("#push-to-talk")
    await expect(page.locator("#state")).to_have_text("Hold to talk")
    await page.hover("#talk")
    await page.mouse.down()
    await state(page, "user-speaking")
    await page.evaluate(SPOKEN, 0.7)
    await page.mouse.up()
    await shows(page, "assistant", "[your 0.6 s of speech]")
    await expect(page.locator('[data-role="user"]')).to_have_count(1)
    await hang_up(page)


async def test_a_function_call(talk) -> None:
    """A call is shown with its arguments, waits there for its result, and is answered."""
    page, _ = await talk("function-call")
    await write(page, "What is the weather in Oslo?")
    await shows(page, "tool", 'weather({"city":"Oslo"})')
    await page.fill(".turn-call textarea", '{"sky":"clear"}')
    await page.click(".turn-call button")
    await shows(page, "tool", 'weather({"city":"Oslo"}) → {"sky":"clear"}')
    await shows(page, "assistant", 'I asked your tool, and it answered. [{"sky":"clear"}]')
    await expect(page.locator(".turn-call")).to_have_count(0)


async def test_text_alone(talk) -> None:
    """Two turns in writing are shown in order, and an item that is deleted goes."""
    page, _ = await talk("text-only")
    await write(page, "Hello")
    await shows(page, "assistant", GREETING)
    await write(page, "And now?")
    await shows(page, "assistant", GREETING, VAGUE)
    await shows(page, "user", "Hello", "And now?")
    first = await page.locator('[data-role="user"]').first.get_attribute("data-item")
    await page.evaluate(f"async (id) => {CLIENT}.send({{type: 'conversation.item.delete', item_id: id}})", first)
    await shows(page, "user", "And now?")


async def test_transcription_alone(talk) -> None:
    """A session that only writes down shows what was said, and no answer."""
    page, _ = await talk("transcription-only", profiles={"default": {"type": "transcription"}})
    await state(page, "user-speaking")
    await shows(page, "user", "[1.6 s of speech]")
    await state(page, "listening")
    await shows(page, "assistant")


async def test_an_image(talk) -> None:
    """A picture is shown beside the question about it."""
    page, _ = await talk("image")
    await state(page, "listening")
    say = "async (image) => (await import('/web/main.js')).voice.say('What is this?', [image])"
    assert await page.evaluate(say, f"data:image/png;base64,{RED_DOT}")
    await expect(page.locator('[data-role="user"] img')).to_have_count(1)
    await shows(page, "user", "What is this?")
    await shows(page, "assistant", VAGUE)


async def test_errors(talk) -> None:
    """An error that ends nothing is told, and the session goes on."""
    page, _ = await talk("error")
    await state(page, "listening")
    send = f"async (event) => {CLIENT}.send(event)"
    await page.evaluate(send, {"type": "no.such.event", "event_id": "event_1"})
    await expect(page.locator("#notice")).to_contain_text("no.such.event")
    await page.evaluate(send, {"type": "input_audio_buffer.commit", "event_id": "event_2"})
    session = {"type": "realtime", "voice": "marin"}
    await page.evaluate(send, {"type": "session.update", "event_id": "event_3", "session": session})
    await expect(page.locator("#notice")).to_contain_text("Unknown parameter: 'session.voice'.")
    await state(page, "listening")


async def test_a_response_beside_the_conversation(talk) -> None:
    """While one answer is made another one can be asked for; it is in the event log, and not among what was said."""
    page, _ = await talk("out-of-band")
    await write(page, "Hello")
    said = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Repeat after me: aside"}]}
    beside = {"conversation": "none", "metadata": {"purpose": "aside"}, "input": [said], "output_modalities": ["text"]}
    await page.evaluate(f"async (response) => {CLIENT}.createResponse(response)", beside)
    turns = page.locator('[data-role="assistant"] .turn-text')
    await page.click("#drawer-button")
    await page.fill("#events-filter", "response.done")
    await expect(page.locator(".event")).to_have_count(2)
    await expect(turns).to_have_text([GREETING])
    await shows(page, "user", "Hello")
    await state(page, "listening")


async def test_the_end_after_an_hour(talk) -> None:
    """When the API ends the session after its hour, the page says so, and keeps what was said."""
    page, _ = await talk("hour", math.inf)
    await write(page, "Hello")
    await state(page, "error")
    await expect(page.locator("#problem-title")).to_have_text("The session reached its longest duration.")
    await shows(page, "assistant", GREETING)


async def test_a_rate_limit(talk) -> None:
    """An answer that fails is told where it would stand, and the session goes on."""
    page, _ = await talk("rate-limit")
    await write(page, "Hello")
    await shows(page, "notice", "The answer failed: rate_limit_exceeded")
    await expect(page.locator("#notice")).to_contain_text("Rate limit reached for the tokens of a minute.")
    await state(page, "listening")


async def test_a_lost_upstream(talk) -> None:
    """When the upstream is lost in an answer the page keeps what it has, and is restored by itself."""
    page, _ = await talk("lost")
    await write(page, "Hello")
    await state(page, "reconnecting")
    await state(page, "listening")
    await shows(page, "user", "Hello")
    await shows(page, "assistant", "Hello!")
    await expect(page.locator('[data-role="notice"]')).to_contain_text("The connection was lost and restored.")
