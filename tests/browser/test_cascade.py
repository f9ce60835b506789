"""The page before a cascade: it speaks with services of one's own as it does with the API."""

from typing import Any

import numpy as np
import pytest
from playwright.async_api import expect

from relay.stand_ins.services import Script
from tests.browser.test_conversation import STATS
from tests.cascade.test_serving import cascade
from tests.fakes.browser import clip, silence, state

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STORY = [f"This is sentence number {number} of a story without an end. " for number in range(400)]


def profile(silence_ms: int) -> dict[str, Any]:
    detection = {"type": "server_vad", "silence_duration_ms": silence_ms}
    listen = {"input": {"turn_detection": detection, "transcription": {"model": "any"}}}
    return {"default": {"instructions": "Be brief.", "audio": listen}}


async def test_what_is_spoken_is_answered(open_page) -> None:
    """One's own words stand in the transcript with the answer, which is heard; the latency tab has the stages."""
    async with cascade(profiles=profile(700)) as (relay, services):
        page = await open_page(np.concatenate([silence(1.5), clip("answer-1"), silence(20)]))
        await page.goto(relay.http)
        await page.click("#start")
        await state(page, "user-speaking")
        await state(page, "speaking")
        await state(page, "listening")
        await expect(page.locator('[data-role="user"]')).to_contain_text("Hello there.")
        await expect(page.locator('[data-role="assistant"]')).to_contain_text("You said: Hello there.")
        stats = await page.evaluate(STATS)
        await page.click("#start")
        await state(page, "idle")
        assert services.asked_of("hear")[-1].fields["file"].startswith(b"RIFF")
    (turn,) = stats["latency"]["turns"]
    assert 0 < turn["firstAudioMs"] < turn["firstHeardMs"]
    assert set(turn["stages"]) == {"turn_ms", "hear_ms", "think_ms", "speak_ms", "total_ms"}
    assert stats["speaker"]["underruns"] == 0


async def test_speaking_over_an_answer_stops_it(open_page) -> None:
    """Speech during an answer makes the page silent, and the model is told no more of it than was heard."""
    script = Script(thinks=lambda _: STORY, speak_s=0.05)
    async with cascade(script, profiles=profile(1500)) as (relay, services):
        again = [silence(6), clip("greeting")] * 10  # where a slow machine answers late, the next one interrupts
        page = await open_page(np.concatenate([silence(1.5), clip("answer-2"), *again]))
        await page.goto(relay.http)
        await page.click("#start")
        await state(page, "speaking")
        await state(page, "user-speaking")
        assert not (await page.evaluate(STATS))["speaker"]["playing"]
        await expect(page.locator('[data-role="assistant"][data-cut]').first).to_be_visible()
        await state(page, "speaking")  # what was thought ahead of the page's truncation is not what is said
        await page.click("#start")
        await state(page, "idle")
        messages = services.asked_of("think")[-1].fields["messages"]
        value = relay.metrics.registry.get_sample_value
        assert value("relay_events_total", {"direction": "down", "type": "conversation.item.truncated"})
        assert value("relay_events_total", {"direction": "down", "type": "error"}) == 0
    (heard,) = [message["content"] for message in messages if message["role"] == "assistant"][:1]
    assert "".join(STORY).startswith(heard)
    assert len(heard) < 400
