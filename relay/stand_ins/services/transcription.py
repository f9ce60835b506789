"""Scripted transcription over WebSocket: OpenAI's sessions, and vLLM's own, told apart by their first update."""

import asyncio
import binascii
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from relay.stand_ins.services.scripts import Script

LONGEST_MESSAGE_BYTES = 24 << 20


class TranscriptionServer:
    """Hears what `script.hears` says, a word of it with each piece of sound that was appended.

    Attributes:
        url: what stands before `/realtime`.
        paths: those that were asked for, with their query.
        received: the events of all sessions in order, without their sound.
        heard: the sound of each turn that was committed.
        cuts: so many commits are answered by tearing the connection.
        fails: so many commits are answered with a failure.
        hangs: so many commits are not answered.
    """

    def __init__(self, script: Script) -> None:
        self.url = ""
        self.paths: list[str] = []
        self.received: list[dict[str, Any]] = []
        self.heard: list[bytes] = []
        self.cuts = 0
        self.fails = 0
        self.hangs = 0
        self._script = script
        self._items = 0

    @asynccontextmanager
    async def serving(self, host: str) -> AsyncIterator[None]:
        """Serve at a free port until the context is left."""
        async with serve(self._session, host, 0, max_size=LONGEST_MESSAGE_BYTES, close_timeout=0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            self.url = f"http://{host}:{port}/v1"
            yield

    async def _session(self, connection: ServerConnection) -> None:
        self.paths.append(connection.request.path if connection.request else "")
        session = _Session(self, connection)
        try:
            await session.say("session.created", session={"type": "transcription"})
            async for message in connection:
                await session.receive(orjson.loads(message))
        except ConnectionClosed:
            return

    def next_item_id(self) -> str:
        """An id that no other turn has."""
        self._items += 1
        return f"item_{self._items}"

    def transcript(self, pcm: bytes) -> str:
        """What the script says was said."""
        return self._script.hears(pcm)

    @property
    def latency_s(self) -> float:
        """From a commit to the transcript."""
        return self._script.hear_s


class _Session:
    def __init__(self, server: TranscriptionServer, connection: ServerConnection) -> None:
        self._server = server
        self._connection = connection
        self._sound = bytearray()
        self._is_vllm = False
        self._item_id = server.next_item_id()

    async def say(self, kind: str, **fields: Any) -> None:
        await self._connection.send(orjson.dumps({"type": kind, **fields}).decode())

    async def receive(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        self._server.received.append({name: value for name, value in event.items() if name != "audio"})
        if kind == "session.update":
            self._is_vllm = "model" in event
            if not self._is_vllm:
                await self.say("session.updated", session=event["session"])
        elif kind == "input_audio_buffer.append":
            self._sound += binascii.a2b_base64(event["audio"])
            if not self._is_vllm:
                await self._tell_word()
        elif kind == "input_audio_buffer.clear":
            self._begin_anew()
            await self.say("input_audio_buffer.cleared")
        elif kind == "input_audio_buffer.commit" and event.get("final", not self._is_vllm):
            await self._commit()

    async def _tell_word(self) -> None:
        """One more word of a turn that goes on, as sessions do that hear while one speaks."""
        words = self._server.transcript(bytes(self._sound)).split(" ")
        said = self._told
        if said < len(words) - 1:
            self._told += 1
            await self._delta(f"{words[said]} ")

    _told = 0

    async def _delta(self, text: str) -> None:
        if self._is_vllm:
            await self.say("transcription.delta", delta=text)
        else:
            await self.say(
                "conversation.item.input_audio_transcription.delta",
                item_id=self._item_id, content_index=0, delta=text,
            )  # fmt: skip

    async def _commit(self) -> None:
        server, pcm = self._server, bytes(self._sound)
        if server.cuts:
            server.cuts -= 1
            self._connection.transport.abort()
            return
        if server.hangs:
            server.hangs -= 1
            return
        server.heard.append(pcm)
        item_id = self._item_id
        if not self._is_vllm:
            await self.say("input_audio_buffer.committed", item_id=item_id, previous_item_id=None)
        await asyncio.sleep(server.latency_s)
        if server.fails:
            server.fails -= 1
            await self._fail()
        else:
            await self._complete(server.transcript(pcm))
        self._begin_anew()

    async def _complete(self, text: str) -> None:
        rest = " ".join(text.split(" ")[self._told :])
        await self._delta(rest)
        if self._is_vllm:
            usage = {"prompt_tokens": 30, "completion_tokens": 6, "total_tokens": 36}
            await self.say("transcription.done", text=text, usage=usage)
            return
        await self.say(
            "conversation.item.input_audio_transcription.completed",
            item_id=self._item_id, content_index=0, transcript=text, usage={"type": "duration", "seconds": 1.5},
        )  # fmt: skip

    async def _fail(self) -> None:
        if self._is_vllm:
            await self.say("error", error="it cannot be heard", code="processing_error")
            return
        error = {"type": "server_error", "code": "audio_unintelligible", "message": "it cannot be heard"}
        await self.say(
            "conversation.item.input_audio_transcription.failed", item_id=self._item_id, content_index=0, error=error
        )

    def _begin_anew(self) -> None:
        self._sound.clear()
        self._told = 0
        self._item_id = self._server.next_item_id()
