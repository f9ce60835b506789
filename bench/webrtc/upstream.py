"""The far end of a call: what `bench.voice_page` has, and it can also say back at once what it hears."""

import base64

import numpy as np
import orjson
from websockets.asyncio.server import ServerConnection

from bench.voice_page.upstream import ToneUpstream, send

LOUD = 300
"""Of 32,768. What is said back is sound alone, so that it is not played behind silence which came late."""


class EchoUpstream(ToneUpstream):
    """Attributes: `echoes`, whether what is heard is one endless answer; `cut_ms`, where answers were truncated."""

    def __init__(self) -> None:
        super().__init__()
        self.echoes = False
        self.cut_ms: list[int] = []
        self._is_echoing = False

    async def take(self, connection: ServerConnection, message: str | bytes) -> None:
        event = orjson.loads(message)
        if event["type"] == "conversation.item.truncate":
            self.cut_ms.append(event["audio_end_ms"])
        elif event["type"] == "input_audio_buffer.append":
            await self._echo(connection, event["audio"])
        await super().take(connection, message)

    async def _echo(self, connection: ServerConnection, audio: str) -> None:
        if self.echoes != self._is_echoing:
            self._is_echoing = self.echoes
            kind, status = ("response.created", "in_progress") if self.echoes else ("response.done", "completed")
            await send(connection, kind, response={"id": "resp_echo", "status": status, "output": []})
        if self.echoes and np.abs(np.frombuffer(base64.b64decode(audio), np.int16)).max() > LOUD:
            place = {"response_id": "resp_echo", "output_index": 0, "content_index": 0, "item_id": "item_echo"}
            await send(connection, "response.output_audio.delta", delta=audio, **place)
