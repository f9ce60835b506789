"""relay.cascade.services.reading"""

import asyncio
import json
from typing import Any

import pytest

from relay.cascade.orders import Cancel, Failed, Fault, Speak, Spoken, SpokenChunk
from relay.cascade.services.reading import READ_ALOUD
from relay.stand_ins.mock import Pace, serve_mock
from relay.stand_ins.mock.voice import clips
from tests.fakes.orders import cascade_at, ordering
from tests.fakes.upstream import scripted_upstream

HALF = "AAAA" * 8


def reader_at(services, url: str, **more: Any):
    place = url.replace("ws", "http", 1).removesuffix("/realtime")
    return cascade_at(services, speak={"kind": "realtime", "url": place, "model": "gpt-realtime-2.1-mini", **more})


def sound_of(results) -> bytes:
    return b"".join(result.pcm for result in results if isinstance(result, SpokenChunk))


async def test_a_realtime_model_reads_aloud(services) -> None:
    """Pieces are responses of a Realtime session, out of band and side by side, each with its own sound."""
    async with serve_mock(pace=Pace.instant()) as mock, ordering(reader_at(services, mock.url)) as orderer:
        orderer.give(Speak(1, "Hello there.", "marin"))
        orderer.give(Speak(2, "Bye.", "cedar", speed=1.2))
        first, second = await orderer.until_over(1), await orderer.until_over(2)
        assert len(mock.sessions) == 1
        session = mock.sessions[0].realtime.as_dict()
        assert session["instructions"] == READ_ALOUD
        assert session["audio"]["output"]["speed"] == 1.2
    assert sound_of(first) == clips()["greeting"].pcm
    assert sound_of(second) == clips()["goodbye"].pcm
    assert isinstance(first[-1], Spoken)
    assert (first[-1].usage.model, first[-1].usage.characters) == ("gpt-realtime-2.1-mini", 12)


async def answer_slowly(connection, received: list[dict[str, Any]], cancelled: asyncio.Event) -> None:
    """Begin each response, and say no more of it."""
    async for message in connection:
        event = json.loads(message)
        received.append(event)
        if event["type"] == "response.cancel":
            cancelled.set()
        if event["type"] == "response.create":
            response = {"id": f"resp_{len(received)}", "metadata": event["response"]["metadata"]}
            await connection.send(json.dumps({"type": "response.created", "response": response}))
            delta = {"type": "response.output_audio.delta", "response_id": response["id"], "delta": HALF}
            await connection.send(json.dumps(delta))


async def test_a_piece_that_is_not_wanted_is_cancelled(services) -> None:
    """A piece that nobody wants any more is cancelled by its response's id, and the others go on."""
    received: list[dict[str, Any]] = []
    cancelled = asyncio.Event()
    async with (
        scripted_upstream(lambda connection: answer_slowly(connection, received, cancelled)) as upstream,
        ordering(reader_at(services, upstream.url)) as orderer,
    ):
        orderer.give(Speak(1, "Hello.", "marin"))
        await orderer.until(1)
        orderer.give(Cancel(1))
        orderer.give(Speak(2, "Hello.", "marin"))
        await orderer.until(2)
        await cancelled.wait()
    created = next(n for n, event in enumerate(received, 1) if event["type"] == "response.create")
    cancel = next(event for event in received if event["type"] == "response.cancel")
    assert cancel["response_id"] == f"resp_{created}"
    assert len(upstream.handshakes) == 1
    assert upstream.handshakes[0].path == "/v1/realtime?model=gpt-realtime-2.1-mini"


@pytest.mark.parametrize(
    ("events", "fault", "reason"),
    [
        (
            [{"type": "error", "error": {"type": "invalid_request_error", "code": "invalid_value"}}],
            Fault.BROKEN,
            "did not read: invalid_value",
        ),
        (
            [
                {"type": "response.created", "response": {"id": "r", "metadata": {"piece": "1"}}},
                {
                    "type": "response.done",
                    "response": {
                        "id": "r",
                        "status": "failed",
                        "status_details": {"error": {"code": "rate_limit_exceeded"}},
                    },
                },
            ],
            Fault.BUSY,
            "did not read: rate_limit_exceeded",
        ),
        (
            [
                {"type": "response.created", "response": {"id": "r", "metadata": {"piece": "1"}}},
                {"type": "response.done", "response": {"id": "r", "status": "completed"}},
            ],
            Fault.UNREADABLE,
            "answered with no sound",
        ),
        (None, Fault.CUT_OFF, "broke its answer off"),
    ],
)
async def test_a_model_that_does_not_read_has_failed(services, events, fault, reason) -> None:
    """An error, a response that failed or is silent, and a connection that ends are failures, each by its name."""

    async def script(connection) -> None:
        async for message in connection:
            if json.loads(message)["type"] == "response.create":
                if events is None:
                    connection.transport.abort()
                    return
                for event in events:
                    await connection.send(json.dumps(event))

    async with scripted_upstream(script) as upstream, ordering(reader_at(services, upstream.url)) as orderer:
        (failed,) = await orderer.carry_out(Speak(1, "Hello.", "marin"))
    assert isinstance(failed, Failed)
    assert failed.fault is fault
    assert failed.reason.endswith(reason)
