"""Pages in a real browser, which must not complain."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from tests.fakes.browser import PATIENCE_S, Browsers, Samples, watch_states

Open = Callable[..., Awaitable[Page]]

RELAY_GONE = ("net::ERR_CONNECTION_REFUSED", "net::ERR_CONNECTION_RESET")
"""A test's relay ends before its browser, which may still ask for it. A page that is refused before gets no further."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browsers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browsers]:
    """The browsers of all tests: to start one costs as much as most tests do in it."""
    async with async_playwright() as playwright:
        browsers = Browsers(playwright, tmp_path_factory.mktemp("microphones"))
        yield browsers
        await browsers.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browsers: Browsers) -> AsyncIterator[Open]:
    """Open a page of a visitor's own in a browser that hears the given samples, over and over.

    Its console must stay free of errors. Without samples there is no microphone; `permitted` says whether pages may use
    it, `expects` what the browser itself may complain of, and the rest is a context's: its size, its colours.
    Less motion is asked for unless a test says otherwise: what moves takes a quarter of a talking browser's time.
    """
    complaints: list[str] = []
    expect.set_options(timeout=PATIENCE_S * 1000)
    async with contextlib.AsyncExitStack() as stack:

        async def open_page(
            heard: Samples | None, *, permitted: bool = True, expects: tuple[str, ...] = (), **context: Any
        ) -> Page:
            def complain(words: str) -> None:
                if not any(expected in words for expected in (*expects, *RELAY_GONE)):
                    complaints.append(words)

            browser = await browsers.that_hears(heard)
            permissions = ["microphone"] if permitted else []
            visitor = await browser.new_context(permissions=permissions, **{"reduced_motion": "reduce", **context})
            stack.push_async_callback(visitor.close)
            page = await visitor.new_page()
            page.set_default_timeout(PATIENCE_S * 1000)
            await watch_states(page)
            page.on("console", lambda message: complain(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: complain(str(error)))
            return page

        yield open_page
    assert complaints == []
