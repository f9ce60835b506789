"""An upstream as the API was in 2024: flat sessions, beta events, and no word of GA."""

import json
from itertools import count
from typing import Any

from openai.types.beta.realtime import RealtimeClientEvent
from websockets.asyncio.server import ServerConnection

from tests.fakes.drawn_events import models_of, unknown_fields

Body = dict[str, Any]
MODELS = models_of(RealtimeClientEvent)
WORDS = ("It is ", "raining.")
AUDIO = ("AAECAw==", "BAUGBw==")


async def speak_beta(connection: ServerConnection) -> None:
    """Serve a peer: text and audio are answered by the same words, a tool by a call of it."""
    await BetaSession(connection).serve()


class BetaSession:
    """One conversation. What the beta's types do not know is answered with an error, as the API did."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._numbers = count(1)
        self._last_item: str | None = None
        self._session: Body = {
            "id": "sess_1", "object": "realtime.session", "model": "gpt-4o-realtime-preview", "voice": "alloy",
            "modalities": ["audio", "text"], "instructions": "", "tools": [], "tool_choice": "auto", "temperature": 0.8,
            "input_audio_format": "pcm16", "output_audio_format": "pcm16", "input_audio_transcription": None,
            "turn_detection": {"type": "server_vad", "threshold": 0.5, "create_response": True},
            "max_response_output_tokens": "inf",
        }  # fmt: skip

    async def serve(self) -> None:
        await self._say("session.created", session=self._session)
        async for message in self._connection:
            event = json.loads(message)
            model = MODELS.get(event.get("type"))
            if model is None or list(unknown_fields(model.model_validate(event))):
                error = {"type": "invalid_request_error", "message": f"not of the beta: {message!r}", "code": "unknown"}
                await self._say("error", error=error)
            else:
                await self._answer(event)

    async def _answer(self, event: Body) -> None:
        if event["type"] == "session.update":
            self._session |= event["session"]
            await self._say("session.updated", session=self._session)
        elif event["type"] == "conversation.item.create":
            await self._created({"id": self._name("item"), "status": "completed", **event["item"]})
        elif event["type"] == "conversation.item.retrieve":
            part = {"type": "audio", "audio": AUDIO[0], "transcript": "It"}
            item = {"id": event["item_id"], "type": "message", "role": "assistant", "content": [part]}
            await self._say("conversation.item.retrieved", item=item)
        elif event["type"] == "response.create":
            await self._respond(event.get("response", {}))

    async def _respond(self, asked: Body) -> None:
        response = {
            "id": self._name("resp"), "object": "realtime.response", "status": "in_progress", "output": [],
            "modalities": asked.get("modalities", self._session["modalities"]), "voice": self._session["voice"],
            "output_audio_format": self._session["output_audio_format"], "temperature": 0.8,
        }  # fmt: skip
        await self._say("response.created", response=response)
        calls = self._session["tools"] and self._last_item != "output"
        item = await (self._call(response) if calls else self._speak(response))
        details = {"text_tokens": 10, "audio_tokens": 40}
        usage = {"total_tokens": 70, "input_tokens": 20, "output_tokens": 50, "output_token_details": details}
        await self._say("response.done", response={**response, "status": "completed", "output": [item], "usage": usage})

    async def _speak(self, response: Body) -> Body:
        item: Body = {"id": self._name("item"), "type": "message", "role": "assistant", "status": "in_progress"}
        item |= {"content": []}
        where = {"response_id": response["id"], "item_id": item["id"], "output_index": 0, "content_index": 0}
        await self._begin(response, item)
        for audio, words in zip(AUDIO, WORDS, strict=True):
            await self._say("response.audio_transcript.delta", **where, delta=words)
            await self._say("response.audio.delta", **where, delta=audio)
        await self._say("response.audio.done", **where)
        await self._say("response.audio_transcript.done", **where, transcript="".join(WORDS))
        part = {"type": "audio", "transcript": "".join(WORDS)}
        await self._say("response.content_part.done", **where, part=part)
        return await self._end(response, {**item, "content": [part]})

    async def _call(self, response: Body) -> Body:
        name = self._session["tools"][0]["name"]
        item = {"id": self._name("item"), "type": "function_call", "status": "in_progress", "name": name}
        item |= {"call_id": "call_1", "arguments": ""}
        await self._begin(response, item)
        where = {"response_id": response["id"], "item_id": item["id"], "output_index": 0, "call_id": "call_1"}
        await self._say("response.function_call_arguments.delta", **where, delta="{}")
        await self._say("response.function_call_arguments.done", **where, arguments="{}")
        return await self._end(response, {**item, "arguments": "{}"})

    async def _begin(self, response: Body, item: Body) -> None:
        await self._say("response.output_item.added", response_id=response["id"], output_index=0, item=item)
        await self._created(item)

    async def _end(self, response: Body, item: Body) -> Body:
        item = {**item, "status": "completed"}
        await self._say("response.output_item.done", response_id=response["id"], output_index=0, item=item)
        return item

    async def _created(self, item: Body) -> None:
        await self._say("conversation.item.created", previous_item_id=None, item=item)
        self._last_item = "output" if item["type"] == "function_call_output" else item["id"]

    async def _say(self, kind: str, **fields: Any) -> None:
        await self._connection.send(json.dumps({"type": kind, "event_id": self._name("event"), **fields}))

    def _name(self, kind: str) -> str:
        return f"{kind}_{next(self._numbers)}"
