"""A real Chromium whose microphone is a WAV file, denied, or not there."""

import asyncio
import os
import shutil
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.async_api import Browser, Page, Playwright

RATE = 24_000
PATIENCE_S = 120.0
"""What ends a wait for what never comes. It decides nothing: beside other work a browser may take many seconds."""
AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
CLIPS = Path(__file__).parents[2] / "relay/stand_ins/mock/clips"
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync")
NO_MICROPHONE = ("--use-fake-ui-for-media-stream", "--disable-audio-input")

Samples = NDArray[np.int16]


def clip(name: str) -> Samples:
    """Speech that the mock upstream ships, 24 kHz."""
    with wave.open(str(CLIPS / f"{name}.wav")) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), np.int16)


def tone(seconds: float, hertz: float = 1000.0, peak: int = 8000) -> Samples:
    """A sine; whole periods where `seconds` holds them."""
    turns = hertz * np.arange(int(seconds * RATE)) / RATE
    return np.asarray(np.rint(peak * np.sin(2 * np.pi * turns)), np.int16)


def write_wav(path: Path, samples: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


def chromium() -> str:
    """The browser's program, wherever the distribution put it."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise FileNotFoundError("no Chromium: `make test` installs it where it may")


def hearing(microphone: Path) -> tuple[str, ...]:
    """Options for a browser that hears a WAV file over and over; a page still has to be permitted to listen."""
    return ("--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={microphone}")


async def launch(playwright: Playwright, *options: str) -> Browser:
    """Start Chromium; whoever calls closes it."""
    rooted = ["--no-sandbox"] if os.geteuid() == 0 else []
    return await playwright.chromium.launch(
        executable_path=chromium(), args=[*options, *QUIET, *rooted], timeout=PATIENCE_S * 1000
    )


async def until(page: Page, condition: str) -> None:
    """Wait until a JavaScript condition, which may await, holds in the page. Its policy allows no strings as code."""
    async with asyncio.timeout(PATIENCE_S):
        await page.evaluate(f"async () => {{ while (!({condition})) await new Promise(requestAnimationFrame); }}")


# The page's states in the order in which they came, so that none is too short to be seen.
_WATCH = """
  const app = document.querySelector('#app');
  if (app !== null && window.states === undefined) {
    window.states = [app.dataset.state];
    const note = () => window.states.push(app.dataset.state);
    new MutationObserver(note).observe(app, { attributeFilter: ['data-state'] });
  }
"""
_REACH = """
async (name) => {
  while (!window.states.includes(name)) await new Promise((resolve) => setTimeout(resolve, 20));
  window.states.splice(0, window.states.indexOf(name));
}
"""


async def watch_states(page: Page) -> None:
    """Have the voice page note its states from when it is loaded, and not only from when one is first waited for."""
    await page.add_init_script(f"document.addEventListener('DOMContentLoaded', () => {{ {_WATCH} }});")


async def state(page: Page, name: str) -> None:
    """Wait until the voice page is in this state, or was since it was in the state that was last waited for."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await page.evaluate(f"() => {{ {_WATCH} }}")  # where nobody has watched so far
            await page.evaluate(_REACH, name)
    except TimeoutError:
        seen = await page.evaluate("window.states")
        raise AssertionError(f"the page was never {name}, but {', '.join(seen)}") from None


# What axe finds, as "rule: element" for a readable failure. Colours count when they have come to rest.
VIOLATIONS = """
async () => {
  await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})));
  const { violations } = await axe.run(document, { resultTypes: ['violations'], preload: false });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}
"""


# Controls that a finger of 44 px may miss: from the middle, 21 px each way must still hit the control, its label, or
# the menu that lies over it for a moment.
TOO_SMALL = """
() => {
  const controls = 'button, input:not([type=file]), select, textarea, summary, a[href], [role=tab]';
  const hits = (control, x, y) => {
    const found = document.elementFromPoint(x, y);
    return found !== null && (control.contains(found) || found.contains(control) && found.matches('label, .composer')
      || found.closest('.menu') !== null);
  };
  return [...document.querySelectorAll(controls)].filter((control) => {
    if (!control.checkVisibility({ visibilityProperty: true }) || control.closest('.visually-hidden')) return false;
    if (document.querySelector('dialog[open]') && !control.closest('dialog[open]')) return false;
    control.scrollIntoView({ block: 'center' });
    const { left, top, width, height } = control.getBoundingClientRect();
    const [x, y] = [left + width / 2, top + height / 2];
    if (!hits(control, x, y)) return false; // something lies over it: it is no target now
    return ![[x - 21, y], [x + 21, y], [x, y - 21], [x, y + 21]].every(([x, y]) => hits(control, x, y));
  }).map((control) => control.outerHTML.slice(0, 120));
}
"""
TOO_WIDE = "() => document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth"


async def fits(page: Page) -> None:
    """No violation, no small target, nothing to scroll sideways for."""
    assert await page.evaluate(VIOLATIONS) == []
    assert await page.evaluate(TOO_SMALL) == []
    assert not await page.evaluate(TOO_WIDE)


class Browsers:
    """Browsers that are started once for each sound that they hear; whoever opens a page there closes its context."""

    def __init__(self, playwright: Playwright, directory: Path) -> None:
        self._playwright = playwright
        self._directory = directory
        self._running: dict[bytes | None, Browser] = {}

    async def that_hears(self, samples: Samples | None) -> Browser:
        """The browser whose microphone is these samples, over and over; it has none where there are no samples."""
        sound = None if samples is None else samples.tobytes()
        if sound not in self._running:
            self._running[sound] = await launch(self._playwright, *self._options(samples))
        return self._running[sound]

    def _options(self, samples: Samples | None) -> tuple[str, ...]:
        if samples is None:
            return NO_MICROPHONE
        microphone = self._directory / f"{len(self._running)}.wav"
        write_wav(microphone, samples)
        return hearing(microphone)

    async def close(self) -> None:
        for browser in self._running.values():
            await browser.close()
