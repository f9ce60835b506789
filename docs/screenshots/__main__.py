"""`python -m docs.screenshots`: take the documents' pictures of the voice page, or all that there are."""

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import Page, async_playwright

from docs.screenshots.scenes import SCENES, SPOKEN_S, Scene
from tests.fakes.browser import RATE, clip, hearing, launch, silence, write_wav
from tests.fakes.process import relay_process
from tests.fakes.stage import stage

IMAGES = Path(__file__).parents[1] / "images"
HOST = "relay.localhost"
SPEAKS_AFTER_S = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m docs.screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", help="of scenes; those that the documents show when none is given")
    parser.add_argument("--all", action="store_true", help="every scene")
    parser.add_argument("--to", type=Path, default=IMAGES, help="where to write them")
    given = parser.parse_args()
    kept = [name for name, scene in SCENES.items() if scene.kept]
    given.to.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(given.names or (list(SCENES) if given.all else kept), given.to))


async def take(names: list[str], folder: Path) -> None:
    """Take the pictures of these names, each in a browser and with a relay of its own."""
    with tempfile.TemporaryDirectory() as home:
        microphone = Path(home, "microphone.wav")
        spoken = clip("answer-1")[: int(SPOKEN_S * RATE)]
        write_wav(microphone, np.concatenate([silence(SPEAKS_AFTER_S), spoken, silence(60)]))
        for name in names:
            await _take(SCENES[name], microphone, folder / f"{name}.png")


async def _take(scene: Scene, microphone: Path, path: Path) -> None:
    async with (
        stage() as far_end,
        relay_process("--upstream", far_end.url, RELAY_ALLOWED_ORIGINS=f"http://{HOST}") as (_, address),
        async_playwright() as playwright,
    ):
        port = address.rsplit(":", 1)[1].strip("/")
        rules = f"--host-resolver-rules=MAP {HOST}:80 127.0.0.1:{port}"
        browser = await launch(playwright, *hearing(microphone), rules)
        page = await browser.new_page(**_eyes(scene))
        await page.context.grant_permissions(["microphone"], origin=f"http://{HOST}")
        await page.goto(f"http://{HOST}{scene.address}")
        await scene.act(page, far_end)
        await _snap(page, path)
        await browser.close()


def _eyes(scene: Scene) -> dict[str, Any]:
    return {
        "viewport": scene.size,
        "color_scheme": "dark" if scene.dark else "light",
        "device_scale_factor": scene.scale,
        "has_touch": scene.size["width"] < 600,
    }


async def _snap(page: Page, path: Path) -> None:
    """Wait until colours have come to rest, and take the picture."""
    await page.wait_for_timeout(300)
    await page.screenshot(path=path)


if __name__ == "__main__":
    main()
