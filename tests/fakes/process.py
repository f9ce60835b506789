"""The relay as a person starts it: `relay serve` in a process of its own."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

Process = asyncio.subprocess.Process


@asynccontextmanager
async def relay_process(*arguments: str, **environment: str) -> AsyncIterator[tuple[Process, str]]:
    """Run `relay serve` on a free port until the context ends; yields the process and its HTTP address.

    It gives no notice before it drains, unless the environment says so.
    """
    async with relay_process_with({}, arguments, environment) as (process, started):
        yield process, started["address"]


@asynccontextmanager
async def relay_process_with(
    options: Mapping[str, Any], arguments: Sequence[str], environment: Mapping[str, str]
) -> AsyncIterator[tuple[Process, dict[str, Any]]]:
    """The same, with options of the process; yields what its log says of the start, JSON from the first line on."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "relay", "serve", "--port", "0", *arguments,
        stderr=asyncio.subprocess.PIPE, env={**os.environ, "RELAY_DRAIN_NOTICE_S": "0", **environment},
        **options,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        while True:
            line = (await process.stderr.readline()).decode()
            assert line, "the relay ended before it listened"
            said = json.loads(line)
            if said["event"] == "relay.started":
                yield process, said
                break
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@asynccontextmanager
async def unread_log(process: Process) -> AsyncIterator[None]:
    """Read what the process says and forget it, so that it never waits for its log to be read."""
    assert process.stderr is not None

    async def forget(log: asyncio.StreamReader) -> None:
        while await log.read(1 << 16):
            pass

    forgetting = asyncio.create_task(forget(process.stderr))
    try:
        yield
    finally:
        forgetting.cancel()
        await asyncio.wait([forgetting])


async def log_line(process: Process, word: str) -> str:
    """Read the process's log up to the line that holds the word."""
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode():
        if word in line:
            return line
    raise AssertionError(f"the log ended without {word}")
