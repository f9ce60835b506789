"""A real Chromium whose microphone is a WAV file."""

import contextlib
import os
import shutil
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.async_api import Page, async_playwright

RATE = 24_000
CLIPS = Path(__file__).parents[2] / "relay/upstreams/mock/clips"
Samples = NDArray[np.int16]
Open = Callable[[Samples], Awaitable[Page]]


def clip(name: str) -> Samples:
    """Speech that the mock upstream ships, 24 kHz."""
    with wave.open(str(CLIPS / f"{name}.wav")) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), np.int16)


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


@pytest.fixture
async def open_page(tmp_path: Path) -> AsyncIterator[Open]:
    """Open a browser that hears the given samples, over and over. Its console must stay free of errors."""
    complaints: list[str] = []
    async with contextlib.AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())

        async def open_page(heard: Samples) -> Page:
            microphone = tmp_path / "microphone.wav"
            write_wav(microphone, heard)
            browser = await playwright.chromium.launch(
                executable_path=chromium(),
                args=[
                    "--use-fake-ui-for-media-stream",
                    "--use-fake-device-for-media-stream",
                    f"--use-file-for-fake-audio-capture={microphone}",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    *(["--no-sandbox"] if os.geteuid() == 0 else []),
                ],
            )
            stack.push_async_callback(browser.close)
            page = await browser.new_page()
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            return page

        yield open_page
    assert complaints == []
