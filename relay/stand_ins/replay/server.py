"""The replay's server: a recording for each connection, played to it."""

import asyncio
import weakref
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from relay.stand_ins.exchange import Exchange
from relay.stand_ins.faults import Disturbance
from relay.stand_ins.listener import Refusal, listening
from relay.stand_ins.replay.recording_store import RecordingStore, open_recording_store
from relay.stand_ins.replay.session import ReplayOptions, ReplaySession
from relay.stand_ins.wire import Wire

if TYPE_CHECKING:
    from relay.recording import Recording

KEPT_SESSIONS = 64

_log = structlog.stdlib.get_logger("relay")


class ReplayServer:
    """A replay that listens.

    Attributes:
        url: where, path included. A client may add `?recording=NAME` or `?profile=NAME`.
        sessions: of the last `KEPT_SESSIONS` connections, oldest first, ended ones included.
    """

    def __init__(self, store: RecordingStore, options: ReplayOptions, disturbance: Disturbance) -> None:
        self.url = ""
        self.sessions: deque[ReplaySession] = deque(maxlen=KEPT_SESSIONS)
        self._store = store
        self._options = options
        self._disturbance = disturbance
        self._chosen: weakref.WeakKeyDictionary[ServerConnection, Recording] = weakref.WeakKeyDictionary()

    def gate(self, connection: ServerConnection, request: Request) -> Refusal | None:
        """Choose a recording; refuse where there is none, or where the recorded upstream refused."""
        query = parse_qs(urlsplit(request.path).query)
        name = query.get("recording", [None])[0]
        recording = self._store.named(name) if name else self._store.next_of(query.get("profile", [None])[0])
        if recording is None:
            return HTTPStatus.NOT_FOUND, f"There is no such recording; there are {', '.join(self._store.names)}.\n"
        if recording.header.status != HTTPStatus.SWITCHING_PROTOCOLS:
            return recording.header.status, "As it was recorded.\n"
        self._chosen[connection] = recording
        return None

    async def serve(self, connection: ServerConnection) -> None:
        """Serve one connection that has been accepted, until it is closed."""
        session = ReplaySession(self._chosen[connection], self._options, asyncio.get_running_loop().time())
        self.sessions.append(session)
        told = 0

        def tell() -> None:
            nonlocal told
            for drift in session.drifts[told:]:
                told += 1
                _log.warning("replay.drifted", recording=session.recording.name, line=drift.line, what=drift.what)

        try:
            await Exchange(Wire(connection), self._disturbance.disturbed(session), tell).run()
        finally:
            if session.failure is not None:
                _log.warning("replay.failed", recording=session.recording.name, why=session.failure)
            session.end()


@asynccontextmanager
async def serve_replay(
    path: Path,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    options: ReplayOptions | None = None,
    disturbance: Disturbance | None = None,
) -> AsyncIterator[ReplayServer]:
    """Listen as the recorded upstream until the context is left; then all connections are closed with 1001.

    Args:
        path: a recording, or a directory of them.
        host: the address to listen at.
        port: 0 takes a free one.
        options: how fast and how strictly; as recorded, and strictly, if not given.
        disturbance: what is to go wrong; nothing if not given.

    Raises:
        RecordingError: there is no recording, or one that cannot be read.
    """
    disturbance = disturbance or Disturbance()
    replay = ReplayServer(open_recording_store(path), options or ReplayOptions(), disturbance)
    async with listening(replay.serve, host, port, replay.gate, disturbance) as replay.url:
        yield replay
