"""Pages in a real browser, which must not complain."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.fakes.browser import NO_MICROPHONE, PATIENCE_S, Samples, hearing, launch, watch_states, write_wav

Open = Callable[..., Awaitable[Page]]

RELAY_GONE = ("net::ERR_CONNECTION_REFUSED", "net::ERR_CONNECTION_RESET")
"""A test's relay ends before its browser, which may still ask for it. A page that is refused before gets no further."""


@pytest.fixture
async def open_page(tmp_path: Path) -> AsyncIterator[Open]:
    """Open a browser that hears the given samples, over and over. Its console must stay free of errors.

    Without samples there is no microphone; `permitted` says whether pages may use it, `expects` what the browser itself
    may complain of, and the rest is a context's: its size, its colours.
    """
    complaints: list[str] = []
    expect.set_options(timeout=PATIENCE_S * 1000)
    async with contextlib.AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())

        async def open_page(
            heard: Samples | None, *, permitted: bool = True, expects: tuple[str, ...] = (), **context: Any
        ) -> Page:
            def complain(words: str) -> None:
                if not any(expected in words for expected in (*expects, *RELAY_GONE)):
                    complaints.append(words)

            options: tuple[str, ...] = NO_MICROPHONE
            if heard is not None:
                microphone = tmp_path / "microphone.wav"
                write_wav(microphone, heard)
                options = hearing(microphone)
            browser = await launch(playwright, *options)
            stack.push_async_callback(browser.close)
            permissions = ["microphone"] if permitted else []
            page = await (await browser.new_context(permissions=permissions, **context)).new_page()
            page.set_default_timeout(PATIENCE_S * 1000)
            await watch_states(page)
            page.on("console", lambda message: complain(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: complain(str(error)))
            return page

        yield open_page
    assert complaints == []
