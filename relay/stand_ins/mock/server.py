"""The mock's server: one session for each connection, and which of them it plays."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Self, cast

import orjson
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from relay.config.kinds import LIVE, TRANSLATION
from relay.engine.errors import Refused
from relay.engine.session_base import SESSION_SECONDS, SessionBase
from relay.stand_ins.exchange import Exchange, close_wire
from relay.stand_ins.faults import Disturbance
from relay.stand_ins.listener import Refusal, listening
from relay.stand_ins.mock.calls import Calls
from relay.stand_ins.mock.live import LiveSession
from relay.stand_ins.mock.opening import Opening, Upgrade
from relay.stand_ins.mock.pace import Pace
from relay.stand_ins.mock.rest_api import MockRest, call_not_found
from relay.stand_ins.mock.session import MockSession
from relay.stand_ins.mock.translation import TranslationSession
from relay.stand_ins.wire import Wire

if TYPE_CHECKING:
    from websockets.http11 import Request

KEPT_SESSIONS = 64


class MockServer:
    """A mock that listens.

    Attributes:
        url: where, path included; a client adds `?model=…`.
        sessions: of the last `KEPT_SESSIONS` connections, oldest first, ended ones included. `heard` of each is the
            audio that it received; what it held besides is let go when it ends.
        continuous: the same for translation and Live sessions.
        open_connections: how many are open now.
        calls: the WebRTC calls that go on.
    """

    def __init__(
        self, new_session: Callable[[Opening], SessionBase], required_key: str | None, disturbance: Disturbance
    ) -> None:
        self.url = ""
        self.sessions: deque[MockSession] = deque(maxlen=KEPT_SESSIONS)
        self.continuous: deque[SessionBase] = deque(maxlen=KEPT_SESSIONS)
        self.open_connections = 0
        self.calls = Calls()
        self._new_session = new_session
        self._required_key = required_key
        self._disturbance = disturbance
        self._changed = asyncio.Event()

    async def wait_until(self, is_true: Callable[[Self], bool]) -> None:
        """Until this is true; it is asked again whenever a connection opens, ends, or has received a message.

        Any number of tasks may wait at the same time, and cancelling loses nothing.
        """
        while not is_true(self):
            await self._changed.wait()

    def gate(self, _: ServerConnection, request: "Request") -> Refusal | None:
        """Refuse, as the API does before the handshake, a sideband of a call that does not go on."""
        call_id = _upgrade(request).call_id
        return None if call_id is None or self.calls.find(call_id) else (404, call_not_found())

    async def serve(self, connection: ServerConnection) -> None:
        """Serve one connection that has been accepted, until it is closed."""
        self.open_connections += 1
        try:
            await self._converse(connection)
        finally:
            self.open_connections -= 1
            self._tell()

    async def _converse(self, connection: ServerConnection) -> None:
        wire = Wire(connection)
        upgrade = _upgrade(cast("Request", connection.request))  # there is one: it has been accepted
        call = self.calls.find(upgrade.call_id or "")
        try:
            opening = upgrade.opening(self._required_key)
        except Refused as refusal:
            with suppress(ConnectionClosed):
                await wire.send(orjson.dumps(refusal.as_event()).decode())
                await close_wire(wire, refusal)
            return
        session = self._new_session(opening if call is None else call.opening)
        if isinstance(session, MockSession):
            self.sessions.append(session)
        else:
            self.continuous.append(session)
        with nullcontext() if call is None else call.watched_by(connection):
            self._tell()
            try:
                await Exchange(wire, self._disturbance.disturbed(session), self._tell).run()
            finally:
                session.end()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


@asynccontextmanager
async def serve_mock(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    pace: Pace | None = None,
    api_key: str | None = None,
    session_seconds: float = SESSION_SECONDS,
    record_s: float = 0.0,
    disturbance: Disturbance | None = None,
) -> AsyncIterator[MockServer]:
    """Listen as a Realtime API until the context is left; then all connections are closed with 1001.

    Args:
        host: the address to listen at.
        port: 0 takes a free one.
        pace: how fast it answers; like the real one if not given.
        api_key: the only key that is let in; without it, any key or none will do.
        session_seconds: how long a session lasts.
        record_s: how much of the audio of each session to keep for `MockSession.heard`.
        disturbance: what is to go wrong; nothing if not given.
    """

    disturbance = disturbance or Disturbance()

    def new_session(opening: Opening) -> SessionBase:
        faults = disturbance.of_next_session()
        given = {
            "now": asyncio.get_running_loop().time(),
            "unix_now": time.time(),
            "session_seconds": faults.get("expire", session_seconds),
            "record_s": record_s,
        }
        if opening.kind is TRANSLATION:
            return TranslationSession(opening, **given)
        if opening.kind is LIVE:
            return LiveSession(pace=pace or Pace(), **given)
        return MockSession(opening, pace=pace or Pace(), is_muted="muted" in faults, **given)

    mock = MockServer(new_session, api_key, disturbance)
    rest = MockRest(mock.calls, api_key).app
    async with listening(mock.serve, host, port, mock.gate, disturbance, rest) as mock.url:
        yield mock


def _upgrade(request: "Request") -> Upgrade:
    protocols = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
    return Upgrade(
        target=request.path,
        authorization="".join(request.headers.get_all("Authorization")),
        beta="".join(request.headers.get_all("OpenAI-Beta")),
        protocols=[name.strip() for name in protocols.split(",")],
    )
