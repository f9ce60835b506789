"""The `openai` package's own client, which does not know that it talks to a mock."""

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from websockets.exceptions import ConnectionClosedError

from relay.stand_ins.mock import Pace, serve_mock
from relay.stand_ins.mock.voice import clips
from tests.stand_ins.mock.talk import silence, tone

QUICK = Pace(latency_s=0.01, speedup=200, token_s=0.001, transcription_s=0.01, rate_limits_s=0.001, holds_after_s=5)
"""Far ahead of real time; a story goes on until it is interrupted."""


@asynccontextmanager
async def connected(**options: Any) -> AsyncIterator[AsyncRealtimeConnection]:
    async with serve_mock(pace=QUICK, **options) as mock:
        base_url = mock.url.removesuffix("/realtime")
        client = AsyncOpenAI(api_key="sk-mine", websocket_base_url=base_url)
        async with client, client.realtime.connect(model="gpt-realtime-2.1") as connection:
            yield connection


async def until(connection: AsyncRealtimeConnection, kind: str) -> list[Any]:
    """What comes, up to the first event of this type."""
    came: list[Any] = []
    while not came or came[-1].type != kind:
        came.append(await connection.recv())
    return came


async def test_a_spoken_exchange() -> None:
    """Configure, speak, be heard, hear the answer, ask for more, go: all through the package's own objects."""
    async with connected() as connection:
        (created,) = await until(connection, "session.created")
        assert created.session.model == "gpt-realtime-2.1"
        await connection.session.update(
            session={
                "type": "realtime",
                "instructions": "Be brief.",
                "audio": {
                    "input": {
                        "transcription": {"model": "gpt-4o-mini-transcribe"},
                        "turn_detection": {"type": "semantic_vad", "eagerness": "high"},
                    },
                    "output": {"voice": "marin"},
                },
            }
        )
        (updated,) = await until(connection, "session.updated")
        assert updated.session.audio.output.voice == "marin"

        pcm = silence(200) + tone(1200) + silence(500)
        for start in range(0, len(pcm), 1920):
            await connection.input_audio_buffer.append(audio=b64encode(pcm[start : start + 1920]).decode())
        came = await until(connection, "response.done")
        spoken = b"".join(b64decode(event.delta) for event in came if event.type == "response.output_audio.delta")
        assert spoken == clips()["answer-1"].pcm
        response = came[-1].response
        assert response.status == "completed"
        assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens
        assert response.output[0].content[0].transcript == clips()["answer-1"].words
        assert "conversation.item.input_audio_transcription.completed" in {
            event.type for event in came + await until(connection, "rate_limits.updated")
        }


async def test_a_written_exchange_with_a_tool() -> None:
    """The package's helpers for items and responses do a whole round of a function call."""
    async with connected() as connection:
        weather: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}}
        await connection.session.update(
            session={
                "type": "realtime",
                "output_modalities": ["text"],
                "tools": [{"type": "function", "name": "get_weather", "parameters": weather}],
            }
        )
        text = "How is the weather in Oslo?"
        await connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        )
        await connection.response.create()
        (call,) = (await until(connection, "response.done"))[-1].response.output
        assert (call.name, call.arguments) == ("get_weather", '{"city":"Oslo"}')
        await connection.conversation.item.create(
            item={"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
        )
        await connection.response.create()
        came = await until(connection, "response.output_text.done")
        assert came[-1].text == f"{clips()['tool'].words} [sunny]"


async def test_an_interrupted_answer_is_truncated() -> None:
    """Cancel, truncate to what was heard, retrieve: the duties of a client that plays audio itself."""
    async with connected() as connection:
        await connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "A story, please."}]}
        )
        await connection.response.create()
        delta = (await until(connection, "response.output_audio.delta"))[-1]
        await connection.response.cancel()
        done = (await until(connection, "response.done"))[-1]
        assert done.response.status_details.reason == "client_cancelled"
        await connection.conversation.item.truncate(item_id=delta.item_id, content_index=0, audio_end_ms=50)
        await until(connection, "conversation.item.truncated")
        await connection.conversation.item.retrieve(item_id=delta.item_id)
        retrieved = (await until(connection, "conversation.item.retrieved"))[-1]
        assert b64decode(retrieved.item.content[0].audio) == clips()["story"].pcm[: 50 * 48]


async def test_a_refused_key_is_an_error_and_then_a_close() -> None:
    """The client yields the error event, and then raises the close 3000."""
    async with connected(api_key="sk-another") as connection:
        (error,) = await until(connection, "error")
        assert error.error.code == "invalid_api_key"
        with pytest.raises(ConnectionClosedError) as closed:
            await connection.recv()
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 3000
