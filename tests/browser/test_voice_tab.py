"""How a session sounds and takes turns, chosen without JSON."""

import asyncio
import re

import numpy as np
import pytest
from playwright.async_api import expect

from relay import load_settings
from relay.stand_ins.mock import serve_mock
from tests.fakes.browser import clip, silence, state, tone, until
from tests.fakes.running import running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

OUTPUT = "(await import('/web/main.js')).voice.client.session.audio.output"
INPUT = "(await import('/web/main.js')).voice.client.session.audio.input"
CLIPBOARD = "navigator.clipboard.readText()"


async def test_what_is_chosen_is_said_to_the_session(open_page, tmp_path) -> None:
    """A link's choices hold from the start on, others at once; all are a profile that the relay takes."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(silence(1))
        await page.context.grant_permissions(["microphone", "clipboard-read", "clipboard-write"])
        await page.goto(f"{relay.http}/#voice=cedar&silenceMs=350")
        await page.click("#start")
        await state(page, "listening")
        await until(page, f"{OUTPUT}.voice === 'cedar' && {INPUT}.turn_detection.silence_duration_ms === 350")
        await page.click("#drawer-button")
        await page.click("#tab-voice")
        await expect(page.locator("[name=voice]")).to_have_value("cedar")
        await page.select_option("[name=detection]", "semantic_vad")
        await expect(page.locator("#voice-result")).to_have_text("The session was updated.")
        await expect(page.locator("[name=eagerness]")).to_be_visible()
        await expect(page.locator("[name=silenceMs]")).to_be_hidden()
        assert await page.evaluate(f"async () => {INPUT}.turn_detection.type") == "semantic_vad"
        await page.select_option("[name=sound]", "pcmu")
        await until(page, f"{OUTPUT}.format.type === 'audio/pcmu'")
        await page.fill("#message", "Hello.")
        await page.press("#message", "Enter")
        await state(page, "speaking")
        await state(page, "listening")
        await page.click("#voice-toml")
        await expect(page.locator("#notice")).to_have_text("The profile was copied.")
        config = tmp_path / "relay.toml"
        await asyncio.to_thread(config.write_text, await page.evaluate(CLIPBOARD))
        profile = load_settings(config, upstream="mock").profile("default")
        assert profile is not None
        assert profile.session["audio"]["output"]["voice"] == "cedar"


async def test_devices_are_tried_before_a_call(open_page) -> None:
    """The meter moves with the microphone while nobody is called, and a call takes the microphone over."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(tone(1))
        await page.goto(relay.http)
        await page.click("#drawer-button")
        await page.click("#tab-voice")
        await page.click("#mic-try")
        await until(page, "document.querySelector('#mic-level').value > 0.2")
        assert len(relay.sessions) == 0
        await page.click("#start")
        await state(page, "listening")
        await expect(page.locator("#mic-try")).to_be_disabled()
        await expect(page).to_have_title(re.compile(r"^(Listening|You are speaking) · Realtime Relay$"))
        assert await page.evaluate("navigator.mediaSession.playbackState") == "playing"
        await page.click("#start")
        await expect(page).to_have_title("Realtime Relay")


async def test_other_kinds_of_sessions_are_had_too(open_page) -> None:
    """Captions have what is said and no answer; a translation has both sides, and is heard."""
    async with serve_mock() as mock, running(mock.url) as relay:
        page = await open_page(np.concatenate([silence(1), clip("answer-1"), silence(3)]))
        await page.goto(relay.http)
        for kind, sides in (("captions", ["user"]), ("translation", ["assistant", "user"])):
            await page.click("#settings-button")
            await page.select_option("#kind", kind)
            await page.click("#settings-close")
            await page.click("#start")
            for side in sides:
                await expect(page.locator(f"[data-role={side}] .turn-text").first).not_to_be_empty()
            if kind == "captions":
                await expect(page.locator("[data-role=assistant]")).to_have_count(0)
            await page.click("#start")
            await state(page, "idle")
            await page.click("#transcript-clear")
