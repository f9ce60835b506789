"""The Python package `openai` as the peer, unmodified, which comes back by itself when its session is lost."""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from openai import AsyncOpenAI, OpenAI
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from relay.stand_ins.mock.voice import clips
from tests.clients.conftest import Place, RestartOnRequest
from tests.fakes.certificate import Certificate

if TYPE_CHECKING:
    from openai.resources.realtime.realtime import AsyncRealtimeConnection
    from openai.types.websocket_reconnection import ReconnectingEvent

CHUNK_BYTES = 1920
PAUSE = bytes(48_000)
"""What ends a turn, which is answered then."""
WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}


@pytest.fixture(autouse=True)
def _trusting(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the relay's certificate, as an operator would have it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))


class Client:
    """A connection that reconnects, and the events that it gets one after another.

    Attributes:
        connection: the package's own.
        lost: why it had to reconnect, each time.
    """

    def __init__(self) -> None:
        self.connection: AsyncRealtimeConnection
        self.lost: list[ReconnectingEvent] = []
        self._events: AsyncIterator[Any]

    @classmethod
    @asynccontextmanager
    async def connected(cls, place: Place, key: str = "sk-unused") -> AsyncIterator["Client"]:
        client = cls()
        api = AsyncOpenAI(api_key=key, base_url=place.base_url)
        connecting = api.realtime.connect(
            model="gpt-realtime-2.1",
            on_reconnecting=client.lost.append,
            initial_delay=0.01,
        )
        async with api, connecting as client.connection:
            client._events = aiter(client.connection)
            yield client

    async def until(self, kind: str) -> list[Any]:
        """What comes, up to the first event of this type."""
        came: list[Any] = []
        while not came or came[-1].type != kind:
            came.append(await anext(self._events))
        return came

    async def next(self, kind: str) -> Any:
        """The next event of this type."""
        return (await self.until(kind))[-1]

    async def speak(self, speech: bytes) -> None:
        for start in range(0, len(speech), CHUNK_BYTES):
            audio = b64encode(speech[start : start + CHUNK_BYTES]).decode()
            await self.connection.input_audio_buffer.append(audio=audio)

    async def say(self, words: str) -> None:
        content: Any = [{"type": "input_text", "text": words}]
        await self.connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})
        await self.connection.response.create()


async def converse(client: Client, said: bytes) -> tuple[bytes, str]:
    """Speak and hear, interrupt and cut, have a function called; returns the first sound and the last words."""
    connection = client.connection
    await client.speak(said + PAUSE)
    came = await client.until("response.done")
    heard = b"".join(b64decode(event.delta) for event in came if event.type == "response.output_audio.delta")

    await client.say("Tell me a story.")
    delta = await client.next("response.output_audio.delta")
    await client.speak(said)
    assert (await client.next("response.done")).response.status_details.reason == "turn_detected"
    await connection.conversation.item.truncate(item_id=delta.item_id, content_index=0, audio_end_ms=100)
    assert (await client.next("conversation.item.truncated")).audio_end_ms == 100
    await client.speak(PAUSE)
    assert (await client.next("response.done")).response.status == "completed"

    await connection.session.update(session={"type": "realtime", "tools": [WEATHER], "output_modalities": ["text"]})
    await client.say("How is the weather in Oslo?")
    call = await client.next("response.function_call_arguments.done")
    assert (call.name, call.arguments) == ("get_weather", '{"city":"Oslo"}')
    await client.next("response.done")
    output: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    await connection.conversation.item.create(item=output)
    await connection.response.create()
    return heard, (await client.next("response.output_text.done")).text


async def test_a_whole_conversation(serve, speech) -> None:
    """Speak and hear, interrupt and cut what was not heard, have a function called, read text, err, and hang up."""
    said = speech.read_bytes()
    async with serve() as place, Client.connected(place) as client:
        connection = client.connection
        assert (await client.until("session.created"))[0].type == "session.created"
        await connection.session.update(session={"type": "realtime", "audio": {"output": {"voice": "marin"}}})
        assert (await client.next("session.updated")).session.audio.output.voice == "marin"

        heard, told = await converse(client, said)
        assert heard == clips()["answer-1"].pcm
        assert told == f"{clips()['tool'].words} [sunny]"
        await client.next("response.done")

        await connection.send_raw('{"type":"no.such.event","event_id":"mine"}')
        assert (await client.next("error")).error.event_id == "mine"
    assert client.lost == []
    await place.relay.sessions.empty()
    assert place.relay.ended_by("peer_closed") == 1


async def test_a_live_session(serve, speech) -> None:
    """The package's client for Live sessions starts one, speaks and hears at the same time, and closes it."""
    said = speech.read_bytes() + bytes(48_000)
    async with (
        serve() as place,
        AsyncOpenAI(api_key="sk-unused", base_url=place.base_url) as api,
        api.live.connect() as connection,
    ):
        await connection.session.start(session={"model": "gpt-live-1", "instructions": "Be brief."})
        assert (await connection.recv()).type == "session.started"
        for start in range(0, len(said), CHUNK_BYTES):
            await connection.session.input_audio.append(audio=b64encode(said[start : start + CHUNK_BYTES]).decode())
        heard = b""
        async for event in connection:
            if event.type == "session.output_audio.delta":
                heard += b64decode(event.delta)
            if event.type == "session.closed":
                assert event.usage.seconds == len(said) / 48_000
            elif heard == clips()["answer-1"].pcm:
                await connection.session.close()
    assert heard == clips()["answer-1"].pcm


async def test_a_live_session_with_a_tool(serve) -> None:
    """Its Responses backend takes a written turn, calls the function, takes the output, and the answer is said."""
    backend: Any = {"type": "responses", "responses": {"model": "gpt-5.5", "tools": [WEATHER]}}
    said = ""
    async with (
        serve() as place,
        AsyncOpenAI(api_key="sk-unused", base_url=place.base_url) as api,
        api.live.connect() as connection,
    ):
        await connection.session.start(session={"model": "gpt-live-1", "delegation": backend})
        await connection.response.item.create(item={"role": "user", "content": "How is the weather in Oslo?"})
        await connection.response.create()
        async for event in connection:
            nested: Any = event.event if event.type == "response.event" else {"type": None}
            if nested["type"] == "response.output_item.done" and nested["item"]["type"] == "function_call":
                call = nested["item"]
            elif nested["type"] == "response.completed" and not said:
                output: Any = {"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"}
                await connection.response.item.create(item=output)
                await connection.response.create()
                said = "·"
            elif event.type == "session.output_transcript.delta":
                said += event.delta
                if said.endswith("[sunny]"):
                    await connection.session.close()
        assert (call["name"], call["arguments"]) == ("get_weather", '{"city":"Oslo"}')
        await place.relay.sessions.empty()
        assert place.relay.metrics.registry.get_sample_value("relay_responses_unbilled_total") == 2


async def test_a_client_that_reconnects(serve) -> None:
    """A relay that restarts says so and closes with 1012; the client comes back, and goes on in an empty session."""
    async with serve(interceptors=[RestartOnRequest]) as place, Client.connected(place) as client:
        first = await client.next("session.created")
        await client.connection.send_raw('{"type":"restart"}')
        assert (await client.next("error")).error.code == "draining"
        second = await client.next("session.created")
        assert second.session.id != first.session.id
        await client.say("Hello.")
        assert (await client.next("response.done")).response.status == "completed"
    assert [event.close_code for event in client.lost] == [1012]


async def test_a_client_that_is_told_to_come_later(serve) -> None:
    """Where its new session is refused for now, the client that reconnects tries once more."""
    serving = serve(interceptors=[RestartOnRequest], faults=["status=503@2"])
    async with serving as place, Client.connected(place) as client:
        await client.connection.send_raw('{"type":"restart"}')
        await client.next("error")
        assert (await client.next("session.created")).type == "session.created"
    assert [event.attempt for event in client.lost] == [1, 2]


async def test_a_refusal_after_the_handshake(serve) -> None:
    """The API's own error event comes, then its close code, after which the client does not try again."""
    async with serve(mock_key="sk-another") as place, Client.connected(place) as client:
        assert (await client.next("error")).error.code == "invalid_api_key"
        with pytest.raises(ConnectionClosedError) as closed:
            await client.next("session.created")
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (3000, "invalid_request_error.invalid_api_key")
    assert client.lost == []


async def test_a_refusal_of_the_relays_own(serve) -> None:
    """What the relay refuses is an HTTP status with the API's error object."""
    async with serve(tokens="one-that-is-long-enough") as place:
        with pytest.raises(InvalidStatus) as refusal:
            async with Client.connected(place, "sk-unknown"):
                pass
    assert refusal.value.response.status_code == 401
    assert b'"code":"credentials_refused"' in (refusal.value.response.body or b"")


@pytest.mark.filterwarnings("ignore:connect.. must be used:DeprecationWarning")  # the package calls it the old way
async def test_the_client_that_blocks(serve) -> None:
    """The package's other client, which waits in a thread, is served just the same."""

    def converse(place: Place) -> str:
        with (
            OpenAI(api_key="sk-unused", base_url=place.base_url) as api,
            api.realtime.connect(model="gpt-realtime-2.1") as connection,
        ):
            connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
            connection.response.create()
            return next(event.text for event in connection if event.type == "response.output_text.done")

    async with serve() as place:
        assert await asyncio.to_thread(converse, place) == clips()["greeting"].words
