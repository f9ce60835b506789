"""The openai package as the peer, unmodified, through the relay to the mock upstream."""

import base64
from array import array
from collections.abc import AsyncIterator
from typing import Any

import pytest
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection

from relay.stand_ins.mock import Pace, serve_mock
from tests.fakes.running import Running, running

RATE = 24_000


@pytest.fixture
async def relay() -> AsyncIterator[Running]:
    profiles = {"default": {"instructions": "Repeat after me.", "voice": "marin"}}
    async with serve_mock(pace=Pace.instant()) as mock, running(mock.url, profiles=profiles) as relay:
        yield relay


def connected(relay: Running):
    return AsyncOpenAI(api_key="unused", websocket_base_url=f"ws://127.0.0.1:{relay.port}/v1").realtime.connect()


async def until(connection: AsyncRealtimeConnection, kind: str) -> list[Any]:
    """All events up to and with the first of this type."""
    events = []
    async for event in connection:
        assert event.type != "error", event
        events.append(event)
        if event.type == kind:
            break
    return events


async def test_the_first_event_is_the_upstreams_own(relay) -> None:
    """The peer sees session.created first, then session.updated with what the relay injected."""
    async with connected(relay) as connection:
        created, updated = await until(connection, "session.updated")
    assert created.type == "session.created"
    assert updated.session.instructions == "Repeat after me."
    assert updated.session.audio.output.voice == "marin"


async def test_a_spoken_turn(relay) -> None:
    """What is spoken goes up, the answer comes down as audio and transcript, and the usage is told."""
    tone = array("h", [int(8000 * (n % 48 < 24)) - 4000 for n in range(RATE)]).tobytes()
    async with connected(relay) as connection:
        for start in range(0, len(tone), 960):
            await connection.input_audio_buffer.append(audio=base64.b64encode(tone[start : start + 960]).decode())
        await connection.input_audio_buffer.append(audio=base64.b64encode(bytes(2 * RATE)).decode())
        events = await until(connection, "rate_limits.updated")
    kinds = [event.type for event in events]
    assert kinds.index("input_audio_buffer.speech_started") < kinds.index("input_audio_buffer.speech_stopped")
    assert kinds.index("input_audio_buffer.speech_stopped") < kinds.index("response.output_audio.delta")
    audio = b"".join(base64.b64decode(event.delta) for event in events if event.type == "response.output_audio.delta")
    assert tone[RATE // 2 : RATE] in audio  # the mock repeats what it heard, to the sample
    [done] = [event for event in events if event.type == "response.done"]
    assert done.response.status == "completed"
    assert done.response.usage.output_token_details.audio_tokens > 0
    assert relay.metrics.registry.get_sample_value("relay_first_audio_seconds_count") == 1


async def test_audio_in_bytes(relay) -> None:
    """A peer that asks for it speaks and hears bytes; a peer that does not gets the API's own events."""
    async with relay.peer(subprotocols=["relay.binary.v1", "realtime"]) as peer:
        assert peer.subprotocol == "relay.binary.v1"
        tone = array("h", [int(8000 * (n % 48 < 24)) - 4000 for n in range(RATE)]).tobytes()
        await peer.send(tone)
        await peer.send(bytes(2 * RATE))
        heard = b""
        async for message in peer:
            if isinstance(message, bytes):
                heard += message[message[1] :]
            elif '"response.done"' in message:
                break
    assert tone[RATE // 2 : RATE] in heard


async def test_a_function_call(relay) -> None:
    """A function is called, its output goes up, and the answer says it."""
    tool = {
        "type": "function",
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
    async with connected(relay) as connection:
        await connection.session.update(session={"type": "realtime", "tools": [tool], "output_modalities": ["text"]})
        await say(connection, "What is the weather in Oslo?")
        [call] = [event for event in await until(connection, "response.done") if event.type.endswith("arguments.done")]
        assert call.name == "weather"
        output = {"type": "function_call_output", "call_id": call.call_id, "output": "raining"}
        await connection.conversation.item.create(item=output)
        await connection.response.create()
        done = (await until(connection, "response.done"))[-1]
    assert "raining" in done.response.output[0].content[0].text


async def test_an_error_names_the_senders_event(relay) -> None:
    """An event that the API would refuse is answered by its error, with the sender's own event id."""
    async with connected(relay) as connection:
        await connection.send({"type": "no.such.event", "event_id": "mine"})
        async for event in connection:
            if event.type == "error":
                break
    assert (event.error.type, event.error.event_id) == ("invalid_request_error", "mine")


async def say(connection: AsyncRealtimeConnection, words: str) -> None:
    await connection.conversation.item.create(
        item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": words}]}
    )
    await connection.response.create()
