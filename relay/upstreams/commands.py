"""`relay mock` and `relay replay`: stand-ins for the Realtime API, alone."""

import asyncio
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import click

PORT = 8765

_host = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
_port = click.option("--port", type=int, default=PORT, show_default=True, help="Port to listen on.")


@click.command()
@_host
@_port
def mock(host: str, port: int) -> None:
    """Run the mock upstream alone: a stand-in for the Realtime API that costs nothing."""
    from relay.upstreams.mock import serve_mock  # noqa: PLC0415 - only who asks for it pays for it

    _run(serve_mock(host, port), "The mock upstream", host, port)


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@_host
@_port
@click.option("--speed", default="1", show_default=True, help="How many times as fast as recorded, or max.")
@click.option("--strict/--lenient", default=True, help="Close at the first drift (default), or log it and go on.")
def replay(path: Path, host: str, port: int, speed: str, strict: bool) -> None:
    """Run a stand-in for the Realtime API that says what was recorded.

    PATH is a recording, or a directory of them. A peer chooses with ?recording=NAME or ?profile=NAME; others get one
    after the other.
    """
    from relay.recording import RecordingError  # noqa: PLC0415 - as above
    from relay.upstreams.replay import Manner, serve_replay  # noqa: PLC0415
    from relay.upstreams.stand_ins import read_speed  # noqa: PLC0415

    try:
        manner = Manner(read_speed(speed), strict)
        _run(serve_replay(path, host, port, manner=manner), f"The replay of {path}", host, port)
    except (RecordingError, ValueError) as failure:
        click.echo(f"relay: {failure}", err=True)
        sys.exit(2)


def _run(serving: AbstractAsyncContextManager[Any], name: str, host: str, port: int) -> None:
    """Serve until Ctrl+C."""

    async def run() -> None:
        async with serving as server:
            click.echo(f"{name} listens at {server.url}. Ctrl+C stops.", err=True)
            await asyncio.Event().wait()

    try:
        asyncio.run(run())
    except OSError as failure:
        click.echo(f"relay: cannot listen on {host}:{port}: {failure.strerror}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        pass
