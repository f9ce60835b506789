"""deploy/relay.service, and what systemd is told by a relay that it has started."""

import asyncio
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.config.settings import Settings
from relay.serving.process_manager import tell_manager
from tests.fakes.process import relay_process, unread_log
from tests.fakes.proxies import DEPLOY

UNIT = (DEPLOY / "relay.service").read_text()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """A socket such as systemd's."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.setblocking(False)
        yield heard


async def said(manager: socket.socket) -> str:
    return (await asyncio.get_running_loop().sock_recv(manager, 4096)).decode()


async def test_one_process(manager: socket.socket) -> None:
    """It is ready when it listens, and stopping from the signal on."""
    async with relay_process("--upstream", "mock", NOTIFY_SOCKET=manager.getsockname()) as (process, _):
        assert await said(manager) == "READY=1"
        process.send_signal(signal.SIGTERM)
        assert await said(manager) == "STOPPING=1"


async def test_workers(manager: socket.socket) -> None:
    """The process that systemd knows speaks for its workers, also of a reload."""
    options = {"NOTIFY_SOCKET": manager.getsockname(), "RELAY_DRAIN_NOTICE_S": "0"}
    async with relay_process("--upstream", "mock", "--workers", "2", **options) as (process, _), unread_log(process):
        assert await said(manager) == "READY=1"
        process.send_signal(signal.SIGHUP)
        assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", await said(manager))
        assert await said(manager) == "READY=1"
        process.send_signal(signal.SIGTERM)
        assert await said(manager) == "STOPPING=1"


@pytest.mark.parametrize("address", ["", "/nobody/listens/here", "vsock:2:1"])
def test_nobody_is_told(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Without a manager, or with one that cannot be reached, the relay goes on."""
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    tell_manager("READY=1")


def test_the_unit_waits_for_the_drain() -> None:
    """systemd kills after what the relay needs at most, and what it sets are settings."""
    drain = int(re.search(r"RELAY_DRAIN_TIMEOUT_S=(\d+)", UNIT)[1])  # type: ignore[index]
    patience = int(re.search(r"TimeoutStopSec=(\d+)", UNIT)[1])  # type: ignore[index]
    assert patience >= drain + Settings.model_fields["drain_notice_s"].default + 7
    named = {name.removesuffix("_FILE") for name in re.findall(r"(RELAY_\w+)=", UNIT)}
    assert named <= {f"RELAY_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_the_unit_is_one(tmp_path: Path) -> None:
    """systemd finds nothing wrong with it, and little that it could still get at."""
    unit = tmp_path / "relay.service"
    unit.write_text(UNIT.replace("/opt/relay/bin/relay", "/bin/true"))
    for arguments in (["verify"], ["security", "--offline=true", "--threshold=30"]):
        done = subprocess.run(["systemd-analyze", *arguments, unit], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Unknown" not in done.stderr
