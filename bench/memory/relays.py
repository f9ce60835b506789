"""A relay and what stands behind it, each a process of its own, and one peer's way through."""

import contextlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from bench.contestants.site import PATH
from bench.processes import cores, free_ports, running


@dataclass(frozen=True, slots=True)
class Served:
    """A relay that runs.

    Attributes:
        log: what it has written.
    """

    port: int
    pid: int
    log: Path

    def peer(self, query: str, subprotocols: Sequence[str] = ()) -> connect:
        """A connection to it."""
        url = f"ws://127.0.0.1:{self.port}{PATH}{query}"
        offered = [Subprotocol(each) for each in subprotocols] or None
        return connect(
            url, subprotocols=offered, proxy=None, compression=None, max_size=None, ping_interval=None, close_timeout=1
        )

    def metrics(self) -> dict[str, float]:
        """All that it counts, by name and labels."""
        with urlopen(f"http://127.0.0.1:{self.port}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}


@contextlib.contextmanager
def served(config: str, upstream_port: int, *words: str) -> Iterator[Served]:
    """A relay with these settings before that upstream.

    Raises:
        StartError: it does not listen.
    """
    core, *_ = cores()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        port, _ = free_ports()
        settings, log = Path(name) / "relay.toml", Path(name) / "relay.log"
        settings.write_text(f"drain_notice_s = 0\n{config}")
        command = [sys.executable, "-m", "relay", "serve", f"--port={port}", f"--config={settings}", *words]
        command += ["--upstream", f"ws://127.0.0.1:{upstream_port}{PATH}"]
        with running(command, core, port, log) as pid:
            yield Served(port, pid, log)


@contextlib.contextmanager
def mocked(*faults: str) -> Iterator[int]:
    """The mock, with these faults; yields its port.

    Raises:
        StartError: it does not listen.
    """
    _, core, _ = cores()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        port, _ = free_ports()
        command = [sys.executable, "-m", "relay", "mock", f"--port={port}"]
        command += [word for fault in faults for word in ("--fault", fault)]
        with running(command, core, port, Path(name) / "mock.log"):
            yield port
