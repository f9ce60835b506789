"""A real Firefox, driven by WebDriver BiDi over its own WebSocket: https://w3c.github.io/webdriver-bidi/."""

import asyncio
import itertools
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

# A microphone that is always permitted and hums.
PREFERENCES = {"media.navigator.permission.disabled": True, "media.navigator.streams.fake": True}
PATIENCE_S = 120.0
# The element once a frame finds it where the last one did, and nothing of others above its middle.
FIND_STILL = """(selector) => new Promise((done) => {
    const element = document.querySelector(selector);
    let last = "";
    const look = () => {
        const { x, y, width, height } = element.getBoundingClientRect();
        const above = document.elementFromPoint(x + width / 2, y + height / 2);
        const place = `${x} ${y}`;
        if (place === last && element.contains(above)) return done(element);
        last = place;
        requestAnimationFrame(look);
    };
    look();
})"""


class Firefox:
    """One tab.

    Attributes:
        complaints: errors in its console.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self.complaints: list[str] = []
        self._connection = connection
        self._ids = itertools.count(1)
        self._tab = ""

    async def begin(self) -> None:
        await self._call("session.new", capabilities={})
        await self._call("session.subscribe", events=["log.entryAdded"])
        self._tab = (await self._call("browsingContext.getTree"))["contexts"][0]["context"]

    async def goto(self, url: str) -> None:
        """Open a page, and wait until it is loaded."""
        await self._call("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    async def until(self, condition: str) -> None:
        """Wait until this JavaScript is true in the page."""
        look = f"const look = () => ({condition}) ? done() : requestAnimationFrame(look); look();"
        await self._evaluate(f"new Promise((done) => {{ {look} }})")

    async def click(self, selector: str) -> None:
        """Click with the mouse in the middle of an element, once it lies still under it."""
        element = await self._evaluate(f"({FIND_STILL})({json.dumps(selector)})")
        origin = {"type": "element", "element": {"sharedId": element["sharedId"]}}
        await self._act(
            "pointer",
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        )

    async def press(self, keys: str) -> None:
        """Press one key after another."""
        await self._act("key", *({"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")))

    async def _act(self, kind: str, *actions: dict[str, Any]) -> None:
        await self._call(
            "input.performActions", context=self._tab, actions=[{"type": kind, "id": kind, "actions": list(actions)}]
        )

    async def _evaluate(self, expression: str) -> dict[str, Any]:
        target = {"context": self._tab}
        async with asyncio.timeout(PATIENCE_S):
            found = await self._call("script.evaluate", expression=expression, target=target, awaitPromise=True)
        assert found["type"] == "success", found
        result: dict[str, Any] = found["result"]
        return result

    async def _call(self, method: str, **params: Any) -> dict[str, Any]:
        call_id = next(self._ids)
        await self._connection.send(json.dumps({"id": call_id, "method": method, "params": params}))
        while True:
            answer = json.loads(await self._connection.recv())
            if answer.get("method") == "log.entryAdded" and answer["params"]["level"] == "error":
                self.complaints.append(answer["params"]["text"])
            if answer.get("id") == call_id:
                assert answer["type"] == "success", answer
                result: dict[str, Any] = answer["result"]
                return result


def firefox_program() -> str | None:
    """The browser's program, if there is one."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


@asynccontextmanager
async def firefox(profile: Path) -> AsyncIterator[Firefox]:
    """Run Firefox without a window, with a profile of its own, until the context ends."""
    words = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items())
    (profile / "user.js").write_text("".join(words))
    process = await asyncio.create_subprocess_exec(
        str(firefox_program()), "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, env={**os.environ, "HOME": str(profile)},
    )  # fmt: skip
    try:
        async with connect(
            f"{await _address(process)}/session", max_size=None, proxy=None, open_timeout=None
        ) as connection:
            tab = Firefox(connection)
            await tab.begin()
            yield tab
    finally:
        process.terminate()
        await process.communicate()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode():
        if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
            return found[1]
    raise AssertionError("Firefox ended before it listened")
