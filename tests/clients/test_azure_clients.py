"""Clients that are made for Azure OpenAI as the peer: the relay's address is their endpoint, a token of its their key.

The package `semantic-kernel` weighs half a gigabyte with what it needs, so it is for `make heavy`. What it sends was
read from it, and is sent here as it sends it; so is what VoiceRAG's page does, which has to be built.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from openai import AsyncAzureOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from websockets.asyncio.client import connect

from relay.stand_ins.mock.voice import clips
from tests.clients.conftest import Place
from tests.fakes.certificate import Certificate
from tests.fakes.clients import PAGE, run_client
from tests.fakes.webrtc import OFFER

HERE = Path(__file__).parent
TOKEN = "rt_the-token-of-this-test-0123"
SEMANTIC_KERNEL = HERE.parents[1] / ".venv/.semantic-kernel/bin/python"
"""The interpreter that has the package; `make heavy` makes it from requirements/semantic-kernel.txt."""

VERSION = "2025-04-01-preview"
GREETING = clips()["greeting"].words


def endpoint(place: Place) -> str:
    return place.base_url.removesuffix("/v1")


@pytest.fixture(autouse=True)
def _trusting(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the relay's certificate, as an operator would have it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))


async def until_done(connection: Any) -> AsyncIterator[Any]:
    """The events of one of the package's connections, up to the end of a response."""
    async for event in connection:
        yield event
        if event.type == "response.done":
            return


@pytest.mark.parametrize("deployment", [None, "gpt-realtime-2.1-mini"])
async def test_the_packages_client_for_azure(deployment, serve) -> None:
    """`AsyncAzureOpenAI` comes in with a token as its key, by its endpoint alone, and talks to its deployment."""
    model = deployment or "gpt-realtime-2.1-mini"
    async with serve(tokens=TOKEN) as place:
        given: dict[str, Any] = {} if deployment is None else {"azure_deployment": deployment}
        azure = AsyncAzureOpenAI(azure_endpoint=endpoint(place), api_key=TOKEN, api_version=VERSION, **given)
        async with azure, azure.beta.realtime.connect(model=model) as connection:
            await connection.session.update(session={"modalities": ["text"], "turn_detection": {"type": "server_vad"}})
            await connection.response.create()
            came = [event async for event in until_done(connection)]
    assert came[0].session.model == model
    assert [event.text for event in came if event.type == "response.text.done"] == [GREETING]


async def test_the_packages_client_for_azure_speaks_ga(serve) -> None:
    """`AsyncAzureOpenAI.realtime` has the preview's address and GA's shape, and gets GA, from its first event on."""
    async with serve(tokens=TOKEN) as place:
        azure = AsyncAzureOpenAI(azure_endpoint=endpoint(place), api_key=TOKEN, api_version=VERSION)
        async with azure, azure.realtime.connect(model="gpt-realtime-2.1") as connection:
            created: Any = await connection.recv()
            assert (created.type, created.session.type) == ("session.created", "realtime")
            assert created.session.audio.output.voice == created.session.voice
            await connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
            await connection.response.create()
            came = [event async for event in until_done(connection)]
    assert [event.text for event in came if event.type == "response.output_text.done"] == [GREETING]
    assert {"conversation.item.added", "conversation.item.done"} <= {event.type for event in came}


async def test_a_token_of_entra_stands_where_a_bearer_token_does(serve) -> None:
    """A client that signs in at Entra brings its token as a bearer, so a JWT that the relay knows opens a session."""
    async with serve(tokens=TOKEN, tls=False) as place:
        base = f"ws://127.0.0.1:{place.relay.port}/openai"
        known = AsyncAzureOpenAI(
            azure_endpoint=base.replace("ws", "http", 1).removesuffix("/openai"),
            websocket_base_url=base,
            azure_ad_token=TOKEN,
            api_version=VERSION,
        )
        async with known, known.beta.realtime.connect(model="gpt-realtime-2.1") as connection:
            assert (await connection.recv()).type == "session.created"


async def test_the_npm_packages_client_for_azure(serve) -> None:
    """`OpenAIRealtimeWS.azure` comes in at Azure's GA address with a token as its key, and talks to its deployment."""
    async with serve(tokens=TOKEN) as place:
        command = ("node", HERE / "azure-node.js", endpoint(place), TOKEN)
        report = await run_client(*command, NODE_EXTRA_CA_CERTS=str(place.certificate.authority))
    assert report == {"model": "gpt-realtime-2.1", "text": GREETING, "end": 1000}


async def test_semantic_kernels_client_for_azure(serve) -> None:
    """What `AzureRealtimeWebsocket` sends opens a GA session: the GA address, `api-key`, and an offer to compress."""
    update = {
        "type": "session.update",
        "session": {"type": "realtime", "instructions": "Be brief.", "output_modalities": ["text"]},
    }
    async with serve(tokens=TOKEN) as place:
        url = f"wss://127.0.0.1:{place.relay.port}/openai/v1/realtime?model=gpt-realtime-2.1"
        headers = {"api-key": TOKEN, "User-Agent": "semantic-kernel-python/1.45.0"}
        connection = AsyncRealtimeConnection(await connect(url, additional_headers=headers, proxy=None))
        assert (await connection.recv()).type == "session.created"
        await connection.send(update)  # type: ignore[arg-type]
        await connection.send({"type": "response.create"})
        texts = [event.text async for event in until_done(connection) if event.type == "response.output_text.done"]
        await connection.close()
    assert texts == [GREETING]


@pytest.mark.heavy
async def test_semantic_kernel_itself(serve) -> None:
    """`AzureRealtimeWebsocket`, unmodified, opens a session, calls the kernel's function, and hears the answer."""
    async with serve(tokens=TOKEN) as place:
        command = (SEMANTIC_KERNEL, HERE / "semantic_kernel_azure.py", endpoint(place), TOKEN)
        report = await run_client(*command, SSL_CERT_FILE=str(place.certificate.authority))
    words = f"{clips()['tool'].words} [sunny]"
    assert report == {"asked": ["Oslo"], "words": words, "heard": True, "first": "session.created", "errors": 0}


async def test_semantic_kernels_calls_for_azure(serve) -> None:
    """What `AzureRealtimeWebRTC` asks for is given: a client secret for its key, and a call for that secret."""
    async with serve(tokens=TOKEN) as place, httpx.AsyncClient(base_url=f"{endpoint(place)}/openai/v1") as http:
        session = {"type": "realtime", "model": "gpt-realtime-2.1"}
        minted = await http.post("/realtime/client_secrets", json={"session": session}, headers={"api-key": TOKEN})
        bearer = {"Authorization": f"Bearer {minted.json()['value']}", "Content-Type": "application/sdp"}
        made = await http.post("/realtime/calls", content=OFFER, headers=bearer)
        assert (minted.status_code, made.status_code) == (200, 201)
        assert [call.opening.session["model"] for call in place.mock.calls] == ["gpt-realtime-2.1"]


async def test_the_page_of_voicerag(serve, speech) -> None:
    """VoiceRAG's page speaks the beta at Azure's preview address, and its key stands in the address."""
    key = TOKEN
    query = f"api-key={key}&deployment=gpt-4o-realtime-preview&api-version=2024-10-01-preview"
    update: dict[str, Any] = {
        "turn_detection": {"type": "server_vad"},
        "input_audio_transcription": {"model": "whisper-1"},
    }
    pcm = speech.read_bytes() + bytes(48_000)
    async with serve(tls=False, tokens=TOKEN) as place:
        there = f"ws://127.0.0.1:{place.relay.port}/openai/realtime?{query}"
        async with connect(there, origin=PAGE, max_size=None, proxy=None) as page:  # type: ignore[arg-type]
            await page.send(json.dumps({"type": "session.update", "session": update}))
            for start in range(0, len(pcm), 4800):
                audio = b64encode(pcm[start : start + 4800]).decode()
                await page.send(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))
            came: list[Any] = []
            while not came or came[-1]["type"] != "response.done":
                came.append(json.loads(await page.recv()))
        [session] = place.mock.sessions
    heard = b"".join(b64decode(event["delta"]) for event in came if event["type"] == "response.audio.delta")
    said = "".join(event["delta"] for event in came if event["type"] == "response.audio_transcript.delta")
    assert (heard, said) == (clips()["answer-1"].pcm, clips()["answer-1"].words)
    kinds = [event["type"] for event in came]
    assert {"input_audio_buffer.speech_started", "conversation.item.input_audio_transcription.completed"} <= {*kinds}
    assert session.realtime["model"] == "gpt-4o-realtime-preview"
    assert key not in json.dumps(came)


async def test_the_backend_of_voicerag(serve) -> None:
    """VoiceRAG's backend brings its key in `api-key`, a parameter of its own, and locks its session's tools in."""
    query = "api-version=2024-10-01-preview&deployment=gpt-4o-realtime-preview&voice=alloy"
    tools = [{"type": "function", "name": "search", "parameters": {"type": "object", "properties": {}}}]
    session = {"instructions": "Search.", "temperature": 0.7, "tools": tools, "tool_choice": "auto", "voice": "alloy"}
    async with serve(tls=False, tokens=TOKEN) as place:
        there = f"ws://127.0.0.1:{place.relay.port}/openai/realtime?{query}"
        async with connect(there, additional_headers={"api-key": TOKEN}, max_size=None, proxy=None) as backend:
            created = json.loads(await backend.recv())
            await backend.send(json.dumps({"type": "session.update", "session": session}))
            updated = json.loads(await backend.recv())
    assert {"instructions", "tools", "tool_choice", "max_response_output_tokens"} <= created["session"].keys()
    assert (updated["session"]["tools"][0]["name"], updated["session"]["voice"]) == ("search", "alloy")
