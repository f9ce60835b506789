"""Two hundred people who talk in turns, leave after a while, and come back when they are cut off as the page does."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

ARRIVAL_S = 0.1
STAY_S = 20.0
"""With an arrival each 100 ms: two hundred are there."""
CHUNKS = 20
CHUNK_S = 0.1
PAUSE_S = 1.0
WATCH_S = 10.0
"""Who waits for an answer for so long takes the line for dead, as the page does."""
DIAL_S = 10.0
FIRST_DELAY_S, MOST_DELAY_S = 0.5, 8.0

APPEND = json.dumps({"type": "input_audio_buffer.append", "audio": "A" * 6400})
COMMIT = json.dumps({"type": "input_audio_buffer.commit"})
RESPOND = json.dumps({"type": "response.create"})


class LineLostError(Exception):
    """The line to the relay is gone, or silent."""


@dataclass
class Tally:
    """What the peers saw.

    Attributes:
        opened: sessions.
        turns: answers that were heard to their end.
        sent, received: events by type.
        refused: why somebody who came was not let in, each.
        cut: when a session ended that its peer did not end (by the loop's clock), and how.
        away_s: for how long each peer who was cut was away.
        returned: when.
        instructions: what the sessions that were opened last were told.
    """

    opened: int = 0
    turns: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    cut: list[tuple[float, str]] = field(default_factory=list)
    away_s: list[float] = field(default_factory=list)
    returned: list[float] = field(default_factory=list)
    instructions: list[str] = field(default_factory=list)


class Crowd:
    """People who keep coming.

    Attributes:
        tally: what they see; may be put in another's place at any time.
    """

    def __init__(self, url: str, seed: int) -> None:
        self.tally = Tally()
        self._url = url
        self._random = random.Random(seed)
        self._closed = False

    async def keep_coming(self) -> None:
        """Let one more come every 100 ms until `close` is called; returns when all have left."""
        async with asyncio.TaskGroup() as visits:
            while not self._closed:
                visits.create_task(self.visit(STAY_S * (0.5 + self._random.random())))
                await asyncio.sleep(ARRIVAL_S)

    def close(self) -> None:
        """Let nobody more come."""
        self._closed = True

    async def visit(self, stay_s: float) -> None:
        """Talk for so long, in as many sessions as it takes."""
        until = asyncio.get_running_loop().time() + stay_s
        cut_at: float | None = None
        attempt = 0
        while cut_at is None or attempt < 10:
            try:
                async with self._opened() as peer:
                    self._returned(cut_at)
                    cut_at, attempt = None, 0
                    while asyncio.get_running_loop().time() < until:
                        await self._turn(peer)
                return
            except (LineLostError, ConnectionClosed) as failure:
                cut_at = self._cut(failure)
            except (InvalidHandshake, OSError, TimeoutError) as failure:
                self.tally.refused.append(f"{type(failure).__name__}: {failure}")
                cut_at = cut_at or asyncio.get_running_loop().time()
            delay_s = min(MOST_DELAY_S, FIRST_DELAY_S * 2**attempt)
            await asyncio.sleep(delay_s * (0.5 + self._random.random() / 2))
            attempt += 1

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[ClientConnection]:
        async with connect(self._url, proxy=None, ping_interval=None, open_timeout=DIAL_S) as peer:
            self.tally.opened += 1
            created = await self._heard(peer, "session.created")
            assert created["session"]
            updated = await self._heard(peer, "session.updated")
            self.tally.instructions.append(updated["session"]["instructions"])
            yield peer

    async def _turn(self, peer: ClientConnection) -> None:
        for _ in range(CHUNKS):
            await self._say(peer, "input_audio_buffer.append", APPEND)
            await asyncio.sleep(CHUNK_S)
        await self._say(peer, "input_audio_buffer.commit", COMMIT)
        await self._say(peer, "response.create", RESPOND)
        await self._heard(peer, "response.done")
        self.tally.turns += 1
        await asyncio.sleep(PAUSE_S)

    async def _say(self, peer: ClientConnection, kind: str, event: str) -> None:
        await peer.send(event)
        self.tally.sent[kind] += 1

    async def _heard(self, peer: ClientConnection, wanted: str) -> dict[str, dict[str, str]]:
        while True:
            try:
                async with asyncio.timeout(WATCH_S):
                    event: dict[str, dict[str, str]] = json.loads(await peer.recv())
            except TimeoutError:
                raise LineLostError("silent") from None
            kind = str(event["type"])
            self.tally.received[kind] += 1
            if kind == wanted:
                return event

    def _cut(self, failure: Exception) -> float:
        now = asyncio.get_running_loop().time()
        code = failure.rcvd.code if isinstance(failure, ConnectionClosed) and failure.rcvd else None
        self.tally.cut.append((now, str(failure) if isinstance(failure, LineLostError) else str(code or "lost")))
        return now

    def _returned(self, cut_at: float | None) -> None:
        if cut_at is None:
            return
        now = asyncio.get_running_loop().time()
        self.tally.returned.append(now)
        self.tally.away_s.append(now - cut_at)


async def admitted(url: str, count: int) -> int:
    """How many of so many handshakes at once are let in; all leave at once.

    Who finds no relay behind the address (503) comes again, as the page does; only the relay's 429 keeps one out.
    """

    async def one() -> bool:
        while True:
            try:
                async with connect(url, proxy=None, open_timeout=DIAL_S) as peer:
                    return bool(json.loads(await peer.recv())["type"] == "session.created")
            except InvalidStatus as refusal:
                if refusal.response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                    return False
                if refusal.response.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                    raise
                await asyncio.sleep(FIRST_DELAY_S)

    return sum(await asyncio.gather(*(one() for _ in range(count))))
