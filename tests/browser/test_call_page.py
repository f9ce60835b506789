"""The voice page over a WebRTC call that the relay answers: a real Chromium, its microphone, its loudspeaker."""

import json
from typing import Any

import numpy as np
import pytest
from playwright.async_api import Page, expect

from relay.stand_ins.mock import Pace, serve_mock
from relay.stand_ins.mock.voice import clips
from tests.browser.conftest import Open
from tests.browser.test_conversation import PLAYED, RECORD, STATS, likeness
from tests.fakes.browser import RATE, Samples, clip, silence, state, until
from tests.fakes.lossy_network import LossyNetwork
from tests.fakes.running import Running, running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SPOKEN = {"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 700}}}
HOLDS_AFTER_S = 4.0
"""An answer that is longer ends only where it is interrupted, however long the page is looked at before."""

SLOW = "(window.voice ??= (await import('/web/main.js')).voice).networkSlow"
SIGN_OF_LIFE = f"({SLOW}, window.voice.stats().microphone.roundTripMs !== null)"

AS_IT_IS = """
async () => {
  const { voice } = await import('/web/main.js');
  voice.microphone.processing = { noiseSuppression: false, autoGainControl: false, echoCancellation: false };
}
"""

SAID_A_SECOND = """
(await import('/web/main.js')).voice.stats().client.sentAudioFrames
  >= (window.before ??= (await import('/web/main.js')).voice.stats().client.sentAudioFrames) + 24000
"""

CALLS: dict[str, Any] = {"webrtc": {"calls": "relay"}, "profiles": {"default": {"audio": SPOKEN}}}


async def choose(page: Page, transport: str) -> None:
    """Choose in the settings what carries the next session."""
    await page.click("#settings-button")
    await page.select_option("#transport", transport)
    await page.click("#settings-close")


def share_in(whole: Samples, part: Samples) -> float:
    """Of `part`'s slices of 200 ms that sound, how many are in `whole`, whatever codec and jitter buffer did to it."""
    slices = [each for each in np.array_split(part, len(part) // (RATE // 5)) if np.abs(each).max() > 1000]
    return sum(likeness(each, whole) > 0.8 for each in slices) / len(slices)


async def test_a_spoken_turn_over_a_call(open_page: Open) -> None:
    """What is said goes up as a track; the answer is heard, read and timed, and cut by the relay if interrupted."""
    pace = Pace(latency_s=0.05, transcription_s=0.1, holds_after_s=HOLDS_AFTER_S)
    async with serve_mock(record_s=120, pace=pace) as mock, running(mock.url, **CALLS) as relay:
        page = await open_page(np.concatenate([silence(1.5), clip("answer-2"), silence(60)]), bypass_csp=True)
        await page.goto(relay.http)
        await choose(page, "webrtc")
        await page.click("#start")
        await state(page, "listening")
        await page.evaluate(RECORD)
        await state(page, "user-speaking")
        await state(page, "speaking")
        await state(page, "listening")
        played = np.array(json.loads(await page.evaluate(PLAYED)), np.int16)
        said = np.frombuffer(bytes(mock.sessions[0].heard), np.int16)
        word, other = (clip(name)[RATE // 2 : RATE] for name in ("answer-2", "greeting"))
        assert likeness(word, said) > likeness(other, said) + 0.1
        assert share_in(played, clip("answer-1")) > share_in(played, clip("greeting")) + 0.2
        await expect(page.locator('[data-role="assistant"]')).to_contain_text(clips()["answer-1"].words)
        await page.fill("#message", "Tell me a story.")
        await page.keyboard.press("Enter")
        await state(page, "speaking")
        await page.keyboard.press("Escape")
        await expect(page.locator('[data-role="assistant"][data-cut]')).to_have_count(1)
        await state(page, "listening")
        stats = await page.evaluate(STATS)
        await page.click("#start")
        await state(page, "idle")
        await relay.sessions.empty()
    first, _ = stats["latency"]["turns"]
    assert 0 < first["firstAudioMs"] < first["firstHeardMs"]
    assert first["transport"] == "webrtc"
    assert stats["client"]["receivedAudioFrames"] == 0
    assert counted(relay, "up", "conversation.item.truncate") == 1
    assert counted(relay, "down", "conversation.item.truncated") == 1
    assert counted(relay, "down", "error") == 0


async def test_holding_a_button_over_a_call(open_page: Open) -> None:
    """With push to talk a turn has what was said while the button was held, and nothing of the silence before it."""
    async with (
        serve_mock(record_s=60, pace=Pace.instant()) as mock,
        running(mock.url, webrtc={"calls": "relay"}) as relay,
    ):
        page = await open_page(clip("tool"))
        await page.goto(relay.http)
        await page.evaluate(AS_IT_IS)
        await choose(page, "webrtc")
        await page.click("#push-to-talk")
        await page.click("#start")
        await until(page, "(await import('/web/main.js')).voice.client?.session?.audio.input.turn_detection === null")
        await page.hover("#talk")
        await page.mouse.down()
        await expect(page.locator("#talk")).to_have_attribute("aria-pressed", "true")
        await until(page, SAID_A_SECOND)
        await page.mouse.up()
        await state(page, "speaking")
        heard = np.frombuffer(bytes(mock.sessions[0].heard), np.int16)
        await page.click("#start")
        await state(page, "idle")
    assert share_in(heard, clip("tool")) > 0.1
    assert counted(relay, "up", "input_audio_buffer.clear") == 1
    assert counted(relay, "up", "input_audio_buffer.commit") == 1


async def test_a_relay_without_calls_gets_a_websocket(open_page: Open) -> None:
    """Automatic takes a WebSocket where no call can be made, and says why; who asked for a call alone is told so."""
    refused = "the server responded with a status of 403"
    async with serve_mock(pace=Pace.instant()) as mock, running(mock.url, webrtc={"calls": "off"}) as relay:
        page = await open_page(silence(5), expects=(refused,))
        await page.goto(relay.http)
        await choose(page, "automatic")
        await page.click("#start")
        await expect(page.locator("#notice-words")).to_have_text(
            "This relay makes no calls here. A WebSocket takes its place."
        )
        await state(page, "listening")
        await page.click("#start")
        await state(page, "idle")
        await choose(page, "webrtc")
        await page.click("#start")
        await expect(page.locator("#problem-title")).to_have_text("This relay makes no calls here.")
        await page.goto(f"{relay.http}/embed.html")
        element = page.locator("realtime-voice")
        await element.evaluate("(it) => { it.setAttribute('transport', 'automatic'); return it.start(); }")
        assert await element.evaluate("(it) => it.voice.client.transport") == "websocket"


def counted(relay: Running, direction: str, kind: str) -> float:
    """How many events of this type the relay has seen go that way."""
    labels = {"direction": direction, "type": kind}
    return relay.metrics.registry.get_sample_value("relay_events_total", labels) or 0


async def test_a_network_that_is_gone_for_a_while(open_page: Open) -> None:
    """A call outlives a network that carries nothing until the page says so, and goes on when it carries again."""
    network = LossyNetwork()
    try:
        async with (
            serve_mock(pace=Pace.instant()) as mock,
            running(mock.url, webrtc={"calls": "relay"}) as relay,
        ):
            page = await open_page(silence(5))
            await page.route("**/v1/realtime/calls?*", network.carry)
            await page.goto(relay.http)
            await choose(page, "webrtc")
            await page.click("#start")
            await state(page, "listening")
            await until(page, SIGN_OF_LIFE)
            network.share = 1.0
            await until(page, SLOW)
            network.share = 0.0
            await until(page, f"!{SLOW}")
            await page.fill("#message", "Hello.")
            await page.keyboard.press("Enter")
            await state(page, "speaking")
            assert len(mock.sessions) == 1
    finally:
        network.close()
