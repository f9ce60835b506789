"""The voice page's camera and screen in a call: Chromium's own fake camera, and a relay that shows it to the mock."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.async_api import Page, expect

from relay.stand_ins.mock import Pace, serve_mock
from tests.browser.conftest import Open
from tests.browser.test_call_page import choose
from tests.browser.test_images import SCREEN
from tests.fakes.browser import AXE, clip, fits, silence, state, until
from tests.fakes.coturn import PROGRAM, turn_server
from tests.fakes.running import running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WATCHES: dict[str, Any] = {"calls": "relay", "video": {"when": "turn", "side": 320}}
SPEAKS = np.concatenate([silence(2), clip("answer-1"), silence(2)])
"""Over and over, so that sooner or later a turn begins while the camera is on."""

SECRET = "what-the-turn-servers-know"
VIDEO = "(window.callVideo ??= (await import('/web/main.js')).voice.video)"
COLOUR = """async () => {
  const image = new Image();
  image.src = (await import('/web/main.js')).voice.video.latest;
  await image.decode();
  const canvas = document.createElement('canvas').getContext('2d');
  canvas.drawImage(image, 0, 0);
  return [image.width, image.height, ...canvas.getImageData(4, image.height / 2, 1, 1).data];
}"""
RED = SCREEN.replace("setInterval", "context.fillStyle = '#d01010'; setInterval")
ONLY_BY_TURN = """
  const Straight = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Straight {
    constructor() { super({ iceTransportPolicy: 'relay' }); }
    setConfiguration(given) { super.setConfiguration({ ...given, iceTransportPolicy: 'relay' }); }
  };
"""


async def call(page: Page) -> None:
    await choose(page, "webrtc")
    await page.click("#start")
    await state(page, "listening")


async def test_a_camera_and_then_a_screen(open_page: Open) -> None:
    """A button shows the camera, and what the model saw of it; a screen takes its place, and a press ends it."""
    page = await open_page(SPEAKS, viewport={"width": 1280, "height": 824})
    await page.context.grant_permissions(["microphone", "camera"])
    await page.add_init_script(RED)
    async with serve_mock(pace=Pace.instant()) as mock, running(mock.url, webrtc=WATCHES) as relay:
        await page.goto(relay.http)
        await expect(page.locator("#show-camera")).to_be_hidden()
        await call(page)
        await page.click("#show-camera")
        await expect(page.locator("#video-title")).to_have_text("Your camera is on")
        await until(page, "document.getElementById('video-preview').videoWidth > 0")
        await until(page, f"{VIDEO}.shown > 0")
        width, height, red, green, blue, _ = await page.evaluate(COLOUR)
        assert (width, height) == (320, 240)
        assert green > max(red, blue) + 40  # Chromium's fake camera is green
        await expect(page.locator("#video-seen")).to_contain_text("at each of your turns: ")
        await expect(page.locator('[data-role="user"] .turn-images img').first).to_be_visible()
        await page.click("#show-screen")
        await expect(page.locator("#video-title")).to_have_text("Your screen is on")
        await until(page, f"(window.seen ??= {VIDEO}.shown) && {VIDEO}.shown > window.seen + 1")
        *_, red, green, blue, _ = await page.evaluate(COLOUR)
        assert red > max(green, blue) + 80
        await page.click("#show-screen")
        await expect(page.locator("#video")).to_be_hidden()
        await page.click("#start")
        await state(page, "idle")
        await expect(page.locator("#show-camera")).to_be_hidden()
        await relay.sessions.empty()


async def test_a_camera_that_is_not_allowed_and_one_that_ends(open_page: Open) -> None:
    """Who refuses the camera is told what to do, and talks on; what the browser ends is off, as at a call's end."""
    page = await open_page(silence(5), bypass_csp=True, viewport={"width": 375, "height": 740})
    async with serve_mock(pace=Pace.instant()) as mock, running(mock.url, webrtc=WATCHES) as relay:
        await page.goto(relay.http)
        await call(page)
        await page.add_script_tag(path=AXE)
        await page.click("#show-camera")
        await expect(page.locator("#notice-words")).to_contain_text("This page may not use the camera.")
        await expect(page.locator("#video")).to_be_hidden()
        await page.context.grant_permissions(["microphone", "camera"])
        await page.click("#show-camera")
        await expect(page.locator("#video")).to_be_visible()
        await until(page, f"(window.track = {VIDEO}.stream.getTracks()[0]).dispatchEvent(new Event('ended'))")
        await expect(page.locator("#video")).to_be_hidden()
        await page.click("#show-camera")
        await expect(page.locator("#video")).to_be_visible()
        await fits(page)
        await page.click("#video-stop")
        await expect(page.locator("#show-camera")).to_be_focused()
        await page.click("#show-camera")
        await expect(page.locator("#video")).to_be_visible()
        await until(page, f"(window.track = {VIDEO}.stream.getTracks()[0])")
        await page.click("#start")
        await state(page, "idle")
        await until(page, "window.track.readyState === 'ended'")
        await expect(page.locator("#video")).to_be_hidden()


async def test_no_camera_where_nobody_watches(open_page: Open) -> None:
    """Neither a WebSocket nor a call whose relay shows no pictures has the buttons."""
    page = await open_page(silence(5))
    async with serve_mock(pace=Pace.instant()) as mock, running(mock.url, webrtc={"calls": "relay"}) as relay:
        await page.goto(relay.http)
        for transport in ("websocket", "webrtc"):
            await choose(page, transport)
            await page.click("#start")
            await state(page, "listening")
            await expect(page.locator("#show-camera")).to_be_hidden()
            await page.click("#start")
            await state(page, "idle")


@pytest.mark.skipif(PROGRAM is None, reason="there is no coturn here; `make test` installs Debian's where it may")
async def test_a_page_that_comes_by_a_turn_server(open_page: Open, tmp_path: Path) -> None:
    """A page whose network has no other way takes the TURN server that the relay names, with its credential."""
    page = await open_page(silence(5))
    await page.add_init_script(ONLY_BY_TURN)
    async with turn_server(SECRET, tmp_path) as port, serve_mock(pace=Pace.instant()) as mock:
        webrtc = {"calls": "relay", "ice_servers": [f"turn:127.0.0.1:{port}?transport=tcp"]}
        async with running(mock.url, webrtc=webrtc, turn_secret=SECRET) as relay:
            await page.goto(relay.http)
            await call(page)
            await page.fill("#message", "Hello.")
            await page.keyboard.press("Enter")
            await state(page, "speaking")
            await page.click("#start")
            await state(page, "idle")
