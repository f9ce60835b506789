"""A browser's own WebRTC, answered by the relay: an unmodified page, a real Chromium with a microphone."""

import numpy as np
import pytest

from relay.stand_ins.mock import Pace, serve_mock
from tests.browser.conftest import Open
from tests.fakes.browser import clip, silence, until
from tests.fakes.running import running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CALL = """async (video) => {
  const heard = (window.heard = []), told = (window.told = []);
  const pc = (window.pc = new RTCPeerConnection());
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video });
  for (const track of media.getTracks()) pc.addTrack(track, media);
  pc.addEventListener('track', ({ streams: [stream] }) => {
    const sink = new Audio();  // Chromium decodes nothing that is not played
    Object.assign(sink, { srcObject: stream, muted: true });
    void sink.play();
    const context = (window.context = new AudioContext());
    const analyser = context.createAnalyser(), samples = new Float32Array(analyser.fftSize);
    context.createMediaStreamSource(stream).connect(analyser);
    setInterval(() => { analyser.getFloatTimeDomainData(samples); heard.push(Math.max(...samples)); }, 20);
  });
  const channel = (window.channel = pc.createDataChannel('oai-events'));
  channel.addEventListener('message', ({ data }) => told.push(JSON.parse(data)));
  channel.addEventListener('close', () => { window.hasClosed = true; });
  await pc.setLocalDescription(await pc.createOffer());
  const headers = { 'Content-Type': 'application/sdp' };
  const made = await fetch('/v1/realtime/calls', { method: 'POST', body: pc.localDescription.sdp, headers });
  const answer = await made.text();
  window.place = made.headers.get('Location');
  await pc.setRemoteDescription({ type: 'answer', sdp: answer });
}"""

TOLD = "window.told.some((event) => event.type === '{}')"


async def test_a_spoken_turn_in_chromium(open_page: Open) -> None:
    """What is said is heard, the answer sounds in the browser, and a hangup closes the channel."""
    page = await open_page(np.concatenate([silence(1.5), clip("answer-1"), silence(20)]))
    async with serve_mock(pace=Pace.instant()) as mock, running(mock.url, webrtc={"calls": "relay"}) as relay:
        await page.goto(relay.http)
        await page.evaluate(CALL, False)
        await until(page, TOLD.format("session.created"))
        await until(page, TOLD.format("input_audio_buffer.speech_started"))
        await until(page, TOLD.format("response.output_audio_transcript.delta"))
        await until(page, "window.context.resume() && window.heard.some((level) => level > 0.02)")
        assert not await page.evaluate(TOLD.format("response.output_audio.delta"))
        assert (
            await page.evaluate("fetch(`${window.place}/hangup`, { method: 'POST' }).then(({ status }) => status)")
            == 200
        )
        await until(page, "window.hasClosed === true")
        await relay.sessions.empty()
        assert relay.ended_by("peer_closed") == 1


PICTURE = """async () => {
  const { item } = window.told.find(({ type, item }) =>
    type === 'conversation.item.added' && item.content[0]?.type === 'input_image');
  const image = new Image();
  image.src = item.content[0].image_url;
  await image.decode();
  const canvas = document.createElement('canvas').getContext('2d');
  canvas.drawImage(image, 0, 0);
  return [image.width, image.height, ...canvas.getImageData(4, image.height / 2, 1, 1).data];
}"""

SEEN = """window.told.some(({ type, item }) =>
  type === 'conversation.item.added' && item.content[0]?.type === 'input_image')"""


async def test_a_camera_in_chromium(open_page: Open) -> None:
    """Its colours arrive: what it shows when the user begins to speak stands in the conversation, small."""
    page = await open_page(np.concatenate([silence(2), clip("answer-1"), silence(2)]))
    await page.context.grant_permissions(["microphone", "camera"])
    webrtc = {"calls": "relay", "video": {"when": "turn", "side": 320}}
    async with serve_mock(pace=Pace.instant()) as mock, running(mock.url, webrtc=webrtc) as relay:
        await page.goto(relay.http)
        await page.evaluate(CALL, {"width": 640, "height": 480})
        await until(page, SEEN)
        width, height, red, green, blue, _ = await page.evaluate(PICTURE)
        assert (width, height) == (320, 240)
        assert green > red + 40  # Chromium's fake camera is green
        assert green > blue + 40
        await page.evaluate("window.pc.close()")
        await relay.sessions.empty()
