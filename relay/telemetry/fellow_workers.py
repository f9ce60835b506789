"""What the workers of one supervisor ask each other, each on a Unix socket in a directory of theirs.

A question is a line of JSON, its name and what it is about; the answer is whatever comes until the end. What is taken
instead of answered goes on over the same connection. A process alone has nobody to ask. The directory is the
supervisor's own, so that nobody else reaches the sockets.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import cast

Answer = Callable[[str], bytes]
Take = Callable[[asyncio.Transport, str], None]
"""Has the connection from then on, and is told what it is about."""

Connect = Callable[[str, str, asyncio.Protocol], Awaitable[asyncio.Transport]]
"""Opens a connection to a certain one; see `FellowWorkers.connect`."""

ANSWER_WITHIN_S = 2.0
"""How long another worker may take; one that is starting or hangs is left out."""


class FellowWorkers:
    """The others, once the worker has met them; nobody before.

    Attributes:
        answers: what is answered here, by the name of the question; empty bytes are no answer.
        takes: who has the connection, where it is not for an answer.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.takes: dict[str, Take] = {}
        self._directory: Path | None = None
        self._serial = 0

    @asynccontextmanager
    async def met(self, directory: Path, serial: int) -> AsyncIterator[None]:
        """Answer the others while the context is open, and be able to ask them."""
        place = directory / str(serial)
        loop = asyncio.get_running_loop()
        async with await loop.create_unix_server(partial(_Asked, self.answers, self.takes), place):
            self._directory, self._serial = directory, serial
            try:
                yield
            finally:
                self._directory = None
                place.unlink(missing_ok=True)
                with contextlib.suppress(OSError):  # others are there, or the supervisor has taken it away
                    os.rmdir(directory)

    async def ask(self, question: str, about: str = "") -> Mapping[str, str]:
        """What the others answer, by their numbers; those that say nothing are left out."""
        if self._directory is None:
            return {}
        names = [name for name in sorted(os.listdir(self._directory), key=int) if int(name) != self._serial]
        answers = await asyncio.gather(*(_ask(self._directory / name, question, about) for name in names))
        return {name: answer for name, answer in zip(names, answers, strict=True) if answer}

    async def ask_all(self, question: str) -> Mapping[str, str]:
        """The same, and what is answered here."""
        answers = {**await self.ask(question), str(self._serial): self.answers[question]("").decode()}
        return dict(sorted(answers.items(), key=lambda answer: int(answer[0])))

    async def connect(self, fellow: str, name: str, about: str, protocol: asyncio.Protocol) -> asyncio.Transport:
        """Open a connection that this fellow takes under that name, and tell it what it is about.

        Raises:
            OSError: it has gone, or this process has nobody to ask.
        """
        if self._directory is None:
            raise FileNotFoundError
        place = str(self._directory / fellow)
        transport, _ = await asyncio.get_running_loop().create_unix_connection(lambda: protocol, place)
        transport.write(_line(name, about))
        return transport


class _Asked(asyncio.Protocol):
    """One question of another worker: answered, or its connection given to who takes it."""

    def __init__(self, answers: Mapping[str, Answer], takes: Mapping[str, Take]) -> None:
        self._answers = answers
        self._takes = takes
        self._line = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by name
        self._timeout = asyncio.get_running_loop().call_later(ANSWER_WITHIN_S, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        self._line += data
        if data.endswith(b"\n"):
            self._timeout.cancel()
            try:
                question, about = json.loads(self._line)
                if question in self._takes:
                    self._takes[question](self._transport, about)
                    return
                self._transport.write(self._answers[question](about))
            except (TypeError, ValueError, KeyError):  # a worker of another version
                pass
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timeout.cancel()


def _line(name: str, about: str) -> bytes:
    return json.dumps([name, about]).encode() + b"\n"


async def _ask(place: Path, question: str, about: str) -> str:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reader, writer = await asyncio.open_unix_connection(place)
            try:
                writer.write(_line(question, about))
                return (await reader.read()).decode()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return ""
