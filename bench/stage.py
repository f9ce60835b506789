"""One contestant between the load generator and the echo upstream: three processes, and what one load shows."""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.certificate import make_certificate
from bench.contestants.site import PATH, Contestant, Site
from bench.outcome import Outcome
from bench.processes import cores, free_ports, pinned, running
from bench.talk import Talk

_LOAD_TIMEOUT_S = 120.0


class LoadError(RuntimeError):
    """The load generator could not do its work, or saw what must not happen."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A contestant that is running.

    Attributes:
        pid: the contestant's, None for the bare connection.
        trusted: the certificate to trust where the load generator speaks TLS itself.
    """

    contestant: Contestant
    url: str
    pid: int | None
    trusted: Path | None

    def load(self, arguments: Sequence[str]) -> Outcome:
        """Run the load generator once.

        Raises:
            LoadError: a message was lost, out of order or wrong, a session was cut, or could not be opened.
        """
        words = [sys.executable, "-m", "bench.loadgen", *arguments, f"--url={self.url}"]
        words += [f"--watch={self.pid}"] if self.pid else []
        words += [f"--trusted={self.trusted}"] if self.trusted else []
        words += ["--injected"] if self.contestant.injects else []
        words += ["--beta"] if self.contestant.beta else []
        words += ["--in-bytes"] if self.contestant.in_bytes else []
        _, core, _ = cores()
        done = subprocess.run(pinned(words, core), capture_output=True, text=True, timeout=_LOAD_TIMEOUT_S, check=False)
        if done.returncode:
            raise LoadError(f"{self.contestant.key}: the load generator failed:\n{done.stderr[-2000:]}")
        outcome = Outcome.read(json.loads(done.stdout))
        if outcome.faults:
            raise LoadError(f"{self.contestant.key}: {outcome.faults}")
        return outcome


@contextlib.contextmanager
def staged(contestant: Contestant, talk: Talk, *, tls: bool = False) -> Iterator[Stage]:
    """Run the echo upstream and the contestant before it for as long as the context lasts.

    Raises:
        StartError: one of them does not listen.
    """
    contestant_core, _, echo_core = cores()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, contextlib.ExitStack() as stack:
        directory = Path(name)
        directory.chmod(0o755)  # nginx's worker is another user
        trusted, served = make_certificate(directory) if tls else (None, None)
        site = Site(directory, *free_ports(), trusted)
        words = [sys.executable, "-m", "bench.echo_upstream", f"--port={site.upstream_port}", *talk.arguments()]
        words += ["--in-bytes"] if contestant.in_bytes else []
        words += [f"--certificate={served}"] if served else []
        stack.enter_context(running(words, echo_core, site.upstream_port, directory / "echo.log"))
        if contestant.start is None:
            yield Stage(contestant, site.upstream_url, None, trusted)
            return
        command = contestant.start(site)
        log = directory / f"{contestant.key}.log"
        pid = stack.enter_context(running(command.words, contestant_core, site.port, log, command.env))
        yield Stage(contestant, f"ws://127.0.0.1:{site.port}{PATH}{contestant.query}", pid, None)
