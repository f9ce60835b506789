"""The page in Firefox: it loads, and everything but the sound is tried. Machines that test have no loudspeaker."""

import pytest

from relay.stand_ins.mock import serve_mock
from tests.fakes.firefox import Firefox, firefox, firefox_program
from tests.fakes.running import running

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(firefox_program() is None, reason="no Firefox here: install firefox-esr to try the page in it"),
]

ENTER = "\ue007"
ESCAPE = "\ue00c"


async def state(tab: Firefox, name: str) -> None:
    await tab.until(f"document.querySelector('#app').dataset.state === '{name}'")


async def shown(tab: Firefox, selector: str) -> None:
    await tab.until(f"document.querySelector('{selector}')?.checkVisibility()")


async def test_the_page_works_in_firefox(tmp_path) -> None:
    """In Firefox the page starts, mutes, writes, is answered, interrupts, shows its drawer and stops."""
    async with serve_mock() as mock, running(mock.url) as relay, firefox(tmp_path) as tab:
        await tab.goto(relay.http)
        await state(tab, "idle")
        await tab.click("#start")
        await state(tab, "listening")
        await tab.click("#mute")
        await state(tab, "muted")
        await tab.click("#mute")
        await tab.click("#message")
        await tab.press("Tell me a story." + ENTER)
        await state(tab, "speaking")
        await shown(tab, '[data-role="assistant"] .turn-text')
        await tab.press(ESCAPE)
        await state(tab, "listening")
        await tab.click("#drawer-button")
        for name in ("latency", "voice", "session", "tools", "events"):
            await tab.click(f"#tab-{name}")
            await shown(tab, f"#panel-{name}")
        await shown(tab, ".event")
        await tab.click("#drawer-close")
        await tab.click("#settings-button")
        await shown(tab, "#settings[open]")
        await tab.click("#settings-close")
        await tab.click("#start")
        await state(tab, "idle")
        assert tab.complaints == []
