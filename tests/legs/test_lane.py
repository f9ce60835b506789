"""The fast lane beside the Python that it stands for: what it lets pass, what it hands on, and in which order."""

import asyncio
import base64
import json
import random
from collections import Counter

import pytest
from websockets.frames import Frame, Opcode

from relay.core.events import read_peer_event, read_upstream_event
from relay.core.interceptor import Interceptor
from relay.core.locks import GUARDED
from relay.core.sound import SoundCount
from relay.core.unfinished import Unfinished
from relay.legs.lanes import WHY_NOT
from tests.fakes.running import end_of, running
from tests.fakes.upstream import echo, scripted_upstream

if not WHY_NOT:
    from relay.legs.lane import proved_type

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=f"the lane is not compiled: {WHY_NOT}")

APPEND = '{"type":"input_audio_buffer.append","audio":"AAAA"}'
PIECES = [
    "{", "}", "[", "]", ",", ":", '"', "\\", " ", "\n", "\t", "\0", "\x7f", "é", "0", "null", "true", "\\u0074ype",
    '"type"', '"Type"', '"audio"', '"event_id"', '"item"', '"session"', '"input_audio_buffer.append"',
    '"session.update"', '"response.create"', '"AAAA"', '""', '"a b"', '{"type":"x"}',
]  # fmt: skip
SHAPES = [
    '{{"type":"{kind}","audio":"{text}"}}',
    '{{"type": "{kind}", "audio": "{text}"}}',
    '{{"event_id":"{text}","type":"{kind}","audio":"{text}"}}',
    '{{"audio":"{text}","type":"{kind}"}}',
    '{{"type":"{kind}"}}',
    '{{"type":"{kind}","response":{{}}}}',
    '{{"type":"{kind}","type":"{text}"}}',
    ' {{ "type" : "{kind}" , "audio" : "{text}" }} ',
]
KINDS = ["input_audio_buffer.append", "session.update", "response.output_audio.delta", "Type", "a" * 70, "", "é"]
TEXTS = ["", "AAAA", "x" * 3000, "\\n", '\\"', "é", "\x01", '","type":"session.update']


def drawn(draw: random.Random) -> str:
    """A message: one that clients write, or one with a piece of it changed, or anything."""
    if draw.random() < 0.3:
        return "".join(draw.choices(PIECES, k=draw.randrange(12)))
    message = draw.choice(SHAPES).format(kind=draw.choice(KINDS), text=draw.choice(TEXTS))
    if draw.random() < 0.5:
        at = draw.randrange(len(message) + 1)
        message = message[:at] + draw.choice(PIECES) + message[at + draw.randrange(3) :]
    return message


@pytest.mark.parametrize("count", [50_000, pytest.param(1_000_000, marks=pytest.mark.reliability)])
def test_the_proof_agrees_with_the_reader(count) -> None:
    """Of a peer, what passes unread is an event of that type for every reader: flat, all strings, no key twice."""
    draw = random.Random(count)
    passed = 0
    for _ in range(count):
        message = drawn(draw)
        kind = proved_type(message.encode(), True)
        if kind is None:
            continue
        passed += 1
        pairs = json.loads(message, object_pairs_hook=list)
        keys = [key.casefold() for key, _ in pairs]
        assert len(set(keys)) == len(keys)
        assert all(isinstance(value, str) for _, value in pairs)
        assert dict(pairs)["type"] == kind == read_peer_event(message).type
    assert passed > count / 20


@pytest.mark.parametrize("seed", range(5))
def test_an_upstreams_type_agrees_with_the_reader(seed) -> None:
    """Of an upstream, the lane and the reader see the same type wherever the lane sees one."""
    draw = random.Random(seed)
    messages = [drawn(draw) for _ in range(10_000)]
    seen = [(proved_type(message.encode(), False), message) for message in messages]
    assert [message for kind, message in seen if kind and kind != read_upstream_event(message).type] == []
    assert sum(kind is not None for kind, _ in seen) > 500


@pytest.mark.parametrize(
    "message",
    [
        '{"type":"input_audio_buffer.append","audio":"AAAA"}',
        '{"type": "input_audio_buffer.append", "audio": "AAAA"}',
        '{"event_id":"evt_1","type":"input_audio_buffer.append","audio":"AAAA"}',
        '{"audio":"AAAA","event_id":"evt_1","type":"input_audio_buffer.append"}',
        '{"audio":"AAAA","type":"input_audio_buffer.append"}',
    ],
)
def test_audio_as_clients_write_it(message) -> None:
    """An append passes with an id or without, in any order of its members, with spaces or without."""
    assert proved_type(message.encode(), True) == "input_audio_buffer.append"


UNSEEN = ("response.output_text.delta", "response.output_audio_transcript.delta", "input_audio_buffer.clear")
"""Types that no session wants to see unasked: some pass downwards, and one upwards."""


async def test_messages_pass_in_order() -> None:
    """What goes through the lane and what goes through Python arrives in the order in which it was sent."""

    class Wanting(Interceptor):
        up = frozenset({"wanted"})
        down = frozenset({"wanted"})

    sent = [
        json.dumps({"type": draw, "n": str(n)}) if n % 3 else f'{{"type":"wanted","n":{n}}}'
        for n, draw in enumerate(random.Random(1).choices([*UNSEEN, "wanted", "é"], k=3000))
    ]
    async with (
        scripted_upstream(echo) as upstream,
        running(upstream.url, [Wanting], carrier="fast") as relay,
        relay.peer() as peer,
    ):
        sending = asyncio.create_task(_send_all(peer, sent))
        assert [await peer.recv() for _ in sent] == sent
        await sending
        [session] = relay.sessions.active_sessions
        octets = sum(len(message.encode()) for message in sent)
        for flow in (session.up, session.down):
            assert flow.lane is not None
            assert 0 < flow.lane.events < flow.events == len(sent)
            assert flow.octets == octets


async def _send_all(peer, messages) -> None:
    for message in messages:
        await peer.send(message)


async def test_what_becomes_wanted_is_seen() -> None:
    """A type that an interceptor asks for in the middle of a session goes to it from then on, and no longer when it is
    wanted no more."""
    seen: list[str] = []

    class Later(Interceptor):
        up = frozenset({"begin", "end"})

        def opened(self, session, now) -> None:
            self._session = session

        def on_up(self, event, now):
            change = self._session.up.hook if event.type == "begin" else self._session.up.unhook
            change({"audio"}, self._see)
            return event

        def _see(self, event, now):
            seen.append(event.body["n"])
            return event

    said = [("audio", "1"), ("begin", "2"), ("audio", "3"), ("audio", "4"), ("end", "5"), ("audio", "6")]
    async with (
        scripted_upstream(echo) as upstream,
        running(upstream.url, [Later], carrier="fast") as relay,
        relay.peer() as peer,
    ):
        for kind, number in said:
            await peer.send(f'{{"type":"{kind}","n":"{number}"}}')
            await peer.recv()
    assert seen == ["3", "4"]


@pytest.mark.parametrize("subprotocols", [None, ["relay.binary.v1"]])
async def test_sound_is_counted_in_the_lane(subprotocols) -> None:
    """Audio that passes the lane is counted by item to the byte, as JSON and as bytes, and so is what does not pass."""
    sound = SoundCount()
    draw = random.Random(1)
    sizes: Counter[str] = Counter()
    deltas = []
    for number in range(400):
        item_id = draw.choice(["item_a", "item_a", "item_b", "x" * 70])
        octets = draw.randbytes(draw.choice([0, 1, 2, 3, 480, 1199]))
        sizes[item_id] += len(octets)
        fields = {"item_id": item_id, "content_index": 0, "delta": base64.b64encode(octets).decode()}
        late = {"note": ["this one is for Python"]} if number % 9 == 0 else {}
        deltas.append(json.dumps({"type": "response.output_audio.delta", **fields, **late}))

    async def speak(websocket) -> None:
        await websocket.recv()
        await _send_all(websocket, deltas)
        await websocket.wait_closed()

    async with (
        scripted_upstream(speak) as upstream,
        running(upstream.url, [lambda: sound], carrier="fast", profiles={"default": {"guard": []}}) as relay,
        relay.peer(subprotocols=subprotocols) as peer,
    ):
        await peer.send(APPEND)
        for _ in deltas:
            await peer.recv()
        [session] = relay.sessions.active_sessions
        assert session.down.lane is not None
        assert session.down.lane.events > 0
        assert {name: sound.length_ms(name) for name in sizes} == {name: size // 48 for name, size in sizes.items()}


class Keeping(Interceptor):
    """Has the lane keep what is said, as for a session that is to outlive its upstream."""

    def __init__(self) -> None:
        self.unfinished = Unfinished()

    def opened(self, session, now) -> None:
        def appended(event, now):
            self.unfinished.append(event.data)
            return event

        self.unfinished.keep_in(session.up.lane)
        session.up.hook({"input_audio_buffer.append"}, appended, exempt=lambda _: self.unfinished.is_in_lane)


@pytest.mark.parametrize("in_bytes", [False, True])
@pytest.mark.parametrize("speaks", [False, True])
async def test_what_was_said_last_is_kept_in_the_lane(in_bytes, speaks) -> None:
    """The last second of what passes is kept, all of it while somebody speaks, in order with what does not pass."""
    keeping, draw = Keeping(), random.Random(2)
    sizes = [draw.choice([0, 1, 2, 3, 480, 4799, 12000]) for _ in range(400)]
    pieces = [draw.randbytes(size) for size in sizes]

    async def hear(websocket) -> None:
        for piece in pieces:
            assert base64.b64decode(json.loads(await websocket.recv())["audio"]) == piece
        await websocket.send('{"type":"made.up"}')
        await websocket.wait_closed()

    async with (
        scripted_upstream(hear) as upstream,
        running(upstream.url, [lambda: keeping], carrier="fast", profiles={"default": {"guard": []}}) as relay,
        relay.peer(subprotocols=["relay.binary.v1"]) as peer,
    ):
        [session] = relay.sessions.active_sessions
        if speaks:
            keeping.unfinished.started()
        for number, piece in enumerate(pieces):
            audio = {"type": "input_audio_buffer.append", "audio": base64.b64encode(piece).decode()}
            late = {"note": ["this one is for Python"]} if number % 9 == 0 else {}
            await peer.send(piece if in_bytes and piece and not late else json.dumps({**audio, **late}))
        assert await peer.recv() == '{"type":"made.up"}'
        assert session.up.lane is not None
        assert session.up.lane.events > 200
        appends = keeping.unfinished.appends
        kept = [base64.b64decode(json.loads(data)["audio"]) for data in appends]
        assert kept == pieces[len(pieces) - len(kept) :]
        before_ms = sum(sizes[: len(pieces) - len(kept)]) / 48
        assert abs(keeping.unfinished.begins_ms - before_ms) < 0.001
        assert (len(kept) == len(pieces)) == speaks
        assert sum(map(len, kept)) > 30_000


async def test_a_message_between_fragments_is_a_fault() -> None:
    """A whole message in the middle of one in fragments ends the session with 1002, whatever its type."""
    async with scripted_upstream(echo) as upstream, running(upstream.url, carrier="fast") as relay:
        async with relay.peer() as peer:
            await peer.send(APPEND)
            assert await peer.recv() == APPEND
            begun = Frame(Opcode.TEXT, b"{", fin=False).serialize(mask=True)
            peer.transport.write(begun + Frame(Opcode.TEXT, APPEND.encode()).serialize(mask=True))
            assert (await end_of(peer))[1] == 1002
        await relay.sessions.empty()
        assert relay.ended_by("peer_invalid") == 1


async def test_what_locks_guard_is_read() -> None:
    """In a locked session an append passes the lane, and no type that a lock guards does."""
    profiles = {"default": {"instructions": "Be kind.", "lock": ["instructions"]}}
    async with (
        scripted_upstream(echo) as upstream,
        running(upstream.url, profiles=profiles, carrier="fast") as relay,
        relay.peer() as peer,
    ):
        await peer.recv()  # the injected update comes back
        await peer.send(APPEND)
        assert await peer.recv() == APPEND
        [session] = relay.sessions.active_sessions
        assert session.up.lane is not None
        assert session.up.lane.events == 1
        assert all(session.up.wants(kind) for kind in GUARDED)


async def test_scrapes_count_both_ways() -> None:
    """The metrics sum what went through the lane and what went through Python."""
    async with scripted_upstream(echo) as upstream, running(upstream.url, carrier="fast") as relay:
        async with relay.peer() as peer:
            for message in (
                APPEND,
                '{"type":"input_audio_buffer.append","audio":"\\u0041"}',
                '{"type":"made.up","a":"b"}',
            ):
                await peer.send(message)
                assert await peer.recv() == message
        await relay.sessions.empty()
        value = relay.metrics.registry.get_sample_value
        assert value("relay_events_total", {"direction": "up", "type": "input_audio_buffer.append"}) == 2
        assert value("relay_events_total", {"direction": "up", "type": "other"}) == 1
        assert value("relay_added_seconds_count", {"direction": "up"}) == 3


def delta(audio: str, item: str = "item_1", index: int = 0, **more: str) -> str:
    fields = {"event_id": "e", "response_id": "r", "item_id": item, "output_index": 0, "content_index": index}
    return json.dumps({"type": "response.output_audio.delta", **fields, "delta": audio, **more}, ensure_ascii=False)


DELTAS = [
    *(delta(base64.b64encode(bytes(range(size))).decode()) for size in (0, 1, 2, 3, 4, 5, 6, 240)),
    delta("AAAA", "item_2"), delta("AAAA", "item_2", 1), delta("AAAA", "item_1"), delta("AAAA", "item_" + "x" * 300),
    delta("AAA"), delta("AA=A"), delta("A A A"), delta("-_-_"), delta("é"), delta("AAAA", "ö"),
    delta("AAAA", index=70_000), delta("AAAA", more="\\"),
    delta("AAAA").replace('"content_index": 0', '"content_index": -1'),
    delta("AAAA").replace('"item_id"', '"item"'), '{"type":"response.output_audio.delta"}',
    '{"type":"response.output_audio_transcript.delta","delta":"Hello"}',
]  # fmt: skip
"""Audio in every length that base64 fills up in another way, in forms that the API uses and in others."""


async def test_audio_in_bytes_is_the_same_either_way() -> None:
    """A peer that speaks audio in bytes gets and sends the same through the lane as through Python."""
    spoken = [bytes(range(size % 256)) * (1 + size // 256) for size in (0, 1, 2, 3, 4, 5, 6, 1920)]
    seen = {}
    for carrier in ("fast", "python"):
        said: list[str | bytes] = []

        async def script(connection, said=said) -> None:
            said.extend([await connection.recv() for _ in spoken])
            for message in DELTAS:
                await connection.send(message)
            await connection.wait_closed()

        async with (
            scripted_upstream(script) as upstream,
            running(upstream.url, carrier=carrier) as relay,
            relay.peer(subprotocols=["relay.binary.v1"]) as peer,
        ):
            for audio in spoken:
                await peer.send(audio)
            heard = [await peer.recv() for _ in DELTAS]
            [session] = relay.sessions.active_sessions
            seen[carrier] = (said, heard, session.up.octets, session.down.octets)
            lanes = [flow.lane.events if flow.lane else 0 for flow in (session.up, session.down)]
            assert all(lanes) is (carrier == "fast")
    assert seen["fast"] == seen["python"]
    assert any(isinstance(message, bytes) for message in seen["fast"][1])
