"""What is in each picture: a size, its colours, and what has happened until then."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from playwright.async_api import Page

from tests.fakes.browser import RATE, clip, state
from tests.fakes.stage import Stage

DESKTOP = {"width": 1280, "height": 824}
PHONE = {"width": 375, "height": 740}
SPOKEN_S = 1.6
CALL = ("opening_hours", '{"room": 4}')
FIRST = "Room four, just past the stairs. The oldest of them was built in 1386, and it has no dial: it only strikes."
LAST = "Yes, until six this evening. If you go now you will hear the big one: it strikes at the full hour."

Act = Callable[[Page, Stage], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture. `kept` ones stand in the documents and are small; others are for whoever works on the page."""

    act: Act
    kept: bool = False
    size: Mapping[str, int] = field(default_factory=lambda: DESKTOP)
    dark: bool = False
    address: str = "/"
    scale: float = 1.5


async def nothing(page: Page, stage: Stage) -> None:
    await state(page, "idle")


async def start(page: Page, stage: Stage) -> None:
    await page.click("#start")
    await state(page, "listening")


async def talk(page: Page, stage: Stage) -> None:
    """A question, an answer that is interrupted, a function, and an answer that is being heard."""
    await start(page, stage)
    await tell(stage)


async def tell(stage: Stage) -> None:
    story = clip("story")
    await stage.hear("Which room has the old clocks?")
    await stage.answer(FIRST, story[: 8 * RATE])
    await asyncio.sleep(2.6)
    await stage.hear("Wait, are they open today?", seconds=SPOKEN_S)
    await stage.call(*CALL, '{"open": true, "until": "18:00"}')
    await stage.answer(LAST, story[3 * RATE : 10 * RATE])
    await asyncio.sleep(1.2)


async def visitor_speaks(page: Page, stage: Stage) -> None:
    await start(page, stage)
    await stage.hear("Which room has the old clocks?")
    await stage.answer(FIRST, clip("story")[: 8 * RATE])
    await asyncio.sleep(2.6)
    await stage.hear("Wait, are they", pending=True, seconds=1.2)


async def muted(page: Page, stage: Stage) -> None:
    await start(page, stage)
    await page.click("#mute")
    await state(page, "muted")


async def by_hand(page: Page, stage: Stage) -> None:
    await page.click("#push-to-talk")
    await start(page, stage)


async def thinking(page: Page, stage: Stage) -> None:
    await start(page, stage)
    await stage.hear("Which room has the old clocks?")


async def connecting(page: Page, stage: Stage) -> None:
    """The browser asks for the microphone, and nobody has answered yet."""
    await page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => new Promise(() => {}); }")
    await page.click("#start")
    await state(page, "connecting")


async def refused(page: Page, stage: Stage) -> None:
    await page.context.clear_permissions()
    await page.click("#start")
    await state(page, "error")


async def events(page: Page, stage: Stage) -> None:
    await talk(page, stage)
    await page.click("#drawer-button")
    await page.locator('.event[data-type="conversation.item.truncate"] summary').click()


async def latency(page: Page, stage: Stage) -> None:
    await start(page, stage)
    for number, wait_s in enumerate((0.34, 0.41, 0.29, 0.62, 0.38)):
        await stage.hear(f"Question {number + 1}")
        await stage.answer("An answer.", clip("story")[:RATE], wait_s=wait_s)
        await state(page, "speaking")
        await state(page, "listening")
    await page.click("#drawer-button")
    await page.click("#tab-latency")
    await tell(stage)


async def session(page: Page, stage: Stage) -> None:
    await talk(page, stage)
    await page.click("#drawer-button")
    await page.click("#tab-session")


async def tools(page: Page, stage: Stage) -> None:
    await start(page, stage)
    await stage.hear("Are the old clocks open today?")
    await stage.call(*CALL, None)
    await page.click("#drawer-button")
    await page.click("#tab-tools")


async def settings(page: Page, stage: Stage) -> None:
    await page.click("#settings-button")


async def attached(page: Page, stage: Stage) -> None:
    await talk(page, stage)
    await page.click("#attach")


async def cornered(page: Page, stage: Stage) -> None:
    await page.click("realtime-voice .launcher")
    await page.check("realtime-voice .consent input")
    await page.click("realtime-voice .start")
    await page.wait_for_selector('realtime-voice[data-state="listening"]')
    await tell(stage)


async def voice_tab(page: Page, stage: Stage) -> None:
    await start(page, stage)
    await page.click("#drawer-button")
    await page.click("#tab-voice")


async def embedded(page: Page, stage: Stage) -> None:
    await page.click("realtime-voice .start")
    await tell(stage)


SCENES: Mapping[str, Scene] = {
    "page": Scene(talk, kept=True),
    "page-dark": Scene(talk, kept=True, dark=True),
    "page-events": Scene(events, kept=True, dark=True, scale=1),
    "page-latency": Scene(latency, kept=True, scale=1),
    "page-phone": Scene(talk, kept=True, size=PHONE),
    "page-phone-dark": Scene(visitor_speaks, size=PHONE, dark=True),
    "page-element": Scene(embedded, kept=True, size={"width": 640, "height": 720}, address="/embed.html"),
    "page-widget": Scene(cornered, kept=True, size={"width": 640, "height": 720}, address="/widget.html"),
    "page-voice": Scene(voice_tab, kept=True, scale=1),
    "idle": Scene(nothing),
    "idle-dark": Scene(nothing, dark=True),
    "idle-phone": Scene(nothing, size=PHONE),
    "connecting": Scene(connecting),
    "visitor-speaks": Scene(visitor_speaks),
    "thinking": Scene(thinking),
    "muted": Scene(muted),
    "push-to-talk": Scene(by_hand),
    "push-to-talk-phone": Scene(by_hand, size=PHONE),
    "error": Scene(refused),
    "error-phone": Scene(refused, size=PHONE, dark=True),
    "session": Scene(session),
    "tools": Scene(tools),
    "settings": Scene(settings),
    "settings-phone": Scene(settings, size=PHONE),
    "attach-phone": Scene(attached, size=PHONE),
    "events-phone": Scene(events, size=PHONE),
    "latency-phone": Scene(latency, size=PHONE, dark=True),
    "element-dark": Scene(embedded, size={"width": 640, "height": 720}, dark=True, address="/embed.html"),
}
