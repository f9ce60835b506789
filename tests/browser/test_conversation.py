"""A conversation in a real browser: its microphone, the relay, the mock upstream, its loudspeaker."""

import json

import numpy as np
import pytest
from playwright.async_api import expect

from relay.stand_ins.mock import serve_mock
from tests.fakes.browser import RATE, Samples, clip, silence, state
from tests.fakes.running import running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Everything that reaches the device, as 16-bit samples; taken on the audio thread, which a busy page does not delay.
RECORD = """
async () => {
  const { voice } = await import('/web/main.js');
  const worklet = `registerProcessor('recorder', class extends AudioWorkletProcessor {
    process([[samples]]) {
      if (samples) this.port.postMessage(samples.slice());
      return true;
    }
  })`;
  const { output } = voice.speaker;
  const url = URL.createObjectURL(new Blob([worklet], { type: 'text/javascript' }));
  await output.context.audioWorklet.addModule(url);
  const recorder = new AudioWorkletNode(output.context, 'recorder');
  window.played = [];
  recorder.port.onmessage = ({ data }) => window.played.push(...data);
  output.connect(recorder).connect(output.context.destination);
}
"""
PLAYED = "() => JSON.stringify(window.played.map((sample) => Math.round(sample * 32767)))"
STATS = "async () => (await import('/web/main.js')).voice.stats()"


def likeness(part: Samples, whole: Samples) -> float:
    """The largest normalised correlation of `part` with any stretch of `whole`, 1 for a copy."""
    a, b = part.astype(float), whole.astype(float)
    size = 1 << (len(a) + len(b)).bit_length()
    lags = np.fft.irfft(np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size)), size)[: len(b) - len(a) + 1]
    until = np.concatenate([[0.0], np.cumsum(b * b)])
    energy = until[len(a) :] - until[: -len(a)]
    return float((lags / np.sqrt(energy.clip(1.0) * (a @ a))).max())


def share_in(whole: Samples, part: Samples) -> float:
    """Of `part`'s slices of 50 ms that sound, how many are in `whole`: a gap costs those alone that it falls into."""
    slices = [each for each in np.split(part, len(part) // (RATE // 20)) if each.any()]
    return sum(likeness(each, whole) > 0.95 for each in slices) / len(slices)


async def test_what_is_spoken_is_heard_and_answered(open_page) -> None:
    """The upstream hears what was spoken into the microphone, and what the page plays is the upstream's answer."""
    speech = clip("answer-1")
    listen = {"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 700}}}
    profiles = {"default": {"instructions": "Repeat after me.", "audio": listen}}
    async with serve_mock(record_s=30) as mock, running(mock.url, profiles=profiles) as relay:
        page = await open_page(np.concatenate([silence(1.5), speech, silence(20)]), bypass_csp=True)
        await page.goto(relay.http)
        await page.click("#start")
        await state(page, "listening")
        await page.evaluate(RECORD)
        await state(page, "user-speaking")
        await state(page, "speaking")
        await state(page, "listening")
        played = np.array(json.loads(await page.evaluate(PLAYED)), np.int16)
        stats = await page.evaluate(STATS)
        await expect(page.locator('[data-role="user"]')).to_have_count(1)
        await expect(page.locator('[data-role="assistant"]')).to_have_count(1)
        await page.click("#start")
        await state(page, "idle")
        await relay.sessions.empty()
        heard = np.frombuffer(bytes(mock.sessions[0].heard), np.int16)
    middle = slice(len(speech) // 4, 3 * len(speech) // 4)
    other = clip("greeting")[RATE // 2 : RATE + RATE // 2]
    # The browser's noise suppression takes its part, and so does a processor that has no time for the browser's sound.
    assert likeness(speech[middle], heard) > 0.4
    assert likeness(other, heard) < 0.3
    start = int(np.argmax(np.abs(heard) > 2000))
    answer = heard[start + RATE // 4 : start + RATE]
    # Beside other work the page may have nothing to play for a moment, and then it plays on.
    assert share_in(played, answer) > 0.6
    turn = stats["latency"]["turns"][0]
    assert 0 < turn["firstAudioMs"] < turn["firstHeardMs"]
    assert stats["client"]["protocol"] == "relay.binary.v1"
    assert stats["microphone"]["droppedChunks"] == 0


async def test_speaking_over_an_answer_stops_it(open_page) -> None:
    """Speech during an answer makes the page silent at once and tells the upstream how much was heard."""
    listen = {"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 1500}}}
    profiles = {"default": {"instructions": "Give long answers.", "audio": listen}}
    async with serve_mock(record_s=30) as mock, running(mock.url, profiles=profiles) as relay:
        # Spoken for long, so that the page is looked at before the next answer; and then not again in this test.
        over = np.concatenate([silence(1.5), clip("answer-2"), silence(4), clip("greeting"), silence(120)])
        page = await open_page(over)
        await page.goto(relay.http)
        await page.click("#start")
        await state(page, "speaking")
        await state(page, "user-speaking")
        assert not (await page.evaluate(STATS))["speaker"]["playing"]
        await expect(page.locator('[data-role="assistant"][data-cut]')).to_have_count(1)
        await state(page, "speaking")
        await page.click("#start")
        await state(page, "idle")
        truncated = relay.metrics.registry.get_sample_value(
            "relay_events_total", {"direction": "down", "type": "conversation.item.truncated"}
        )
        assert truncated == 1
        errors = relay.metrics.registry.get_sample_value("relay_events_total", {"direction": "down", "type": "error"})
        assert errors == 0
