"""A Realtime API whose every event a script sends."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.server import ServerConnection, serve

from tests.fakes.browser import RATE, Samples

SESSION: dict[str, Any] = {
    "type": "realtime",
    "object": "realtime.session",
    "id": "sess_DzX1cVwFq0kqe4vUJXyrE",
    "model": "gpt-realtime-2.1",
    "output_modalities": ["audio"],
    "instructions": "You are a friendly guide in a museum. Answer in two sentences.",
    "tools": [
        {
            "type": "function",
            "name": "opening_hours",
            "description": "Tells when a room is open",
            "parameters": {"type": "object", "properties": {"room": {"type": "integer"}}, "required": ["room"]},
        }
    ],
    "tool_choice": "auto",
    "audio": {
        "input": {
            "format": {"type": "audio/pcm", "rate": RATE},
            "transcription": {"model": "gpt-transcribe", "language": "en"},
            "turn_detection": {"type": "server_vad", "silence_duration_ms": 500, "interrupt_response": True},
        },
        "output": {"format": {"type": "audio/pcm", "rate": RATE}, "voice": "marin", "speed": 1.0},
    },
}
USAGE = {
    "total_tokens": 412,
    "input_tokens": 291,
    "output_tokens": 121,
    "input_token_details": {"text_tokens": 119, "audio_tokens": 172, "cached_tokens": 64},
    "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
}
BURST_S = 0.4


class Stage:
    """Attributes: `url`. One session at a time; what the page sends is taken and answered as little as can be."""

    def __init__(self) -> None:
        self.url = ""
        self._visitor: asyncio.Future[ServerConnection] = asyncio.get_running_loop().create_future()
        self._count = 0
        self._truncations: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._items: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def serve(self, connection: ServerConnection) -> None:
        """Serve one session until it ends."""
        self._visitor.set_result(connection)
        await self.send("session.created", session=SESSION)
        async for message in connection:
            event = orjson.loads(message)
            if event["type"] == "session.update":
                await self.send("session.updated", session=SESSION)
            elif event["type"] == "conversation.item.truncate":
                self._truncations.put_nowait(event)
            elif event["type"] == "conversation.item.create":
                self._items.put_nowait(event["item"])

    async def truncation(self) -> dict[str, Any]:
        """The next `conversation.item.truncate` that the page sends."""
        return await self._truncations.get()

    async def item(self) -> dict[str, Any]:
        """The next item that the page creates."""
        return await self._items.get()

    async def send(self, kind: str, **fields: Any) -> None:
        """Send one event, once somebody is there."""
        connection = await self._visitor
        event = {"type": kind, "event_id": f"event_{self._next():05}", **fields}
        await connection.send(orjson.dumps(event).decode())

    async def hear(self, words: str, *, pending: bool = False, seconds: float = 0.0) -> None:
        """The visitor speaks for this long; `pending` leaves him in the middle of it."""
        item = f"item_{self._next():05}"
        await self.send("input_audio_buffer.speech_started", audio_start_ms=0, item_id=item)
        parts = re.findall(r"\S+\s*", words)
        for part in parts:
            await asyncio.sleep(seconds / len(parts))
            await self._transcribe(item, "delta", delta=part)
        if pending:
            return
        await self.send("input_audio_buffer.speech_stopped", audio_end_ms=0, item_id=item)
        await self.send("input_audio_buffer.committed", item_id=item, previous_item_id=None)
        await self._transcribe(item, "completed", transcript=words, usage={"type": "duration", "seconds": 2})

    async def answer(self, words: str, sound: Samples, *, wait_s: float = 0.3) -> None:
        """All of an answer is sent at once, as the API does; what is heard of it is the page's affair."""
        await asyncio.sleep(wait_s / 4)
        response, place = await self._begin({"type": "message", "role": "assistant", "content": []})
        await asyncio.sleep(wait_s * 3 / 4)
        burst = int(BURST_S * RATE)
        for start in range(0, len(sound), burst):
            delta = base64.b64encode(sound[start : start + burst].tobytes()).decode()
            await self.send("response.output_audio.delta", delta=delta, **place)
        for part in re.findall(r"\S+\s*", words):
            await self.send("response.output_audio_transcript.delta", delta=part, **place)
        await self.send("response.output_audio_transcript.done", transcript=words, **place)
        await self.send("response.output_audio.done", **place)
        await self._end(response, {"id": place["item_id"], "type": "message", "role": "assistant", "content": []})

    async def call(self, name: str, arguments: str, output: str | None) -> None:
        """A function is called, and answered unless the visitor shall do it by hand."""
        call = {"type": "function_call", "name": name, "call_id": f"call_{self._next()}", "arguments": arguments}
        response, place = await self._begin(call)
        await self._end(response, {**call, "id": place["item_id"], "status": "completed"})
        if output is not None:
            answer = {"type": "function_call_output", "call_id": call["call_id"], "output": output}
            await self.send("conversation.item.added", item={"id": f"item_{self._next():05}", **answer})

    async def _begin(self, item: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        response = {"id": f"resp_{self._next():05}", "object": "realtime.response", "status": "in_progress"}
        place = {"response_id": response["id"], "item_id": f"item_{self._next():05}", "output_index": 0}
        await self.send("response.created", response=response)
        await self.send("response.output_item.added", item={"id": place["item_id"], **item}, response_id=response["id"])
        return response, {**place, "content_index": 0}

    async def _end(self, response: dict[str, Any], item: dict[str, Any]) -> None:
        done = {**response, "status": "completed", "output": [item], "usage": USAGE}
        await self.send("response.output_item.done", item=item, response_id=response["id"])
        await self.send("response.done", response=done)

    async def _transcribe(self, item: str, kind: str, **fields: Any) -> None:
        kind = f"conversation.item.input_audio_transcription.{kind}"
        await self.send(kind, item_id=item, content_index=0, **fields)

    def _next(self) -> int:
        self._count += 1
        return self._count


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Listen on a free port until the context ends."""
    far_end = Stage()
    async with serve(far_end.serve, "127.0.0.1", 0, max_size=None, compression=None) as server:
        far_end.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/realtime"
        yield far_end
