"""The command line: `relay serve`, and the commands that stand beside what they run."""

import contextlib
import ipaddress
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
import structlog

from relay.app import create_app
from relay.serving.server import make_server
from relay.serving.supervisor import Supervisor
from relay.serving.worker import Assignment
from relay.settings import Settings, SettingsError, load_settings, unknown_variables
from relay.telemetry.log import configure_logging
from relay.upstreams.commands import mock, replay
from relay.version import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="relay")
def main() -> None:
    """A transparent WebSocket relay for the Realtime API."""


@main.command()
@click.option("--config", type=click.Path(path_type=Path), help="A TOML file with settings and profiles.")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on.  [default: 8000]")
@click.option("--workers", type=int, help="Processes that share the address.  [default: 1]")
@click.option("--upstream", help="openai, mock, replay:PATH, or a ws:// or wss:// address.  [default: openai]")
@click.option(
    "--record", "record_dir", type=click.Path(path_type=Path), help="Record all sessions into this directory."
)
@click.option("--allow-open", is_flag=True, default=None, help="Listen beyond this machine without authentication.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]))
@click.option("--log-format", type=click.Choice(["auto", "console", "json"]))
def serve(config: Path | None, **options: Any) -> None:
    """Run the relay."""
    options["record_all"] = options["record_dir"] is not None or None
    try:
        settings = load_settings(config, **options)
        configure_logging(settings)
        refuse_open_door(settings)
        app = create_app(settings)
        listeners = listen(settings)
    except SettingsError as failure:
        click.echo(f"relay: {failure}", err=True)
        sys.exit(2)
    for name in unknown_variables(os.environ):
        structlog.stdlib.get_logger("relay").warning("settings.variable_unknown", name=name)
    if len(listeners) > 1:
        sys.exit(supervise(settings, listeners, config, options))
    server = make_server(app, settings, lambda host, port: click.echo(welcome(settings, host, port), err=True))
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it once more when all is done
        server.run(sockets=listeners)


def supervise(settings: Settings, listeners: list[socket.socket], config: Path | None, options: dict[str, Any]) -> int:
    """Run one worker for each listener until a signal; returns the exit code."""
    host, port = listeners[0].getsockname()[:2]
    with tempfile.TemporaryDirectory(prefix="relay-") as directory:

        def assign(serial: int, listener: socket.socket) -> Assignment:
            return Assignment(serial, listener, config, options, len(listeners), Path(directory))

        return Supervisor(listeners, assign, lambda: click.echo(welcome(settings, host, port), err=True)).run()


main.add_command(mock)
main.add_command(replay)


def listen(settings: Settings) -> list[socket.socket]:
    """Bind the address in the settings, once for each worker, or raise `SettingsError` with what is in the way."""
    try:
        alone = open_listener(settings.host, settings.port)
        if settings.workers == 1:
            return [alone]
        port = alone.getsockname()[1]
        alone.close()  # it has shown that the address is free, which sockets that share it would not
        return [open_listener(settings.host, port, shared=True) for _ in range(settings.workers)]
    except OSError as failure:
        raise SettingsError(f"cannot listen on {settings.host}:{settings.port}: {failure.strerror}") from None


def open_listener(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Listen at the address; `shared` with others who share it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048, reuse_port=shared)


def refuse_open_door(settings: Settings) -> None:
    """Raise `SettingsError` where strangers could spend the operator's money."""
    if settings.allow_open or is_loopback(settings.host):
        return
    raise SettingsError(
        f"Anybody who reaches {settings.host} could use the relay, and your key through it.\n"
        "Listen on 127.0.0.1 behind something that authenticates, or say --allow-open (RELAY_ALLOW_OPEN=1)\n"
        "if only people you trust can reach this address."
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def welcome(settings: Settings, host: str, port: int) -> str:
    """What a person who has just started the relay wants to know."""
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    upstream = "the built-in mock: no key, no cost" if settings.upstream == "mock" else settings.upstream
    return (
        f"\n  Realtime Relay {__version__}\n\n"
        f"  Page       http://{place}\n"
        f"  WebSocket  ws://{place}/v1/realtime\n"
        f"  Upstream   {upstream}\n\n"
        "  Open the page, press Start and speak. An app that uses the Realtime API connects to the\n"
        "  WebSocket address instead of the API's. Ctrl+C stops.\n"
    )
