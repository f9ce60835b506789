"""`relay mock` and `relay replay`: stand-ins for the Realtime API, alone."""

import asyncio
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, NoReturn

import click

from relay.recording import RecordingError
from relay.stand_ins.faults import Disturbance, WrongFault, read_faults
from relay.stand_ins.mock import serve_mock
from relay.stand_ins.replay import ReplayOptions, serve_replay
from relay.stand_ins.serving import read_speed

PORT = 8765

_host = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
_port = click.option("--port", type=int, default=PORT, show_default=True, help="Port to listen on.")

_fault = click.option(
    "--fault", "faults", multiple=True, help="What is to go wrong, such as latency=200ms; repeatable."
)
_fault_seed = click.option("--fault-seed", "seed", default=0, show_default=True, help="The same seed, the same faults.")


@click.command()
@_host
@_port
@_fault
@_fault_seed
def mock(host: str, port: int, faults: tuple[str, ...], seed: int) -> None:
    """Run the mock upstream alone: a stand-in for the Realtime API that costs nothing.

    Beside conversations and transcriptions it plays translation and Live sessions, each at the API's own path.

    --fault nonsense lists what can go wrong.
    """
    try:
        disturbance = Disturbance(read_faults(faults), seed)
    except WrongFault as failure:
        _give_up(failure)
    _run(serve_mock(host, port, disturbance=disturbance), "The mock upstream", host, port)


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@_host
@_port
@click.option("--speed", default="1", show_default=True, help="How many times as fast as recorded, or max.")
@click.option("--strict/--lenient", default=True, help="Close at the first drift (default), or log it and go on.")
@_fault
@_fault_seed
def replay(path: Path, host: str, port: int, speed: str, strict: bool, faults: tuple[str, ...], seed: int) -> None:
    """Run a stand-in for the Realtime API that says what was recorded.

    PATH is a recording, or a directory of them. A peer chooses with ?recording=NAME or ?profile=NAME; others get one
    after the other.
    """
    try:
        options = ReplayOptions(read_speed(speed), strict)
        disturbance = Disturbance(read_faults(faults, of_replay=True), seed)
        serving = serve_replay(path, host, port, options=options, disturbance=disturbance)
        _run(serving, f"The replay of {path}", host, port)
    except (RecordingError, ValueError) as failure:
        _give_up(failure)


def _run(serving: AbstractAsyncContextManager[Any], name: str, host: str, port: int) -> None:
    """Serve until Ctrl+C."""

    async def run() -> None:
        async with serving as server:
            click.echo(f"{name} listens at {server.url}. Ctrl+C stops.", err=True)
            await asyncio.Event().wait()

    try:
        asyncio.run(run())
    except OSError as failure:
        _give_up(f"cannot listen on {host}:{port}: {failure.strerror}")
    except KeyboardInterrupt:
        pass


def _give_up(why: object) -> NoReturn:
    click.echo(f"relay: {why}", err=True)
    sys.exit(2)
