"""A real TURN server, Debian's coturn, that knows a secret and no users."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.fakes.proxies import free_port, listening

PROGRAM = shutil.which("turnserver", path="/usr/bin:/usr/local/bin:/usr/sbin")


@asynccontextmanager
async def turn_server(secret: str, directory: Path) -> AsyncIterator[int]:
    """Run it on loopback until the context ends; yields its port, for UDP and TCP."""
    assert PROGRAM is not None
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "-n", "--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", str(port),
        "--use-auth-secret", "--static-auth-secret", secret, "--realm", "relay.test", "--no-cli",
        "--no-tls", "--no-dtls", "--userdb", str(directory / "users"), "--pidfile", str(directory / "pid"),
        "--log-file", str(directory / "log"), "--simple-log",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        await listening(port, process)
        yield port
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
