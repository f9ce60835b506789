"""Starting processes, each on its own core, and ending them."""

import contextlib
import itertools
import os
import random
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 5.0
_PORTS = range(10_000, 32_768)
"""Below the ports that the system gives to whoever asks for any: until the process listens, no connection takes it."""


class StartError(RuntimeError):
    """A process ended, or did not listen in time; the words hold the end of what it said."""


def cores() -> tuple[int, int, int]:
    """Where the contestant, the load generator and the echo upstream run.

    The contestant gets a core to itself; the other two share one where there are only two.
    """
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[-1], allowed[0], allowed[1] if len(allowed) > 2 else allowed[0]


def pinned(command: Sequence[str], core: int) -> list[str]:
    """The command, held to one core with all its children."""
    return ["taskset", "--cpu-list", str(core), *command]


@contextlib.contextmanager
def running(
    command: Sequence[str], core: int, port: int, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Run a command that listens on a port for as long as the context lasts.

    Yields:
        Its process id, once the port takes connections.

    Raises:
        StartError: it ended, or the port was closed for 30 s.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            pinned(command, core),
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(env or {})},
        )
    try:
        _wait_for_port(process, port, shlex.join(command), log)
        yield process.pid
    finally:
        _stop(process)


def free_ports() -> tuple[int, int]:
    """Two ports of this machine that nobody listens on."""
    one, other = itertools.islice(filter(_is_free, random.sample(_PORTS, len(_PORTS))), 2)
    return one, other


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _wait_for_port(process: "subprocess.Popen[bytes]", port: int, words: str, log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise StartError(f"`{words}` does not listen:\n{log.read_text(errors='replace')[-2000:]}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
