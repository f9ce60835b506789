"""Other people's clients, as they are installed: as programs of their own, and as a page in Chromium."""

import asyncio
import json
import mimetypes
import os
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Page, Route, async_playwright

from tests.fakes.browser import launch

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0
PAGE = "https://page.example"
"""Where pages come from: an address that does not exist, whose files the browser is given from this repository."""

_IMPORTS = {
    "openai": "/node_modules/openai/index.mjs",
    "openai/realtime/websocket": "/node_modules/openai/realtime/websocket.mjs",
    "openai/beta/realtime/websocket": "/node_modules/openai/beta/realtime/websocket.mjs",
    "@openai/agents-realtime": "/node_modules/@openai/agents-realtime/dist/bundle/openai-realtime-agents.mjs",
}
_DOCUMENT = f'<!doctype html><script type="importmap">{json.dumps({"imports": _IMPORTS})}</script>'


async def run_client(*command: str | Path, **environment: str) -> Any:
    """Run a program to its end, and return the JSON that it printed.

    Raises:
        AssertionError: it failed, with what it said.
        TimeoutError: it took longer than `PATIENCE_S`.
    """
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, **environment}
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            printed, complaints = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, complaints.decode()
    return json.loads(printed)


def in_base64(file: Path) -> str:
    return b64encode(file.read_bytes()).decode()


@asynccontextmanager
async def blank_page(*options: str) -> AsyncIterator[Page]:
    """A page in Chromium that can import this repository's files and the packages that it has installed.

    It takes any certificate. Its console must stay free of errors. `options` are Chromium's own.
    """
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await launch(playwright, *options)
        page = await (
            await browser.new_context(ignore_https_errors=True, permissions=["local-network-access"])
        ).new_page()
        page.set_default_timeout(PATIENCE_S * 1000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        await page.route(f"{PAGE}/**", _give)
        await page.goto(f"{PAGE}/")
        yield page
        await browser.close()
    assert complaints == []


async def _give(route: Route) -> None:
    path = route.request.url.removeprefix(PAGE)
    if path == "/":
        await route.fulfill(body=_DOCUMENT, content_type="text/html")
    elif (file := ROOT / path.lstrip("/")).is_file():
        await route.fulfill(path=file, content_type=mimetypes.guess_type(file.with_suffix(".js"))[0])
    else:
        await route.fulfill(status=204)
