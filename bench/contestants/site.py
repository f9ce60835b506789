"""Where a contestant runs, and what it takes to run one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PATH = "/v1/realtime"


@dataclass(frozen=True, slots=True)
class Site:
    """What one start of a contestant is given.

    Attributes:
        directory: its own, empty, gone afterwards.
        port: where it must listen, on 127.0.0.1.
        upstream_port: where the echo upstream listens, on 127.0.0.1.
        trusted: a PEM file with the certificate that the upstream shows, made out to 127.0.0.1 and localhost; None
            where the upstream speaks no TLS.
    """

    directory: Path
    port: int
    upstream_port: int
    trusted: Path | None = None

    @property
    def upstream_url(self) -> str:
        """The upstream's address, as a WebSocket client wants it."""
        return f"{'wss' if self.trusted else 'ws'}://127.0.0.1:{self.upstream_port}{PATH}"

    def write(self, name: str, text: str) -> str:
        """Put a file into the directory; its path."""
        path = self.directory / name
        path.write_text(text)
        return str(path)


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, and what to add to the environment."""

    words: list[str]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contestant:
    """Something that may stand between the load generator and the upstream.

    Attributes:
        key: its name in results and on the command line.
        title: its name in tables.
        program: must be found on this machine, or the contestant is left out.
        start: writes what it needs into the site and says what to run; None for no relay at all.
        injects: sends a `session.update` of its own at the start of each session.
        beta: its peers get the beta's events.
        in_bytes: its peers have their audio in bytes.
        query: of the address that its peers connect to.
        by_name_only: runs where it is asked for, and not with all others.
    """

    key: str
    title: str
    program: str | None = None
    start: Callable[[Site], Command] | None = None
    injects: bool = False
    beta: bool = False
    in_bytes: bool = False
    query: str = ""
    by_name_only: bool = False
