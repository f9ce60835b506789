"""Sessions of other kinds, end to end: through the relay over real sockets."""

import asyncio
import json
from base64 import b64encode
from typing import Any

import pytest
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from relay.stand_ins.mock import Pace, serve_mock
from relay.stand_ins.mock.voice import clips
from tests.fakes.running import Running, end_of, running
from tests.fakes.upstream import echo_into, scripted_upstream
from tests.stand_ins.mock.conformance import conforms
from tests.stand_ins.mock.talk import silence, tone

TRANSLATIONS = "realtime/translations"
LIVE = "live/sessions"
START = {"type": "session.start", "session": {"model": "gpt-live-1"}}


def dial(relay: Running, path: str, **options: Any) -> connect:
    url = relay.url.replace("/realtime", f"/{path}")
    return connect(url, **{"max_size": None, "compression": None, "proxy": None, "open_timeout": None, **options})


async def say(peer: ClientConnection, kind: str, **fields: Any) -> None:
    await peer.send(json.dumps({"type": kind, **fields}))


async def until(peer: ClientConnection, kind: str, of: str) -> list[dict[str, Any]]:
    """What comes, up to the first event of this type, each as the API's types say for sessions `of` this kind."""
    came: list[dict[str, Any]] = []
    while not came or came[-1]["type"] != kind:
        came.append(json.loads(await peer.recv()))
        conforms(came[-1], of)
    return came


def in_base64(pcm: bytes) -> str:
    return b64encode(pcm).decode()


def sample(relay: Running, name: str, **labels: str) -> float | None:
    return relay.metrics.registry.get_sample_value(name, labels)


def instant_mock(**options: Any) -> Any:
    return serve_mock(pace=Pace.instant(), **options)


@pytest.mark.usefixtures("carrier")
async def test_a_translation() -> None:
    """A speaker is interpreted: words and sound come while he speaks, and the time is paid for."""
    async with instant_mock(record_s=10) as mock, running(mock.url) as relay:
        with structlog.testing.capture_logs() as logs:
            async with dial(relay, TRANSLATIONS) as peer:
                (created,) = await until(peer, "session.created", "translation")
                assert created["session"]["model"] == "gpt-realtime-translate"
                await say(peer, "session.update", session={"audio": {"output": {"language": "de"}}})
                await until(peer, "session.updated", "translation")
                for _ in range(3):
                    await say(peer, "session.input_audio_buffer.append", audio=in_base64(tone(1000)))
                came = await until(peer, "session.output_audio.delta", "translation")
                assert came[0]["type"] == "session.output_transcript.delta"
                await say(peer, "session.close")
                await until(peer, "session.closed", "translation")
                assert await end_of(peer) == ([], 1000, "")
            await relay.sessions.empty()
        assert mock.continuous[0].heard == tone(1000) * 3
        assert sample(relay, "relay_billed_seconds_total", model="gpt-realtime-translate") == 3
        assert sample(relay, "relay_events_total", direction="down", type="session.closed") == 1
    (opened,) = [line for line in logs if line["event"] == "session.opened"]
    (closed,) = [line for line in logs if line["event"] == "session.closed"]
    assert opened["kind"] == "translation"
    assert (closed["cause"], closed["cost_usd"]) == ("upstream_closed", "0.001700")


@pytest.mark.usefixtures("carrier")
async def test_a_live_session() -> None:
    """A session without turns: it is started by the peer, hears, speaks, tells what it used, and is closed."""
    async with instant_mock() as mock, running(mock.url) as relay:
        with structlog.testing.capture_logs() as logs:
            async with dial(relay, LIVE) as peer:
                await peer.send(json.dumps(START))
                (started,) = await until(peer, "session.started", "live")
                assert started["session"]["model"] == "gpt-live-1"
                await say(peer, "session.input_audio.append", audio=in_base64(tone(1500) + silence(500)))
                came = await until(peer, "session.output_audio.delta", "live")
                assert "session.input_transcript.delta" in {event["type"] for event in came}
                await say(peer, "session.close", event_id="bye")
                closed = (await until(peer, "session.closed", "live"))[-1]
                assert (closed["client_event_id"], closed["usage"]) == ("bye", {"seconds": 2.0})
            await relay.sessions.empty()
        assert sample(relay, "relay_billed_seconds_total", model="gpt-live-1") == 2
    (opened,) = [line for line in logs if line["event"] == "session.opened"]
    (ended,) = [line for line in logs if line["event"] == "session.closed"]
    assert opened["kind"] == "live"
    assert ended["cost_usd"] == "0.001667"


@pytest.mark.parametrize("path", [TRANSLATIONS, LIVE, f"{LIVE}/live_1/attach", f"{LIVE}/live_1/fork"])
@pytest.mark.usefixtures("carrier")
async def test_what_nobody_has_heard_of_passes(path) -> None:
    """In sessions of every kind unknown events, odd spacing, text that is no event and binary pass as they came."""
    odd: list[str | bytes] = [
        '{ "type" : "never.heard.of" , "a":1e3 }',
        "no event",
        b"\x00\x01",
        '{"type":"session.start","session":7}',
    ]
    async with (
        scripted_upstream() as upstream,
        running(upstream.url) as relay,
        dial(relay, f"{path}?x=1&x=&graceful_close=true&token=secret") as peer,
    ):
        for message in odd:
            await peer.send(message)
            assert await peer.recv() == message
        model = "model=gpt-realtime-translate&" if path == TRANSLATIONS else ""
        assert upstream.handshakes[0].path == f"/v1/{path}?{model}x=1&x=&graceful_close=true"


PROFILES = {
    "default": {"instructions": "Be kind."},
    "german": {"type": "translation", "audio": {"output": {"language": "de"}}, "lock": ["audio.output.language"]},
    "guide": {"type": "live", "instructions": "Be kind.", "voice": "cedar", "lock": ["instructions", "voice"]},
    "words": {"type": "transcription", "audio": {"input": {"transcription": {"model": "gpt-4o-transcribe"}}}},
}


async def test_a_translation_profile() -> None:
    """The profile's session.update goes first, without a type; what it locks the peer cannot change."""
    async with (
        scripted_upstream() as upstream,
        running(upstream.url, profiles=PROFILES) as relay,
        dial(relay, f"{TRANSLATIONS}?profile=german&model=mine") as peer,
    ):
        assert json.loads(await peer.recv())["session"] == {"audio": {"output": {"language": "de"}}}
        await say(peer, "session.update", session={"audio": {"output": {"language": "fr"}, "input": {}}})
        assert json.loads(await peer.recv())["session"] == {"audio": {"output": {}, "input": {}}}
        assert upstream.handshakes[0].path == f"/v1/{TRANSLATIONS}?model=mine"


async def test_a_live_profile() -> None:
    """The profile completes the peer's session.start, and what it locks is the profile's, and hidden."""
    heard: list[str | bytes] = []
    async with (
        scripted_upstream(echo_into(heard)) as upstream,
        running(upstream.url, profiles=PROFILES) as relay,
        dial(relay, f"{LIVE}?profile=guide") as peer,
    ):
        asked = {"model": "gpt-live-1.1", "instructions": "Be rude.", "store": True, "audio": {"output": None}}
        await say(peer, "session.start", session=asked)
        started = {"model": "gpt-live-1.1", "audio": {"output": {"voice": "cedar"}}, "store": True}
        assert json.loads(await peer.recv())["session"] == started
        assert json.loads(heard[0])["session"] == {**started, "instructions": "Be kind."}
        await say(peer, "session.instructions.append", content="Be rude.", delegation_id=None)
        assert json.loads(await peer.recv())["error"]["code"] == "event_refused"
        await say(peer, "session.started", session={"instructions": "Be kind.", "id": "live_1"})
        assert json.loads(await peer.recv())["session"] == {"id": "live_1"}


async def test_a_profile_of_another_kind_stands_for_its_limits() -> None:
    """Where nobody asks for a profile by name, sessions of other kinds get nothing of the default's but its limits."""
    async with scripted_upstream() as upstream, running(upstream.url, profiles=PROFILES) as relay:
        async with dial(relay, TRANSLATIONS) as peer:
            await say(peer, "session.close")
            assert json.loads(await peer.recv()) == {"type": "session.close"}
        async with dial(relay, LIVE) as peer:
            await say(peer, "session.start", session={})
            assert json.loads(await peer.recv())["session"] == {"model": "gpt-live-1"}


@pytest.mark.parametrize(
    ("path", "locked"),
    [
        (f"{TRANSLATIONS}?profile=default", False),
        (f"{TRANSLATIONS}?profile=guide", False),
        (f"{LIVE}?profile=german", False),
        ("realtime?profile=guide", False),
        (TRANSLATIONS, True),
        (LIVE, True),
        (f"{LIVE}/live_1/attach?profile=guide", False),
        (f"{LIVE}/live_1/fork?profile=guide", False),
        (f"{LIVE}/a%3Fb/attach", False),
        (f"{LIVE}/../attach", False),
    ],
)
async def test_a_profile_is_for_one_kind(path, locked) -> None:
    """A profile that is asked for by name, or locks anything, opens no session of another kind: 404."""
    profiles = {**PROFILES, "default": {"instructions": "Be kind.", "lock": ["instructions"] if locked else []}}
    async with scripted_upstream() as upstream, running(upstream.url, profiles=profiles) as relay:
        with pytest.raises(InvalidStatus) as refused:
            await dial(relay, path)
        assert refused.value.response.status_code == 404
        assert json.loads(refused.value.response.body or b"")["error"]["code"] == "kind_refused"
        assert upstream.handshakes == []


async def test_a_transcription_gets_no_update_for_another_kind() -> None:
    """A peer that asks for a transcription session is not given a realtime profile's update, which the API refuses."""
    async with scripted_upstream() as upstream, running(upstream.url, profiles=PROFILES) as relay:
        async with relay.peer("?intent=transcription") as peer:
            await peer.send("first")
            assert await peer.recv() == "first"
        async with relay.peer("?profile=words") as peer:
            assert json.loads(await peer.recv())["session"]["type"] == "transcription"
        async with relay.peer("?call_id=rtc_1") as peer:
            await peer.send("first")
            assert await peer.recv() == "first"
        paths = [handshake.path.partition("?")[2] for handshake in upstream.handshakes]
        assert paths == ["intent=transcription", "intent=transcription", "call_id=rtc_1"]


async def interpreted(relay: Running) -> list[dict[str, Any]]:
    """All that comes in a short translation."""
    async with dial(relay, TRANSLATIONS) as peer:
        await say(peer, "session.input_audio_buffer.append", audio=in_base64(tone(1000)))
        await say(peer, "session.close")
        messages, _, _ = await end_of(peer)
        return [json.loads(message) for message in messages]


async def lived(relay: Running) -> list[dict[str, Any]]:
    """All that comes in a short Live session."""
    async with dial(relay, LIVE) as peer:
        await peer.send(json.dumps(START))
        await say(peer, "session.input_audio.append", audio=in_base64(tone(1000)))
        await say(peer, "session.close")
        messages, _, _ = await end_of(peer)
        return [json.loads(message) for message in messages]


@pytest.mark.parametrize("converse", [interpreted, lived])
async def test_every_kind_is_recorded_and_replayed(tmp_path, converse) -> None:
    """A recording of a session of another kind is replayed, to a peer that comes the same way."""
    async with instant_mock() as mock, running(mock.url, record_dir=tmp_path, record_all=True) as relay:
        said = await converse(relay)
    (path,) = tmp_path.glob("*.jsonl")
    async with running(f"replay:{path}?speed=max") as relay:
        replayed = await converse(relay)
        await relay.sessions.empty()
        assert relay.ended_by("upstream_closed") == 1
    assert [event["type"] for event in replayed] == [event["type"] for event in said]
    assert [event.get("delta") for event in replayed] == [event.get("delta") for event in said]


async def test_a_drain_ends_a_translation_in_a_pause() -> None:
    """A session without turns is not cut while somebody speaks, and does not use up the drain's time in silence."""
    async with instant_mock() as mock, running(mock.url) as relay, dial(relay, TRANSLATIONS) as peer:
        await until(peer, "session.created", "translation")
        drain = asyncio.create_task(relay.sessions.drain(timeout_s=60))
        messages, code, reason = await end_of(peer)
        await drain
    assert [json.loads(message)["error"]["code"] for message in messages] == ["draining"]
    assert (code, reason) == (1012, "draining")


async def test_every_kind_has_audio_in_bytes() -> None:
    """A peer that asked for binary audio sends and gets it in a Live session as in any other."""
    offered = {"subprotocols": [Subprotocol("relay.binary.v1")]}
    async with instant_mock(record_s=5) as mock, running(mock.url) as relay, dial(relay, LIVE, **offered) as peer:
        await peer.send(json.dumps(START))
        await peer.send(tone(1500) + silence(500))
        while not isinstance(message := await peer.recv(), bytes):
            pass
        assert message[:8] == bytes([1, 8, 0, 0, 0, 0, 0, 0])
        assert clips()["answer-1"].pcm.startswith(message[8:])
        assert mock.continuous[0].heard == tone(1500) + silence(500)
        await peer.send('{"type":"session.close"}')
        assert (await end_of(peer))[1] == 1000
