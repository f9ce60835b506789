"""The far end: a Realtime API that listens, and answers with a tone as slowly and unevenly as it is told."""

import asyncio
import base64
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedError

from tests.fakes.browser import RATE, tone

_SESSION = {
    "id": "sess_bench",
    "type": "realtime",
    "audio": {
        "input": {
            "transcription": {"model": "none"},
            "turn_detection": {"type": "server_vad", "create_response": False},
        }
    },
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A tone of 1 kHz, and how it is sent.

    Attributes:
        seconds: how long it sounds.
        burst_s: how much of it is sent at once.
        every_s: when the next burst is due.
        late_s: by how much each burst may come too late, at random.
        interrupted_after_s: when the visitor is said to speak, after all was sent; None if never.
    """

    seconds: float
    burst_s: float = 0.4
    every_s: float = 0.0
    late_s: float = 0.0
    interrupted_after_s: float | None = None


class ToneUpstream:
    """Attributes: `url`; `heard`, the audio of all appends as PCM16; `next_answer`, to whatever is asked."""

    def __init__(self) -> None:
        self.url = ""
        self.heard = bytearray()
        self.next_answer = Answer(1.0)
        self._random = random.Random(1)
        self._answers = 0
        self._answering: asyncio.Task[None] | None = None

    async def serve(self, connection: ServerConnection) -> None:
        """Serve one session."""
        await send(connection, "session.created", session=_SESSION)
        try:
            with suppress(ConnectionClosedError):  # whose relay was killed
                async for message in connection:
                    await self.take(connection, message)
        finally:
            if self._answering is not None:
                self._answering.cancel()

    async def take(self, connection: ServerConnection, message: str | bytes) -> None:
        """Take an event of the peer's."""
        event = orjson.loads(message)
        match event["type"]:
            case "input_audio_buffer.append":
                self.heard += base64.b64decode(event["audio"])
            case "session.update":
                await send(connection, "session.updated", session=_SESSION)
            case "response.create":
                self._answering = asyncio.create_task(self._answer(connection, self.next_answer))

    async def _answer(self, connection: ServerConnection, answer: Answer) -> None:
        self._answers += 1
        item = {"id": f"item_{self._answers}", "type": "message", "role": "assistant", "content": []}
        response: dict[str, Any] = {"id": f"resp_{self._answers}", "status": "in_progress", "output": []}
        place = {"response_id": response["id"], "output_index": 0, "content_index": 0, "item_id": item["id"]}
        await send(connection, "response.created", response=response)
        await send(connection, "response.output_item.added", item=item, **place)
        await self._speak(connection, answer, place)
        if answer.interrupted_after_s is not None:
            await asyncio.sleep(answer.interrupted_after_s)
            await send(connection, "input_audio_buffer.speech_started", audio_start_ms=0, item_id="item_user")
            await send(connection, "input_audio_buffer.speech_stopped", audio_end_ms=0, item_id="item_user")
        await send(connection, "response.output_audio.done", **place)
        await send(connection, "response.done", response={**response, "status": "completed", "output": [item]})

    async def _speak(self, connection: ServerConnection, answer: Answer, place: dict[str, Any]) -> None:
        speech = tone(answer.seconds).tobytes()
        burst_bytes = 2 * int(answer.burst_s * RATE)
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number, start in enumerate(range(0, len(speech), burst_bytes)):
            due = began + number * answer.every_s + (self._random.uniform(0, answer.late_s) if number else 0)
            await asyncio.sleep(due - loop.time())
            delta = base64.b64encode(speech[start : start + burst_bytes]).decode()
            await send(connection, "response.output_audio.delta", delta=delta, **place)


async def send(connection: ServerConnection, kind: str, **fields: Any) -> None:
    """Send an event."""
    await connection.send(orjson.dumps({"type": kind, "event_id": "event_bench", **fields}).decode())


@asynccontextmanager
async def tone_upstream() -> AsyncIterator[ToneUpstream]:
    """Listen on a free port until the context ends."""
    upstream = ToneUpstream()
    async with listening(upstream):
        yield upstream


@asynccontextmanager
async def listening(upstream: ToneUpstream) -> AsyncIterator[None]:
    """The same, for another sort of one."""
    async with serve(upstream.serve, "127.0.0.1", 0, max_size=None, compression=None) as server:
        upstream.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/realtime"
        yield
