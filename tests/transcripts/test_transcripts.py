"""Recorded talks, replayed through the relay to the `openai` package."""

import json
import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from websockets.exceptions import ConnectionClosed

from relay.recording import End, Message, Recording, read_recording
from relay.stand_ins.replay import ReplayOptions, ReplayServer, serve_replay
from tests.fakes.running import Running, running
from tests.stand_ins.mock.conformance import conforms

HERE = Path(__file__).parent
TRANSCRIPTS = sorted(HERE.glob("*.jsonl"))
PROFILES = {"minutes": {"type": "transcription"}}

Replayed = tuple[ReplayServer, Running]


@pytest.fixture
async def replayed(carrier: str) -> AsyncIterator[Replayed]:
    options = ReplayOptions(speed=math.inf)
    async with serve_replay(HERE, options=options) as replay, running(replay.url, profiles=PROFILES) as relay:
        yield replay, relay


async def play(connection: AsyncRealtimeConnection, recording: Recording) -> list[bytes]:
    """Be the recorded peer: say each thing once everything before it was heard. Returns what was heard."""
    heard: list[bytes] = []
    expected = 0
    for line in recording.messages():
        if isinstance(line, Message) and line.direction == "down":
            expected += 1
        elif isinstance(line, Message):
            while len(heard) < expected:
                heard.append(await connection.recv_bytes())
            await connection.send(json.loads(line.data))
    while len(heard) < expected:
        heard.append(await connection.recv_bytes())
    return heard


async def listen_on(connection: AsyncRealtimeConnection) -> None:
    while True:
        await connection.recv_bytes()


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_a_talk_through_the_relay(replayed, path) -> None:
    """The `openai` package gets every byte of a recorded talk, understands each event, and is told of the same end."""
    replay, relay = replayed
    recording = read_recording(path)
    *_, end = recording.messages()
    assert isinstance(end, End)
    query = {"recording": recording.name, "profile": recording.header.profile}
    client = AsyncOpenAI(api_key="unused", websocket_base_url=f"ws://127.0.0.1:{relay.port}/v1")
    async with client.realtime.connect(extra_query=query) as connection:
        heard = await play(connection, recording)
        if end.upstream.by == "upstream":
            with pytest.raises(ConnectionClosed) as closed:
                await listen_on(connection)
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, end.peer.reason) == (end.peer.code, end.upstream.reason)
    spoken = [line.data for line in recording.messages() if isinstance(line, Message) and line.direction == "down"]
    assert [message.decode() for message in heard] == spoken
    assert [connection.parse_event(message).type for message in heard] == [json.loads(data)["type"] for data in spoken]
    assert [session.drifts for session in replay.sessions] == [[]]


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_talk_is_in_the_apis_own_words(path) -> None:
    """Each recorded event has the shape that the API's types say, and each file is small enough to be kept."""
    for line in read_recording(path).messages():
        if isinstance(line, Message) and line.direction == "down":
            conforms(json.loads(line.data))
    assert path.stat().st_size < 300_000


async def test_a_talk_that_goes_another_way(replayed) -> None:
    """An app that leaves the recorded talk is told so by an error that the package shows, and closed with 4000."""
    _, relay = replayed
    client = AsyncOpenAI(api_key="unused", websocket_base_url=f"ws://127.0.0.1:{relay.port}/v1")
    async with client.realtime.connect(extra_query={"recording": "text-only"}) as connection:
        await connection.response.cancel()
        assert (await connection.recv()).type == "session.created"
        error = await connection.recv()
        assert error.type == "error"
        assert error.error.code == "replay_drift"
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4000
