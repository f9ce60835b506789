"""What the container is made of and asked for, as far as that can be tried without a container engine."""

import asyncio
import os
import re
import signal
import sys

import pytest

from relay.version import __version__
from tests.fakes.process import relay_process
from tests.fakes.proxies import DEPLOY

DOCKERFILE = (DEPLOY.parent / "Dockerfile").read_text()


async def healthcheck(pid: int) -> int | None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-I", DEPLOY / "healthcheck.py", str(pid))
    return await process.wait()


@pytest.mark.parametrize(
    "arguments",
    [(), ("--tls-self-signed",), ("--workers", "2", "--tls-self-signed"), ("--host", "::1"), ("--host", "127.0.0.3")],
)
async def test_the_health_check_finds_the_relay(arguments) -> None:
    """The container's health check finds a relay at any port and address, with TLS or workers or without."""
    async with relay_process("--upstream", "mock", *arguments) as (process, _):
        assert await healthcheck(process.pid) == 0


async def test_a_relay_that_does_not_answer_is_not_healthy() -> None:
    """A relay that hangs, or that has gone, fails the health check."""
    async with relay_process("--upstream", "ws://127.0.0.1:1/") as (process, _):
        process.send_signal(signal.SIGSTOP)
        assert await healthcheck(process.pid) == 1
        process.send_signal(signal.SIGCONT)
        process.kill()
        await process.wait()
        assert await healthcheck(process.pid) == 1
    assert await healthcheck(os.getpid()) == 1


def test_the_image_can_be_built_twice_alike() -> None:
    """What is downloaded for the image is pinned by hashes, the base by its digest, and a label has the version."""
    assert re.search(r"^ARG PYTHON_IMAGE=python:3\.13\.\d+-slim-\w+@sha256:[0-9a-f]{64}$", DOCKERFILE, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${PYTHON_IMAGE}"}
    installs = re.findall(r"pip (?:install|wheel) (.*?)(?: \\)?$", DOCKERFILE, re.MULTILINE)
    assert len(installs) == 4
    assert all("--require-hashes" in each or "--no-deps" in each for each in installs)
    assert f'image.version="{__version__}"' in DOCKERFILE


def test_the_health_check_is_in_the_image() -> None:
    """The file that the health check runs is sent to the builder and copied to where it is run."""
    assert "!deploy/healthcheck.py" in (DEPLOY.parent / ".dockerignore").read_text().splitlines()
    assert "deploy/healthcheck.py /opt/relay/healthcheck.py" in DOCKERFILE
    assert '"/opt/relay/healthcheck.py"' in DOCKERFILE
