"""Guards in sessions over real sockets, whoever carries them."""

import json
from typing import Any

import pytest

from relay.stand_ins.mock.pace import Pace
from relay.stand_ins.mock.server import serve_mock
from tests.fakes.running import running

STORY = {"type": "response.create", "response": {"instructions": "Tell a story.", "input": [
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "tell me a story"}]}]}}  # fmt: skip
BOTH = {"default": {"guard": ["truncate", "response"]}}


async def until(peer, kind: str) -> list[dict[str, Any]]:
    """Everything up to the next event of this type, which is the last."""
    events: list[dict[str, Any]] = []
    while not events or events[-1]["type"] != kind:
        message = await peer.recv()
        events.append(json.loads(message) if isinstance(message, str) else {"type": "audio"})
    return events


@pytest.mark.parametrize("carrier", ["fast", "python", "portable"])
async def test_an_interruption_that_comes_too_late(carrier) -> None:
    """An `audio_end_ms` far beyond what there is cuts the item at its end, and a second request waits its turn."""
    async with (
        serve_mock(pace=Pace.instant()) as mock,
        running(mock.url, profiles=BOTH, carrier=carrier) as relay,
        relay.peer("?relay_events=1") as peer,
    ):
        for _ in range(2):
            await peer.send(json.dumps(STORY))
        events = await until(peer, "response.done")
        item_id = next(event for event in events if event["type"] == "response.output_item.added")["item"]["id"]
        events += await until(peer, "response.done")
        cut = {"item_id": item_id, "content_index": 0, "audio_end_ms": 10**7}
        await peer.send(json.dumps({"type": "conversation.item.truncate", **cut}))
        events += await until(peer, "conversation.item.truncated")
        assert [event for event in events if event["type"] == "error"] == []
        assert [event["guard"] for event in events if event["type"] == "relay.guarded"] == ["response", "truncate"]
        assert 1000 < events[-1]["audio_end_ms"] < 10**6
        count = relay.metrics.registry.get_sample_value
        assert [count("relay_guarded_total", {"guard": name}) for name in ("truncate", "response")] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("profiles", "subprotocol", "is_guarded"),
    [
        ({}, "relay.binary.v1", True),
        ({}, None, False),
        ({"default": {"guard": []}}, "relay.binary.v1", False),
        ({"default": {"guard": ["response"]}}, None, True),
    ],
)
async def test_who_is_guarded(profiles, subprotocol, is_guarded) -> None:
    """The voice page is guarded unless its profile says otherwise, and others only where theirs says so."""
    async with (
        serve_mock(pace=Pace.instant()) as mock,
        running(mock.url, profiles=profiles) as relay,
        relay.peer(subprotocols=[subprotocol] if subprotocol else None) as peer,
    ):
        for _ in range(2):
            await peer.send(json.dumps(STORY))
        events = await until(peer, "response.done")
        if is_guarded:
            events += await until(peer, "response.done")
        else:
            events += await until(peer, "error") if not any(e["type"] == "error" for e in events) else []
        assert any(event["type"] == "error" for event in events) != is_guarded
