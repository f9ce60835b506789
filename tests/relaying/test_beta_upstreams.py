"""Peers that speak GA, through the relay to an upstream that speaks the beta."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import RealtimeServerEvent

from tests.fakes.beta_upstream import AUDIO, WORDS, speak_beta
from tests.fakes.drawn_events import models_of
from tests.fakes.running import Running, running
from tests.fakes.upstream import scripted_upstream

MODELS = models_of(RealtimeServerEvent)
TOOL = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}}


@pytest.fixture
async def relay(carrier) -> AsyncIterator[Running]:
    profiles = {"default": {"voice": "verse", "audio": {"input": {"turn_detection": None}}}}
    async with (
        scripted_upstream(speak_beta) as upstream,
        running(upstream.url, upstream_dialect="beta", profiles=profiles) as relay,
    ):
        yield relay


async def heard(connection: AsyncRealtimeConnection, kind: str) -> list[Any]:
    """All events up to and with the first of this type; each of them is what its GA type says."""
    events: list[Any] = []
    while not events or events[-1].type != kind:
        data = await connection.recv_bytes()
        body = json.loads(data)
        events.append(MODELS[body["type"]].model_validate(body))
        assert events[-1].type != "error", events[-1]
    return events


def connected(relay: Running):
    return AsyncOpenAI(api_key="unused", websocket_base_url=f"ws://127.0.0.1:{relay.port}/v1").realtime.connect()


async def test_a_ga_peer_talks_to_a_beta_upstream(relay) -> None:
    """The profile goes up flat, and the peer's session, item and answer come down as GA's, each item added and done."""
    async with connected(relay) as connection:
        await heard(connection, "session.updated")
        await connection.session.update(session={"type": "realtime", "max_output_tokens": 100, "tool_choice": "none"})
        [updated] = await heard(connection, "session.updated")
        content = [{"type": "input_text", "text": "How is the weather?"}]
        await connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})
        await connection.response.create(response={"output_modalities": ["audio"]})
        events = await heard(connection, "response.done")
        await connection.conversation.item.retrieve(item_id=events[-1].response.output[0].id)
        [retrieved] = await heard(connection, "conversation.item.retrieved")
    session = updated.session
    assert (session.audio.output.voice, session.max_output_tokens) == ("verse", 100)
    assert session.output_modalities == ["audio"]
    assert (session.audio.input.format.rate, session.audio.input.turn_detection) == (24000, None)
    kinds = [event.type for event in events]
    assert kinds[:2] == ["conversation.item.added", "conversation.item.done"]
    assert kinds[-3:] == ["conversation.item.done", "response.output_item.done", "response.done"]
    assert [event.delta for event in events if event.type == "response.output_audio.delta"] == list(AUDIO)
    [part] = events[-1].response.output[0].content
    assert (part.type, part.transcript) == ("output_audio", "".join(WORDS))
    assert retrieved.item.content[0].type == "output_audio"


async def test_a_call_names_its_function(relay) -> None:
    """A GA peer that waits for complete arguments learns from that event which function to call."""
    async with connected(relay) as connection:
        await connection.session.update(session={"type": "realtime", "tools": [TOOL]})
        await connection.response.create()
        events = await heard(connection, "response.done")
        [done] = [event for event in events if event.type == "response.function_call_arguments.done"]
        await connection.conversation.item.create(
            item={"type": "function_call_output", "call_id": done.call_id, "output": "raining"}
        )
        await connection.response.create()
        answer = (await heard(connection, "response.done"))[-1].response
    assert done.name == "weather"
    assert answer.output[0].content[0].transcript == "".join(WORDS)


async def test_the_session_is_metered_and_timed_as_any(relay) -> None:
    """What the relay counts is GA, whatever the upstream speaks."""
    async with connected(relay) as connection:
        await connection.response.create()
        await heard(connection, "response.done")
    assert relay.metrics.tally.down.totals()["response.output_audio.delta"][0] == len(AUDIO)
    assert relay.metrics.tally.down.by_type["conversation.item.done"][0] == 1
    assert sum(relay.metrics.tally.costs.tokens.values()) == 70


async def test_both_ends_speak_the_beta(relay) -> None:
    """Between two ends of the beta nothing is lost: temperature and order reach the upstream, and its echo the peer."""
    asked = {"modalities": ["audio", "text"], "temperature": 0.6, "turn_detection": {"type": "server_vad"}}
    async with relay.peer(additional_headers={"OpenAI-Beta": "realtime=v1"}) as peer:
        await peer.send(json.dumps({"type": "session.update", "session": asked}))
        sessions = [json.loads(await peer.recv())["session"] for _ in range(3)]
        await peer.send('{"type":"response.create"}')
        kinds = [json.loads(await peer.recv())["type"] for _ in range(10)]
    assert sessions[0]["temperature"] == 0.8
    assert {name: sessions[-1][name] for name in asked} == asked
    assert sessions[-1]["voice"] == "verse"
    assert kinds == [
        "response.created", "response.output_item.added", "conversation.item.created",
        "response.audio_transcript.delta", "response.audio.delta", "response.audio_transcript.delta",
        "response.audio.delta", "response.audio.done", "response.audio_transcript.done", "response.content_part.done",
    ]  # fmt: skip
