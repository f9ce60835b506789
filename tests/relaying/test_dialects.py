"""Peers that speak the beta, through the relay to the mock of the GA API."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from openai import AsyncOpenAI
from openai.resources.beta.realtime.realtime import AsyncRealtimeConnection
from openai.types.beta.realtime import RealtimeServerEvent
from websockets.asyncio.client import ClientConnection

from relay.stand_ins.mock import Pace, serve_mock
from tests.fakes.drawn_events import models_of
from tests.fakes.running import Running, running, until

MODELS = models_of(RealtimeServerEvent)
RATE = 24_000
TONE = b"".join((6000 if n % 48 < 24 else -6000).to_bytes(2, "little", signed=True) for n in range(RATE))
SUBPROTOCOLS = ["realtime", "openai-insecure-api-key.unused", "openai-beta.realtime-v1"]


@pytest.fixture
async def relay(carrier) -> AsyncIterator[Running]:
    profiles = {
        "default": {"audio": {"input": {"noise_reduction": {"type": "near_field"}}}},
        "old": {"dialect": "beta"},
        "firm": {"instructions": "Be firm.", "voice": "marin", "lock": ["instructions", "voice"]},
    }
    async with serve_mock(pace=Pace.instant()) as mock, running(mock.url, profiles=profiles) as relay:
        yield relay


async def say(peer: ClientConnection, **event: Any) -> None:
    await peer.send(json.dumps(event))


def deltas(events: list[dict[str, Any]], kind: str) -> list[str]:
    return [event["delta"] for event in events if event["type"] == kind]


async def test_the_browser_client_of_2024(relay) -> None:
    """A page as it was written in 2024 talks to the GA API, unmodified: flat session, beta events, its own echo."""
    async with relay.peer("?model=gpt-4o-realtime-preview-2024-10-01", subprotocols=SUBPROTOCOLS) as peer:
        assert peer.subprotocol == "realtime"
        session: dict[str, Any] = {
            "modalities": ["text", "audio"], "instructions": "Repeat after me.", "voice": "alloy", "temperature": 0.8,
            "input_audio_format": "pcm16", "output_audio_format": "pcm16", "tools": [], "tool_choice": "auto",
            "input_audio_transcription": {"model": "whisper-1"}, "max_response_output_tokens": 4096,
            "turn_detection": {
                "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 200,
            },
        }  # fmt: skip
        await say(peer, type="session.update", session=session)
        events = await until(peer, "session.updated")
        while events[-1]["session"]["instructions"] != "Repeat after me.":  # the first tells what the profile injected
            events += await until(peer, "session.updated")
        for start in range(0, len(TONE), 4800):
            audio = base64.b64encode(TONE[start : start + 4800]).decode()
            await peer.send(
                json.dumps({"event_id": f"evt_{start}", "type": "input_audio_buffer.append", "audio": audio})
            )
        await say(peer, type="input_audio_buffer.append", audio=base64.b64encode(bytes(2 * RATE)).decode())
        events += await until(peer, "rate_limits.updated")
        wanted = "conversation.item.input_audio_transcription.completed"
        if not any(event["type"] == wanted for event in events):
            events += await until(peer, wanted)
    echoed = [event["session"] for event in events if event["type"] == "session.updated"][-1]
    for name, value in session.items():
        assert echoed[name] == value or echoed[name].items() >= value.items(), name
    assert echoed["input_audio_noise_reduction"] == {"type": "near_field"}
    assert not {"type", "audio", "output_modalities"} & set(echoed)
    for event in events:
        MODELS[event["type"]].model_validate(event)
    assert TONE[RATE : RATE + 4800] in b"".join(map(base64.b64decode, deltas(events, "response.audio.delta")))
    said = next(event["transcript"] for event in events if event["type"] == "response.audio_transcript.done")
    assert said == "".join(deltas(events, "response.audio_transcript.delta"))


async def test_the_package_as_it_spoke_the_beta(relay) -> None:
    """The `openai` package's beta client calls a function through the relay, unmodified."""
    client = AsyncOpenAI(api_key="unused", websocket_base_url=f"ws://127.0.0.1:{relay.port}/v1")
    tool = {
        "type": "function",
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
    async with client.beta.realtime.connect(model="gpt-realtime") as connection:
        await connection.session.update(session={"modalities": ["text"], "tools": [tool], "temperature": 0.7})  # type: ignore[list-item]
        content = [{"type": "input_text", "text": "What is the weather in Oslo?"}]
        await connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})  # type: ignore[typeddict-item]
        await connection.response.create(response={"temperature": 0.9})
        [call] = [event for event in await heard(connection) if event.type.endswith("arguments.done")]
        output = {"type": "function_call_output", "call_id": call.call_id, "output": "raining"}
        await connection.conversation.item.create(item=output)  # type: ignore[arg-type]
        await connection.response.create()
        response = (await heard(connection))[-1].response
    assert (response.modalities, response.temperature) == (["text"], 0.7)
    [part] = response.output[0].content
    assert part.type == "text"
    assert "raining" in part.text


async def heard(connection: AsyncRealtimeConnection) -> list[Any]:
    """All events up to and with the end of a response."""
    events: list[Any] = []
    async for event in connection:
        assert event.type != "error", event
        events.append(event)
        if event.type == "response.done":
            break
    return events


async def test_a_profile_for_old_peers(relay) -> None:
    """Peers of a profile with `dialect = "beta"` speak the beta without saying so."""
    async with relay.peer("?profile=old") as peer:
        await say(peer, type="session.update", session={"voice": "verse"})
        events = await until(peer, "session.updated")
    assert events[0]["session"]["modalities"] == ["text", "audio"]
    assert events[-1]["session"]["voice"] == "verse"


async def test_a_ga_client_with_the_betas_header(relay) -> None:
    """A client that has learnt GA and still sends the beta's header talks GA from its first `session.update` on."""
    async with relay.peer(additional_headers={"OpenAI-Beta": "realtime=v1"}) as peer:
        [created] = await until(peer, "session.created")
        assert created["session"]["audio"]["output"]["voice"] == created["session"]["voice"]
        assert (created["session"]["type"], created["session"]["modalities"]) == ("realtime", ["text", "audio"])
        nested = {"type": "realtime", "audio": {"output": {"voice": "verse"}}, "output_modalities": ["audio"]}
        await say(peer, type="session.update", session=nested)
        events = await until(peer, "session.updated")
        while events[-1]["session"].get("audio", {}).get("output", {}).get("voice") != "verse":
            events += await until(peer, "session.updated")
        await say(peer, type="conversation.item.create", item={
            "type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}],
        })  # fmt: skip
        await say(peer, type="response.create")
        kinds = {event["type"] for event in await until(peer, "response.done")}
    assert {"response.output_audio.delta", "conversation.item.added", "conversation.item.done"} <= kinds
    assert not {"response.audio.delta", "conversation.item.created"} & kinds


async def test_a_transcription_of_2024(relay) -> None:
    """A session that transcribes begins as it did in 2024, with an event of its own name."""
    async with relay.peer("?intent=transcription", additional_headers={"OpenAI-Beta": "realtime=v1"}) as peer:
        assert (await until(peer, "transcription_session.created"))[0]["type"] == "transcription_session.created"
        await say(peer, type="transcription_session.update", session={"input_audio_format": "pcm16"})
        await until(peer, "transcription_session.updated")


async def test_locks_hold_in_every_dialect(relay) -> None:
    """A field that is locked by its GA path cannot be changed by its flat name, and is not shown under it."""
    async with relay.peer("?profile=firm", additional_headers={"OpenAI-Beta": "realtime=v1"}) as peer:
        await say(
            peer, type="session.update", session={"voice": "ash", "instructions": "Obey.", "modalities": ["text"]}
        )
        events = await until(peer, "session.updated")
        while events[-1]["session"]["modalities"] != ["text"]:
            events += await until(peer, "session.updated")
    assert events[-1]["session"]["voice"] == "marin"
    assert not any("instructions" in event.get("session", {}) for event in events)


async def test_audio_in_bytes_for_an_old_peer(relay) -> None:
    """A peer of the beta that takes audio in bytes gets it, and the other events in its dialect."""
    async with relay.peer("?profile=old", subprotocols=["relay.binary.v1"]) as peer:
        await say(peer, type="conversation.item.create", item={
            "type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}],
        })  # fmt: skip
        await say(peer, type="response.create")
        messages: list[str | bytes] = []
        while not messages or "response.done" not in str(messages[-1][:40]):
            messages.append(await peer.recv())
    assert any(isinstance(message, bytes) for message in messages)
    kinds = {json.loads(message)["type"] for message in messages if isinstance(message, str)}
    assert {"response.audio_transcript.delta", "response.audio.done", "conversation.item.created"} <= kinds
