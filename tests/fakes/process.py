"""The relay as a person starts it: `relay serve` in a process of its own."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

Process = asyncio.subprocess.Process


@asynccontextmanager
async def relay_process(*arguments: str, **environment: str) -> AsyncIterator[tuple[Process, str]]:
    """Run `relay serve` on a free port until the context ends; yields the process and its HTTP address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "relay", "serve", "--port", "0", *arguments,
        stderr=asyncio.subprocess.PIPE, env={**os.environ, **environment},
    )  # fmt: skip
    assert process.stderr is not None
    try:
        while True:
            line = (await process.stderr.readline()).decode()
            assert line, "the relay ended before it listened"
            if found := re.search(r"Page +(https?://\S+)", line):
                yield process, found[1]
                break
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def log_line(process: Process, word: str) -> str:
    """Read the process's log up to the line that holds the word."""
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode():
        if word in line:
            return line
    raise AssertionError(f"the log ended without {word}")
