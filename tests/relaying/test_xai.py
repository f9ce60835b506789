"""Peers that speak GA, through the relay to an upstream that speaks as xAI does."""

import json

from websockets.asyncio.server import ServerConnection

from tests.fakes.running import end_of, running
from tests.fakes.upstream import scripted_upstream

ANSWER = {"id": "i1", "type": "message", "role": "assistant", "content": [{"type": "audio", "transcript": "Hello."}]}
SAID = [
    {"type": "conversation.created", "conversation": {"id": "c1"}},
    {"type": "ping", "timestamp": 7},
    {"type": "conversation.item.input_audio_transcription.updated", "item_id": "i0", "transcript": "How are"},
    {"type": "response.output_item.added", "item": ANSWER},
    {"type": "response.done", "response": {"id": "r1", "status_details": "odd", "output": [ANSWER], "usage": {}}},
]


class Hybrid:
    """Repeats the session as it was asked for, says what xAI says, and sends audio as bytes."""

    def __init__(self) -> None:
        self.asked: list[dict[str, object]] = []

    async def speak(self, connection: ServerConnection) -> None:
        async for message in connection:
            if isinstance(message, str):
                self.asked.append(json.loads(message)["session"])
                session = {"turn_detection": {"type": "server_vad"}, **self.asked[-1]}
                await connection.send(json.dumps({"type": "session.updated", "session": session}))
                for event in SAID:
                    await connection.send(json.dumps(event))
            await connection.send(b"\x01\x02" if isinstance(message, str) else message)


async def test_a_ga_peer_talks_to_a_hybrid(carrier) -> None:
    """Voice and voice detection move to the top of the session, audio in bytes and unknown events pass as they are."""
    profiles = {"default": {"voice": "ara", "audio": {"output": {"format": {"type": "audio/pcm", "rate": 24000}}}}}
    hybrid = Hybrid()
    async with (
        scripted_upstream(hybrid.speak) as upstream,
        running(upstream.url, upstream_dialect="xai", profiles=profiles) as relay,
        relay.peer() as peer,
    ):
        updated, *said = [json.loads(await peer.recv()) for _ in range(1 + len(SAID))]
        assert await peer.recv() == b"\x01\x02"
        await peer.send(b"\x03")
        assert await peer.recv() == b"\x03"
        resumption = {"enabled": True}  # of a peer that knows xAI
        off = {"type": "realtime", "audio": {"input": {"turn_detection": None}}, "resumption": resumption}
        await peer.send(json.dumps({"type": "session.update", "session": off}))
        switched_off = json.loads(await peer.recv())
    assert hybrid.asked == [
        {"voice": "ara", "audio": {"output": {"format": {"type": "audio/pcm", "rate": 24000}}}},
        {"turn_detection": {"type": None}, "resumption": resumption},
    ]
    assert updated["session"] == {
        "type": "realtime",
        "audio": {
            "output": {"voice": "ara", "format": {"type": "audio/pcm", "rate": 24000}},
            "input": {"turn_detection": {"type": "server_vad"}},
        },
    }
    assert switched_off["session"] == off
    assert said[:3] == SAID[:3]
    assert said[3]["item"]["content"] == said[4]["response"]["output"][0]["content"]
    assert said[3]["item"]["content"] == [{"type": "output_audio", "transcript": "Hello."}]
    assert said[4]["response"]["status_details"] == "odd"


async def test_what_xai_says_that_it_used_is_paid_for() -> None:
    """The usage beside an empty one is billed by the minute, from the seconds billed in all, and ends the session."""
    usage = {"input_tokens": 10, "output_tokens": 277, "total_tokens": 287, "output_audio_seconds": 5.134}

    async def speak(connection: ServerConnection) -> None:
        for billed in (6, 12):
            await connection.recv()
            done = {"type": "response.done", "response": {"id": f"r{billed}", "status": "completed", "usage": {}}}
            await connection.send(json.dumps({**done, "usage": {**usage, "billable_audio_seconds": billed}}))

    prices = {"grok-voice-latest": {"minute": 0.05}}
    async with (
        scripted_upstream(speak) as upstream,
        running(upstream.url, upstream_dialect="xai", prices=prices, limits={"cost_usd": 0.01}) as relay,
        relay.peer("?model=grok-voice-latest") as peer,
    ):
        await peer.send('{"type":"response.create"}')
        assert json.loads(await peer.recv())["usage"]["billable_audio_seconds"] == 6
        await peer.send('{"type":"response.create"}')
        _, code, reason = await end_of(peer)
        assert (code, reason) == (4000, "budget_spent")
        counted = relay.metrics.registry.get_sample_value("relay_cost_usd_total", {"model": "grok-voice-latest"})
        assert counted == 0.01
