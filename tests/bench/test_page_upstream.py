"""The far end of the voice page's benchmark."""

import base64
from typing import Any

import numpy as np
import orjson
from websockets.asyncio.client import connect

from bench.voice_page.upstream import Answer, tone_upstream
from tests.fakes.browser import tone


async def exchange(answer: Answer) -> list[dict[str, Any]]:
    """All that comes after one `response.create`, up to its `response.done`."""
    async with tone_upstream() as upstream, connect(upstream.url) as connection:
        upstream.next_answer = answer
        assert orjson.loads(await connection.recv())["type"] == "session.created"
        await connection.send('{"type": "response.create"}')
        events = [orjson.loads(await connection.recv())]
        while events[-1]["type"] != "response.done":
            events.append(orjson.loads(await connection.recv()))
        return events


async def test_an_answer_is_one_tone_in_bursts() -> None:
    """The bursts of an answer join to the whole tone, whatever their lateness."""
    events = await exchange(Answer(0.5, burst_s=0.2, every_s=0.01, late_s=0.01))
    bursts = [base64.b64decode(event["delta"]) for event in events if event["type"] == "response.output_audio.delta"]
    assert [len(burst) for burst in bursts] == [9600, 9600, 4800]
    assert (np.frombuffer(b"".join(bursts), np.int16) == tone(0.5)).all()


async def test_a_visitor_can_be_said_to_interrupt() -> None:
    """Speech begins after the whole answer was sent, and before it is done."""
    kinds = [event["type"] for event in await exchange(Answer(0.4, interrupted_after_s=0.0))]
    assert kinds[2:] == [
        "response.output_audio.delta",
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "response.output_audio.done",
        "response.done",
    ]


async def test_what_is_spoken_is_kept() -> None:
    """Appended audio can be listened to afterwards."""
    async with tone_upstream() as upstream, connect(upstream.url) as connection:
        await connection.recv()
        audio = base64.b64encode(tone(0.1).tobytes()).decode()
        await connection.send(orjson.dumps({"type": "input_audio_buffer.append", "audio": audio}).decode())
        await connection.send('{"type": "session.update"}')
        assert orjson.loads(await connection.recv())["type"] == "session.updated"
        assert bytes(upstream.heard) == tone(0.1).tobytes()
