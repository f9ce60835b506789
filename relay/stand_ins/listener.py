"""The socket at which a stand-in for the API listens."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus

from starlette.types import ASGIApp
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from relay.config.kinds import API, LIVE, REALTIME, TRANSLATION
from relay.stand_ins.faults import Disturbance
from relay.stand_ins.protocol_switch import protocol_switch

PATH = API + REALTIME.path
PATHS = tuple(API + kind.path for kind in (REALTIME, TRANSLATION, LIVE))
MAX_MESSAGE_BYTES = 32 << 20
PING_INTERVAL_S = 20.0
CLOSE_TIMEOUT_S = 2.0

Refusal = tuple[int, str]
Gate = Callable[[ServerConnection, Request], Refusal | None]


@asynccontextmanager
async def listening(
    serve_one: Callable[[ServerConnection], Awaitable[None]],
    host: str,
    port: int,
    gate: Gate,
    disturbance: Disturbance,
    rest: ASGIApp | None = None,
) -> AsyncIterator[str]:
    """Listen at `PATHS` until the context is left; then all connections are closed with 1001.

    Args:
        serve_one: serves a connection that was accepted.
        port: 0 takes a free one.
        gate: is asked before a connection is accepted, and may refuse with a status and words.
        disturbance: what is to go wrong with handshakes.
        rest: serves requests that are no GET; None where there is nothing beside the WebSockets.

    Yields:
        The address, with the path of realtime sessions.
    """

    async def answer(connection: ServerConnection, request: Request) -> Response | None:
        refusal = _other_path(request) or await _fault(disturbance) or gate(connection, request)
        if refusal is None:
            return None
        status, words = refusal
        return connection.respond(HTTPStatus(status), words)

    server = serve(
        serve_one,
        host,
        port,
        process_request=answer,
        select_subprotocol=_select_subprotocol,
        compression=None,
        max_size=MAX_MESSAGE_BYTES,
        ping_interval=PING_INTERVAL_S,
        close_timeout=CLOSE_TIMEOUT_S,
        logger=_logger(),
        create_connection=None if rest is None else protocol_switch(rest),  # type: ignore[arg-type] # a factory will do
    )
    async with server as open_server:
        address = open_server.sockets[0].getsockname()
        shown_host = f"[{address[0]}]" if ":" in address[0] else address[0]
        yield f"ws://{shown_host}:{address[1]}{PATH}"


def _other_path(request: Request) -> Refusal | None:
    if request.path.partition("?")[0] in PATHS:
        return None
    return HTTPStatus.NOT_FOUND, f"There is nothing here; the Realtime API is at {', '.join(PATHS)}.\n"


async def _fault(disturbance: Disturbance) -> Refusal | None:
    status = await disturbance.refusal()
    return None if status is None else (status, "As it was asked for with --fault.\n")


def _select_subprotocol(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """`realtime`, if it is offered: the others carry keys and versions, and are not to be echoed."""
    return next((name for name in offered if name == "realtime"), None)


def _logger() -> logging.Logger:
    """A logger for the library that never gets to DEBUG, where the library logs the headers, and the key in them."""
    logger = logging.Logger("relay.upstreams", logging.WARNING)
    logger.parent = logging.getLogger()
    return logger
