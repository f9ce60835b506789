"""An API that makes calls as a test says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from relay.config.loading import load_settings
from relay.sessions.registry import Sessions
from tests.fakes.running import serving

T = TypeVar("T")

CALL = {"Location": "/v1/realtime/calls/rtc_1"}


@dataclass
class CallsApi:
    """Attributes: what it answers in turn to each kind of request, the last again and again; what came of some.

    A sideband that is not refused by a status is read and told nothing.
    """

    made: Response = field(default_factory=lambda: Response("v=0\r\n", 201, CALL))
    sidebands: list[int | None] = field(default_factory=lambda: [None])
    ended: list[int] = field(default_factory=lambda: [200])
    decided: Response = field(default_factory=Response)
    decisions: asyncio.Queue[tuple[str, str, Any]] = field(default_factory=asyncio.Queue)
    url: str = ""
    hangups: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    held: asyncio.Event | None = None
    """Where there is one, no call is made before it is set."""

    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def make(self, _: Request) -> Response:
        self.came.set()
        if self.held is not None:
            await self.held.wait()
        return self.made

    async def hang_up(self, request: Request) -> Response:
        self.hangups.put_nowait(request.path_params["call_id"])
        return Response(status_code=_next(self.ended))

    async def decide(self, request: Request) -> Response:
        named = request.path_params
        self.decisions.put_nowait((named["call_id"], named["verb"], await request.json()))
        return self.decided

    async def watch(self, websocket: WebSocket) -> None:
        await websocket.receive()
        status = _next(self.sidebands)
        if status is not None:
            await websocket.send_denial_response(Response(status_code=status))
            return
        await websocket.accept()
        while (await websocket.receive())["type"] != "websocket.disconnect":
            pass


def _next(answers: list[T]) -> T:
    return answers.pop(0) if len(answers) > 1 else answers[0]


@asynccontextmanager
async def calls_api(api: CallsApi) -> AsyncIterator[CallsApi]:
    """Listen on a free port until the context ends."""
    app = Starlette(
        routes=[
            Route("/v1/realtime/calls", api.make, methods=["POST"]),
            Route("/v1/realtime/calls/{call_id}/hangup", api.hang_up, methods=["POST"]),
            Route("/v1/realtime/calls/{call_id}/{verb}", api.decide, methods=["POST"]),
            WebSocketRoute("/v1/realtime", api.watch),
        ]
    )
    app.state.sessions = Sessions(1)
    async with serving(app, load_settings(upstream="mock", port=0, drain_notice_s=0, drain_timeout_s=0)) as server:
        api.url = server.url
        yield api
