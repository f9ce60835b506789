"""Clients that still speak the API of 2024, unmodified: what the packages `openai` keep of them."""

from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from openai import AsyncOpenAI

from relay.stand_ins.mock.voice import clips
from tests.clients.conftest import Place
from tests.fakes.certificate import Certificate
from tests.fakes.clients import blank_page, in_base64, run_client

if TYPE_CHECKING:
    from openai.resources.beta.realtime.realtime import AsyncRealtimeConnection

HERE = Path(__file__).parent
Run = Callable[[Place, Path], Awaitable[Any]]
WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}


async def in_node(place: Place, speech: Path) -> Any:
    command = ("node", HERE / "beta-node.js", place.base_url, "sk-unused", speech)
    return await run_client(*command, NODE_EXTRA_CA_CERTS=str(place.certificate.authority))


async def in_chromium(place: Place, speech: Path) -> Any:
    run = "async (given) => (await import('/tests/clients/beta-browser.js')).run(given)"
    async with blank_page() as page:
        return await page.evaluate(run, [place.base_url, "ek_unused", in_base64(speech)])


async def in_python(place: Place, speech: Path) -> Any:
    api = AsyncOpenAI(api_key="sk-unused", base_url=place.base_url)
    async with api, api.beta.realtime.connect(model="gpt-realtime-2.1") as connection:
        created = (await next_of(connection, "session.created")).session
        await connection.session.update(session={"voice": "ash", "temperature": 0.7})
        updated = (await next_of(connection, "session.updated")).session

        await speak(connection, speech)
        await pause(connection)
        came = await until(connection, "response.done")
        audio = [b64decode(event.delta) for event in came if event.type == "response.audio.delta"]
        part = came[-1].response.output[0].content[0]

        await say(connection, "Tell me a story.")
        delta = await next_of(connection, "response.audio.delta")
        await speak(connection, speech)
        why = (await next_of(connection, "response.done")).response.status_details.reason
        await connection.conversation.item.truncate(item_id=delta.item_id, content_index=0, audio_end_ms=100)
        truncated = await next_of(connection, "conversation.item.truncated")
        await pause(connection)
        await next_of(connection, "response.done")

        await connection.session.update(session={"tools": [WEATHER], "modalities": ["text"]})
        await say(connection, "How is the weather in Oslo?")
        call = await next_of(connection, "response.function_call_arguments.done")
        await next_of(connection, "response.done")
        output: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
        await connection.conversation.item.create(item=output)
        await connection.response.create()
        text = (await next_of(connection, "response.text.done")).text
        await next_of(connection, "response.done")

        mistake: Any = {"type": "no.such.event", "event_id": "mine"}
        await connection.send(mistake)
        error = (await next_of(connection, "error")).error
    return {
        "session": {
            "input_audio_format": created.input_audio_format,
            "voice": updated.voice,
            "temperature": updated.temperature,
        },
        "spoken": {"bytes": len(b"".join(audio)), "type": part.type, "transcript": part.transcript},
        "cut": {"why": why, "audio_end_ms": truncated.audio_end_ms},
        "text": text,
        "error": error.event_id,
        "end": 1000,
    }


async def until(connection: "AsyncRealtimeConnection", kind: str) -> list[Any]:
    came: list[Any] = []
    while not came or came[-1].type != kind:
        came.append(await connection.recv())
    return came


async def next_of(connection: "AsyncRealtimeConnection", kind: str) -> Any:
    return (await until(connection, kind))[-1]


async def speak(connection: "AsyncRealtimeConnection", speech: Path) -> None:
    pcm = b64decode(in_base64(speech))
    for start in range(0, len(pcm), 1920):
        await connection.input_audio_buffer.append(audio=b64encode(pcm[start : start + 1920]).decode())


async def pause(connection: "AsyncRealtimeConnection") -> None:
    """End the turn, which is answered then."""
    await connection.input_audio_buffer.append(audio=b64encode(bytes(48_000)).decode())


async def say(connection: "AsyncRealtimeConnection", words: str) -> None:
    item: Any = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": words}]}
    await connection.conversation.item.create(item=item)
    await connection.response.create()


@pytest.mark.parametrize("run", [in_python, in_node, pytest.param(in_chromium, marks=pytest.mark.browser)])
async def test_a_whole_conversation(run: Run, serve, speech, certificate: Certificate, monkeypatch) -> None:
    """A client of 2024 speaks, hears, interrupts, calls a function, reads, errs and hangs up, in its own words."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    async with serve() as place:
        report = await run(place, speech)
    spoken = clips()["answer-1"]
    assert report == {
        "session": {"input_audio_format": "pcm16", "voice": "ash", "temperature": 0.7},
        "spoken": {"bytes": len(spoken.pcm), "type": "audio", "transcript": spoken.words},
        "cut": {"why": "turn_detected", "audio_end_ms": 100},
        "text": f"{clips()['tool'].words} [sunny]",
        "error": "mine",
        "end": 1000,
    }
    assert place.relay.ended_by("peer_closed") == 1
