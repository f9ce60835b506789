"""One of several processes that serve at one address; `supervisor.py` starts and replaces them."""

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from math import ceil
from multiprocessing.connection import Connection
from pathlib import Path
from socket import socket
from time import monotonic
from typing import Any, Protocol

import structlog
from starlette.applications import Starlette

from relay.admission.startup_checks import refuse_open_relay
from relay.config.errors import SettingsError
from relay.config.loading import load_settings
from relay.config.settings import Settings
from relay.serving.handing_over import HAND_OVER
from relay.serving.server import DrainingServer, make_server
from relay.telemetry.log import configure_logging
from relay.telemetry.worker_metrics import expose_all_workers

SIGN_OF_LIFE_S = 1.0
"""How often a worker's event loop tells that it runs."""

RETIRE = "retire"
"""What it is told when another one has taken its place."""


@dataclass(frozen=True, slots=True)
class Listens:
    """What a worker says once it listens.

    Attributes:
        drain_timeout_s: how long it may take to drain, by the settings that it runs with.
    """

    drain_timeout_s: float


@dataclass(frozen=True, slots=True)
class CannotStart:
    """What a worker says that ends because of its settings.

    Attributes:
        reason: the sentence that names what is wrong; no secret is in it.
    """

    reason: str


class SignOfLife(Protocol):
    """A number that a worker and its supervisor share, as `multiprocessing.RawValue` makes it.

    A pipe would fill up while the supervisor is held up, and then hold up the worker.

    Attributes:
        value: when the worker's event loop last ran, of the monotonic clock.
    """

    value: float


class MakeApp(Protocol):
    """Makes the application; see `relay.app.create_app`."""

    def __call__(self, settings: Settings, /, *, ticket_secret: bytes | None = None) -> Starlette: ...


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a worker is started with.

    Attributes:
        make_app: a function of a module, so that another process can import it; makes the application.
        serial: its number; no two workers of one supervisor have the same.
        listener: the socket that it accepts peers from.
        config, options: where its settings come from, read anew by each worker.
        workers: how many share the limit of sessions.
        ticket_secret: see `Gate`; the workers read each other's tickets.
        directory: where the workers of one supervisor find each other.
    """

    make_app: MakeApp
    serial: int
    listener: socket
    config: Path | None
    options: Mapping[str, Any]
    workers: int
    ticket_secret: bytes
    directory: Path


def work(assignment: Assignment, control: Connection, sign_of_life: SignOfLife) -> None:
    """Serve until a signal, a word from the supervisor, or the supervisor's end; the body of a worker's process."""
    os.setpgrp()  # so that Ctrl+C reaches the supervisor alone, which passes it on once
    structlog.contextvars.bind_contextvars(worker=assignment.serial)
    try:
        settings = load_settings(assignment.config, **assignment.options)
        configure_logging(settings)
        refuse_open_relay(settings)  # these settings may be newer than those that the supervisor has seen
        share = settings.model_copy(update={"max_sessions": ceil(settings.max_sessions / assignment.workers)})
        app = assignment.make_app(share, ticket_secret=assignment.ticket_secret)
    except SettingsError as failure:
        control.send(CannotStart(str(failure)))
        sys.exit(1)  # the supervisor tells why
    server = make_server(app, share, lambda host, port: control.send(Listens(share.drain_timeout_s)))

    async def serve() -> None:
        async with AsyncExitStack() as stack:
            fellows = app.state.fellows
            app.state.metrics.expose = expose_all_workers(app.state.metrics.registry, fellows)
            fellows.takes[HAND_OVER] = server.take
            await stack.enter_async_context(fellows.met(assignment.directory, assignment.serial))
            _give_signs_of_life(sign_of_life)
            asyncio.get_running_loop().add_reader(control.fileno(), _listen_to, control, server)
            await server.serve([assignment.listener])

    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(serve())


def _give_signs_of_life(shared: SignOfLife) -> None:
    shared.value = monotonic()
    asyncio.get_running_loop().call_later(SIGN_OF_LIFE_S, _give_signs_of_life, shared)


def _listen_to(control: Connection, server: DrainingServer) -> None:
    """Do what the supervisor says. Its silence for ever, as the end of the pipe, means the same."""
    asyncio.get_running_loop().remove_reader(control.fileno())
    try:
        retired = control.recv() == RETIRE
    except EOFError:
        retired = False
    server.retire() if retired else server.drain_and_stop()
