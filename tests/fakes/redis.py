"""A Redis of the test's own: Debian's server, on a port of loopback that nobody else has."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

DEVNULL = asyncio.subprocess.DEVNULL


@dataclass
class Redis:
    """A server that runs.

    Attributes:
        url: where.
        process: to be stopped or frozen by a test.
    """

    url: str
    process: asyncio.subprocess.Process


@asynccontextmanager
async def redis_server() -> AsyncIterator[Redis]:
    """Run a Redis that keeps nothing on disk, until the context ends."""
    program = shutil.which("redis-server")
    assert program, "redis-server is missing; `make test` installs it"
    port = free_port()
    options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
    process = await asyncio.create_subprocess_exec(program, *options, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        while b"Ready to accept connections" not in (line := await process.stdout.readline()):
            assert line, "redis-server ended before it listened"
        yield Redis(f"redis://127.0.0.1:{port}", process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
