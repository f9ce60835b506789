"""Starting scripted services, and what one may ask them afterwards."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

from relay.stand_ins.services.answers import STAGES, answer, answer_pieces, latency_s, read_fields
from relay.stand_ins.services.http import Reply, Request, serve_connection
from relay.stand_ins.services.scripts import Script, ServiceFault, Stage
from relay.stand_ins.services.transcription import TranscriptionServer

NONE = ServiceFault()
NOT_FOUND = ServiceFault(status=404)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a service got.

    Attributes:
        fields: of its JSON or of its form, whose file is `bytes`.
        connection: which one it came over, counted from 0.
    """

    stage: Stage
    path: str
    headers: Mapping[str, str]
    fields: Mapping[str, Any] = field(repr=False)
    connection: int = 0


class ScriptedServices:
    """Three services at one address.

    Attributes:
        script: what they say.
        url: what stands before `/audio/transcriptions` and the like; `http://127.0.0.1:PORT/v1`.
        sessions_url: the same for transcription sessions.
        asked: the requests so far, oldest first.
        abandoned: how many answers their clients did not stay for.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.url = ""
        self.asked: list[Asked] = []
        self.abandoned = 0
        self._faults: dict[str, deque[ServiceFault]] = {stage: deque() for stage in ("hear", "think", "speak")}
        self._changed = asyncio.Condition()
        self.sessions = TranscriptionServer(script)

    @property
    def sessions_url(self) -> str:
        return self.sessions.url

    def fault(self, stage: Stage, **fields: Any) -> None:
        """Have something go wrong with the next request that has no fault yet; see `ServiceFault`."""
        self._faults[stage].append(ServiceFault(**fields))

    def asked_of(self, stage: Stage) -> list[Asked]:
        """The requests to one service."""
        return [one for one in self.asked if one.stage == stage]

    async def until_asked(self, stage: Stage, count: int = 1) -> None:
        """Wait for so many requests to one service."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.asked_of(stage)) >= count)

    async def until_abandoned(self, count: int = 1) -> None:
        """Wait for so many answers to be left by their clients."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.abandoned >= count)

    async def answer(self, connection: int, request: Request, reply: Reply) -> None:
        """Answer a request, or do to it what is next in the queue."""
        came_at = asyncio.get_running_loop().time()
        stage = STAGES.get(request.path)
        if stage is None:
            await answer((), {}, 0, NOT_FOUND, reply)
            return
        fields = read_fields(request)
        faults = self._faults[stage]
        fault = faults.popleft() if faults else NONE
        await self._note(Asked(stage, request.path, request.headers, fields, connection))
        try:
            kind, pieces = answer_pieces(self.script, stage, request.path, fields)
            headers = {"Content-Type": kind, **self.script.headers}
            await answer(pieces, headers, came_at + latency_s(self.script, stage), fault, reply)
        except (asyncio.CancelledError, ConnectionError):
            await asyncio.shield(self._abandon())
            raise

    async def _note(self, asked: Asked) -> None:
        async with self._changed:
            self.asked.append(asked)
            self._changed.notify_all()

    async def _abandon(self) -> None:
        async with self._changed:
            self.abandoned += 1
            self._changed.notify_all()


@asynccontextmanager
async def serve_services(
    script: Script | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[ScriptedServices]:
    """Serve the three at a port, or a free one, and transcription sessions at another, until the context is left."""
    services = ScriptedServices(script or Script())
    connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
    numbers = count()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            connections[task] = writer
            task.add_done_callback(connections.pop)
        await serve_connection(partial(services.answer, next(numbers)), reader, writer)

    async with services.sessions.serving(host):
        server = await asyncio.start_server(connected, host, port)
        services.url = f"http://{host}:{server.sockets[0].getsockname()[1]}/v1"
        try:
            yield services
        finally:
            server.close()
            for writer in connections.values():
                writer.transport.abort()
            await asyncio.gather(*connections, return_exceptions=True)
