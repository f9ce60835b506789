"""The fast lane where an end speaks a dialect: the same is told, recorded and counted as through Python."""

import json
import random
from typing import Any

import pytest
from websockets.frames import Frame, Opcode

from relay.core.dialect import AZURE_PREVIEW, BETA, XAI, Translation
from relay.legs.lanes import WHY_NOT
from relay.recording.format import Message
from relay.recording.reader import read_recording
from tests.fakes.running import running
from tests.fakes.upstream import echo, scripted_upstream

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=f"the lane is not compiled: {WHY_NOT}")

KINDS = [
    "response.audio.delta", "response.output_audio.delta", "response.audio_transcript.delta",
    "response.output_audio_transcript.delta", "response.text.delta", "response.output_text.delta",
    "response.function_call_arguments.delta", "rate_limits.updated", "response.output_item.added", "made.up",
]  # fmt: skip
SHAPES = [
    '{{"type":"{kind}","event_id":"e{n}","item_id":"item_{n}","content_index":0,"delta":"{text}"}}',
    '{{"event_id":"e{n}","type":"{kind}","item_id":"item_1","content_index":0,"delta":"{text}"}}',
    '{{ "type" : "{kind}", "item_id": "item_1", "content_index": 0, "delta": "{text}", "note": {{}} }}',
    '{{"delta":"{text}","type":"{kind}"}}',
]
TEXTS = ["", "AAAA", "AAA=", "é", "\\n", "A" * 100, "A" * 2600]
LONG = ["A" * 65_380, "A" * 65_400, "A" * 70_000]
SIZES_AT_HEADERS = ["A" * size for size in range(8, 132, 4)]
"""Where a shorter name makes the frame's header shorter, too (RFC 6455, 5.2)."""


END = '{"type":"the.end"}'


def drawn(draw: random.Random, count: int) -> list[str]:
    texts = [*TEXTS * 3, *SIZES_AT_HEADERS, *(LONG if draw.random() < 0.5 else [])]
    return [draw.choice(SHAPES).format(kind=draw.choice(KINDS), text=draw.choice(texts), n=n % 7) for n in range(count)]


async def told(carrier: str, messages, peer_dialect: str, upstream_dialect: str, subprotocols, tmp_path):
    """What the peer is told of these messages, what was recorded and counted of them, and how many took the lane."""
    directory = tmp_path / carrier

    parts = [messages[at : at + 10] for at in range(0, len(messages), 10)]

    async def script(connection) -> None:
        for part in parts:
            await connection.recv()
            frames = [Frame(Opcode.TEXT, message.encode()).serialize(mask=False) for message in [*part, END]]
            connection.transport.write(b"".join(frames))
        await connection.wait_closed()

    given: dict[str, Any] = {} if upstream_dialect == "ga" else {"upstream_dialect": upstream_dialect}
    profiles = {"default": {"dialect": peer_dialect, "guard": []}}
    async with (
        scripted_upstream(script) as upstream,
        running(
            upstream.url, carrier=carrier, profiles=profiles, record_dir=directory, record_all=True, **given
        ) as relay,
        relay.peer(subprotocols=subprotocols) as peer,
    ):
        heard: list[str | bytes] = []
        for _ in parts:
            await peer.send('{"type":"input_audio_buffer.append","audio":"AAAA"}')
            while not heard or heard[-1] != END:
                heard.append(await peer.recv())
            heard.pop()
        [session] = relay.sessions.active_sessions
        passed = [0 if flow.lane is None else flow.lane.events for flow in (session.up, session.down)]
        counted = relay.metrics.tally.down.totals(), session.down.octets, session.down.events
    [file] = directory.glob("*.jsonl")
    lines = [line for line in read_recording(file).messages() if isinstance(line, Message)]
    return (heard, counted, [(line.direction, line.data, line.after) for line in lines]), passed


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.reliability) for seed in range(2, 40))])
@pytest.mark.parametrize(
    ("peer_dialect", "upstream_dialect", "subprotocols"),
    [
        ("beta", "ga", None),
        ("ga", "beta", None),
        ("beta", "beta", None),
        ("beta", "xai", None),
        ("beta", "ga", ["relay.binary.v1"]),
        ("ga", "beta", ["relay.binary.v1"]),
    ],
)
async def test_a_dialect_is_the_same_either_way(peer_dialect, upstream_dialect, subprotocols, seed, tmp_path) -> None:
    """Whatever an upstream says, a dialect's peer is told the same through the lane as through Python, to the byte and
    in order; so are the recording and the counts the same."""
    messages = drawn(random.Random(seed), 150)
    ends = (messages, peer_dialect, upstream_dialect, subprotocols, tmp_path)
    compiled, passed = await told("fast", *ends)
    python, _ = await told("python", *ends)
    assert compiled == python
    assert passed[0] == 15
    assert passed[1] > 0


async def test_one_write_for_what_came_in_one_read(tmp_path) -> None:
    """Audio deltas in a burst are renamed and keep their order, each in a frame of its own size."""
    messages = [f'{{"type":"response.output_audio.delta","delta":"{"A" * (n % 300)}"}}' for n in range(2000)]
    (heard, _, _), passed = await told("fast", messages, "beta", "ga", None, tmp_path)
    assert heard == [message.replace("output_audio", "audio") for message in messages]
    assert passed[1] == len(messages)


async def test_a_peer_that_turns_out_to_speak_ga() -> None:
    """A peer that says it spoke the beta and shows that it does not is told of audio in GA's words from there on."""
    delta = '{"type":"response.output_audio.delta","delta":"AAAA"}'
    update = json.dumps({"type": "session.update", "session": {"type": "realtime"}})
    async with (
        scripted_upstream(echo) as upstream,
        running(upstream.url, carrier="fast", profiles={"default": {"guard": []}}) as relay,
        relay.peer(additional_headers={"OpenAI-Beta": "realtime=v1"}) as peer,
    ):
        await peer.send(delta)
        assert json.loads(await peer.recv())["type"] == "response.audio.delta"
        await peer.send(update)
        assert json.loads(await peer.recv()) == json.loads(update)
        await peer.send(delta)
        assert await peer.recv() == delta


@pytest.mark.parametrize("table", [BETA, AZURE_PREVIEW, XAI])
def test_nothing_that_goes_up_is_called_otherwise(table) -> None:
    """The lane gives other names to what comes down alone."""
    translation = Translation(table, table)
    assert not translation.from_peer.renames
    assert not translation.to_upstream.renames
