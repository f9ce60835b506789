"""What the workers of one supervisor ask each other, each on a Unix socket in a directory of theirs.

A question is a line of JSON, its name and what it is about; the answer is whatever comes until the end. A process alone
has nobody to ask. The directory is the supervisor's own, so that nobody else reaches the sockets.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

Answer = Callable[[str], bytes]

ANSWER_WITHIN_S = 2.0
"""How long another worker may take; one that is starting or hangs is left out."""


class FellowWorkers:
    """The others, once the worker has met them; nobody before.

    Attributes:
        answers: what is answered here, by the name of the question; empty bytes are no answer.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self._directory: Path | None = None
        self._serial = 0

    @asynccontextmanager
    async def met(self, directory: Path, serial: int) -> AsyncIterator[None]:
        """Answer the others while the context is open, and be able to ask them."""
        place = directory / str(serial)
        async with await asyncio.start_unix_server(self._serve, place):
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

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                question, about = json.loads(await reader.readline())
                writer.write(self.answers[question](about))
        except (OSError, TimeoutError, ValueError, KeyError):  # a worker of another version, or one that is gone
            pass
        finally:
            writer.close()


async def _ask(place: Path, question: str, about: str) -> str:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reader, writer = await asyncio.open_unix_connection(place)
            try:
                writer.write(json.dumps([question, about]).encode() + b"\n")
                return (await reader.read()).decode()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return ""
