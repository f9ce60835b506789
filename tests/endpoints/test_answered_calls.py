"""Calls that the relay answers itself: a session as any other, with WebRTC at the peer's end."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from relay.config.loading import load_settings
from relay.core.events import read_upstream_event
from relay.legs.webrtc.engines import missing_engine
from relay.recording import Message, read_recording
from relay.stand_ins.mock import MockServer, Pace, serve_mock
from tests.endpoints.test_calls import call, hang_up
from tests.fakes.http_client import http_client
from tests.fakes.running import Running, running
from tests.fakes.webrtc_peer import WebRtcPeer, webrtc_peer

RELAY = {"calls": "relay"}
ANN = {"Authorization": "Bearer rt_the-shops-token-ann"}


@asynccontextmanager
async def place(**given: Any) -> AsyncIterator[tuple[Running, MockServer]]:
    """A relay that answers calls, and the mock behind it."""
    async with serve_mock(pace=Pace.instant()) as mock, running(mock.url, webrtc={**RELAY}, **given) as relay:
        yield relay, mock


@asynccontextmanager
async def calling(
    relay: Running,
    query: str = "",
    session: Any = None,
    *,
    muted: bool = False,
    colour: tuple[int, int, int] | None = None,
) -> AsyncIterator[tuple[WebRtcPeer, Any]]:
    """A peer whose call is answered and whose channel is open, and the answer."""
    async with webrtc_peer(colour) as peer:
        peer.microphone.muted = muted
        answer = await call(relay, query, session, offer=await peer.offer())
        assert answer.status_code == 201, answer.text
        await peer.take(answer.text)
        await peer.event("session.created")
        yield peer, answer


async def test_a_spoken_turn() -> None:
    """What is said into the microphone is heard by the upstream, and its answer is heard by the peer."""
    async with place() as (relay, _), calling(relay) as (peer, answer):
        assert answer.headers["location"].startswith("/v1/realtime/calls/rtc_")
        await peer.event("input_audio_buffer.speech_started")
        peer.microphone.muted = True
        await peer.event("response.done")
        await peer.until(lambda: peer.loudness > 0.02)
        kinds = {event["type"] for event in peer.told}
        assert "response.output_audio_transcript.delta" in kinds
        assert "response.output_audio.delta" not in kinds
        sample = relay.metrics.registry.get_sample_value
        assert sample("relay_calls_open") == 1
        await peer.close()
        await relay.sessions.empty()
        assert relay.ended_by("peer_closed") == 1
        assert sample("relay_calls_open") == 0
        assert (sample("relay_call_packets_total", {"outcome": "received"}) or 0) > 0
        assert (sample("relay_call_sound_seconds_total", {"sort": "played"}) or 0) > 0


async def test_what_is_said_in_a_call_is_kept(tmp_path: Path) -> None:
    """A call is kept in the history as any session is, and the next one goes on with what was said."""
    kept: dict[str, Any] = {"profiles": {"default": {"history": True}}}
    async with place(**kept, history={"store": f"sqlite:{tmp_path}/history.db"}) as (relay, mock):
        for text in ("My name is Ada.", "What is my name?"):
            async with calling(relay, "?conversation=c1&relay_events=1", muted=True) as (peer, _):
                assert (await peer.event("relay.conversation"))["id"] == "c1"
                content = [{"type": "input_text", "text": text}]
                item = {"type": "message", "role": "user", "content": content}
                peer.send(type="conversation.item.create", item=item)
                peer.send(type="response.create")
                await peer.event("response.done")
                said = [
                    item.fields["content"][0]["text"] for item in mock.sessions[-1].conversation if item.role == "user"
                ]
            await relay.sessions.empty()
        assert said == ["My name is Ada.", "What is my name?"]


async def test_a_camera_is_shown_to_the_model() -> None:
    """Where a profile says so, what the camera shows becomes an item, and its caller is told of it; once, here."""
    blue = (20, 60, 180)
    profiles = {"eyes": {"webrtc": {"video": {"when": "interval", "interval_s": 1, "most": 1}}}}
    async with place(profiles=profiles) as (relay, _), calling(relay, "?profile=eyes", colour=blue) as (peer, _):
        shown = await peer.until(lambda: next(filter(None, map(picture_of, peer.told)), None))
        assert shown == pytest.approx(blue, abs=12)


def picture_of(event: Any) -> tuple[int, ...] | None:
    """The colour in the middle of the picture in an item that was added."""
    if event.get("type") != "conversation.item.added" or event["item"]["content"][0]["type"] != "input_image":
        return None
    _, data = event["item"]["content"][0]["image_url"].split(",")
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    pixel = image.getpixel((image.width // 2, image.height // 2))
    assert isinstance(pixel, tuple)
    return tuple(map(int, pixel))


async def test_a_caller_interrupts() -> None:
    """A second turn cuts the answer to the first: silence, `cleared`, and the conversation ends where it was heard."""
    async with place() as (relay, _), calling(relay) as (peer, _):
        peer.microphone.muted = False
        await peer.event("input_audio_buffer.speech_started")
        peer.microphone.muted = True
        started = await peer.event("output_audio_buffer.started")
        await peer.until(lambda: peer.loudness > 0.02)
        peer.microphone.muted = False
        cleared = await peer.event("output_audio_buffer.cleared")
        truncated = await peer.event("conversation.item.truncated")
        assert cleared["response_id"] == started["response_id"]
        assert truncated["audio_end_ms"] > 0
        assert "error" not in {event["type"] for event in peer.told}


async def test_an_answer_is_heard_to_its_end() -> None:
    """`stopped` comes when the sound is over, long after the response is done."""
    async with place() as (relay, _), calling(relay, muted=True) as (peer, _):
        peer.send(type="response.create")
        stopped = await peer.event("output_audio_buffer.stopped")
        kinds = [event["type"] for event in peer.told]
        assert kinds.index("output_audio_buffer.started") < kinds.index("output_audio_buffer.stopped")
        assert kinds.index("response.done") < kinds.index("output_audio_buffer.stopped")
        done = await peer.event("response.done")
        assert stopped["response_id"] == done["response"]["id"]
        assert "conversation.item.truncated" not in kinds


async def test_the_caller_hangs_up_where_the_answer_says() -> None:
    """`hangup` ends the call at both ends, and what was said last is still told."""
    async with place() as (relay, _), calling(relay) as (peer, answer):
        assert (await hang_up(relay, answer)).status_code == 200
        await peer.until(lambda: peer.is_closed)
        await relay.sessions.empty()
        assert relay.ended_by("peer_closed") == 1
        assert (await hang_up(relay, answer)).status_code == 404


async def test_others_cannot_hang_up() -> None:
    """A call belongs to its subject; to another one it is unknown."""
    tokens = [{"token": f"rt_the-shops-token-{name}", "subject": name} for name in ("ann", "bob")]
    ann, bob = ({"Authorization": f"Bearer {entry['token']}"} for entry in tokens)
    async with place(tokens=tokens) as (relay, _), webrtc_peer() as peer:
        offer = await peer.offer()
        assert (await call(relay, offer=offer)).status_code == 401
        answer = await call(relay, offer=offer, **ann)
        await peer.take(answer.text)
        assert (await hang_up(relay, answer, **bob)).status_code == 404
        assert not peer.is_closed
        assert (await hang_up(relay, answer, **ann)).status_code == 200
        await peer.until(lambda: peer.is_closed)


async def test_locks_hold_over_the_channel() -> None:
    """What a profile locks a peer changes neither in its request nor over its channel, in whatever spelling."""
    profiles = {"default": {"instructions": "Sell tea.", "voice": "cedar", "lock": ["instructions", "audio"]}}
    own = {"type": "realtime", "instructions": "Sell gin."}
    async with place(profiles=profiles) as (relay, mock), calling(relay, session=own) as (peer, _):
        peer.send(type="session.update", session={"type": "realtime", "instructions": "Sell gin.", "tools": []})
        peer.channel.send('{"type":"session.update","session":{"instructions":"a"},"Session":{"instructions":"b"}}')
        peer.channel.send('{"type":"response.create","type":"session.update","session":{"instructions":"Sell gin."}}')
        peer.channel.send(b'{"type":"session.update","session":{"instructions":"Sell gin."}}')
        await peer.until(lambda: sum(event.get("type") == "error" for event in peer.told) == 3)
        peer.send(type="conversation.item.create", item={"type": "message", "role": "system", "content": []})
        await peer.until(lambda: sum(event.get("type") == "error" for event in peer.told) == 4)
        assert mock.sessions[0].realtime["instructions"] == "Sell tea."


async def test_formats_are_the_relays_own() -> None:
    """A peer may ask for a telephone's sound, as SDKs do, and a profile may: what goes upstream stays PCM16."""
    profiles = {"default": {"audio": {"output": {"format": {"type": "audio/pcmu"}, "voice": "ash"}}}}
    async with place(profiles=profiles) as (relay, mock), calling(relay) as (peer, _):
        asked = {"input": {"format": {"type": "audio/pcma"}}, "output": {"voice": "cedar"}}
        peer.send(type="session.update", session={"type": "realtime", "audio": asked})
        await peer.until(lambda: sum(event["type"] == "session.updated" for event in peer.told) == 2)
        audio = mock.sessions[0].realtime["audio"]
        assert {audio[way]["format"]["type"] for way in ("input", "output")} == {"audio/pcm"}
        assert audio["output"]["voice"] == "cedar"


async def test_a_commit_goes_up_behind_the_sound_that_it_is_about() -> None:
    """Push to talk over the channel: all that was said before the button was let go is in the turn."""
    async with place() as (relay, _), calling(relay) as (peer, _):
        peer.send(type="session.update", session={"type": "realtime", "audio": {"input": {"turn_detection": None}}})
        await peer.event("session.updated")
        peer.send(type="input_audio_buffer.clear")
        await peer.event("input_audio_buffer.cleared")
        frames = len(peer.heard)
        await peer.until(lambda: len(peer.heard) > frames + 48_000)
        peer.send(type="input_audio_buffer.commit")
        peer.send(type="response.create")
        await peer.event("input_audio_buffer.committed")
        await peer.event("response.done")
        kinds = [event["type"] for event in peer.told]
        assert "error" not in kinds
        assert kinds.index("input_audio_buffer.committed") < kinds.index("response.created")


async def test_no_more_calls_than_there_may_be() -> None:
    """The call after the last that there may be is refused as by a full relay, and there is room when one ends."""
    given = {**RELAY, "max_calls": 1}
    async with serve_mock(pace=Pace.instant()) as mock, running(mock.url, webrtc=given) as relay:
        async with calling(relay), webrtc_peer() as other:
            refused = await call(relay, offer=await other.offer())
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "full")
            assert refused.headers["retry-after"]
        await relay.sessions.empty()
        async with calling(relay):
            assert len(relay.sessions) == 1


async def test_money_ends_a_call() -> None:
    """A call's budget is a session's: the answer that spends it is the last one, and the caller is told."""
    prices = {"gpt-realtime-2.1": {"audio_output": 640, "text_input": 40}}
    async with place(limits={"cost_usd": 0.01}, prices=prices) as (relay, _):
        async with calling(relay, "?model=gpt-realtime-2.1") as (peer, _):
            peer.microphone.muted = True
            peer.send(type="response.create")
            await peer.until(lambda: peer.is_closed)
            assert peer.told[-1]["error"]["code"] == "budget_spent"
        await relay.sessions.empty()
        assert relay.ended_by("budget_spent") == 1


async def test_a_quota_counts_calls() -> None:
    """Whoever has as many sessions as it may gets no call beside them."""
    tokens = [{"token": "rt_the-shops-token-ann", "subject": "ann"}]
    async with (
        place(tokens=tokens, quotas={"subject": {"sessions": 1}}) as (relay, _),
        webrtc_peer() as peer,
        relay.peer(additional_headers=ANN),
    ):
        refused = await call(relay, offer=await peer.offer(), **ANN)
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_sessions")


async def test_a_call_is_recorded(tmp_path: Path) -> None:
    """What the caller said and what it was answered is in the recording, sound included."""
    async with place(record_dir=tmp_path, record_all=True) as (relay, _):
        async with calling(relay) as (peer, _):
            await peer.event("input_audio_buffer.speech_started")
            peer.microphone.muted = True
            await peer.event("response.done")
        await relay.sessions.empty()
    [path] = tmp_path.glob("*.jsonl*")  # noqa: ASYNC240 - the session is over
    said = [entry for entry in read_recording(path).messages() if isinstance(entry, Message)]
    kinds = {(entry.direction, read_upstream_event(entry.data).type) for entry in said}
    assert {("up", "input_audio_buffer.append"), ("down", "response.output_audio.delta")} <= kinds


async def test_a_drain_lets_an_answer_be_heard() -> None:
    """A relay that leaves ends a call at its turn, and tells the caller why."""
    async with place() as (relay, _), calling(relay) as (peer, _):
        peer.microphone.muted = True
        peer.send(type="response.create")
        await peer.event("response.done")
        async with asyncio.TaskGroup() as group:
            group.create_task(relay.sessions.drain(60))
            await peer.until(lambda: peer.is_closed)
        assert peer.told[-1]["error"]["code"] == "draining"


async def test_a_ticket_brings_a_call() -> None:
    """A page's ticket is as good for a call as for a WebSocket, and for its profile alone."""
    tokens = [{"token": "rt_the-shops-token-ann", "subject": "ann"}]
    async with place(tokens=tokens) as (relay, _), webrtc_peer() as peer:
        async with http_client(base_url=relay.http, headers=ANN) as http:
            minted = (await http.post("/v1/realtime/client_secrets", json={})).json()["value"]
        answer = await call(relay, offer=await peer.offer(), Authorization=f"Bearer {minted}")
        assert answer.status_code == 201
        await peer.take(answer.text)
        await peer.event("session.created")


@pytest.mark.parametrize(
    ("webrtc", "status"), [({"calls": "off"}, 403), ({"calls": "relay"}, 400)], ids=["off", "no offer"]
)
async def test_who_gets_no_call(webrtc, status) -> None:
    """Where nobody answers there is no call, and an offer that cannot be answered is told what is wrong with it."""
    async with serve_mock(pace=Pace.instant()) as mock, running(mock.url, webrtc=webrtc) as relay:
        refused = await call(relay, offer="v=0\r\n")
        assert refused.status_code == status
        if status == 400:
            assert refused.json()["error"]["message"] == "sdp: the offer has no sound (m=audio)"
        await relay.sessions.empty()


async def test_a_profile_decides_who_answers() -> None:
    """The same relay has one profile's calls answered by the API and another's by itself."""
    profiles = {"near": {"webrtc": {"calls": "relay"}}}
    async with serve_mock(pace=Pace.instant()) as mock, running(mock.url, profiles=profiles) as relay:
        async with calling(relay, "?profile=near"):
            assert list(mock.calls) == []
        await call(relay)
        await mock.wait_until(lambda mock: len(list(mock.calls)) == 1)


async def test_the_upstream_ends_the_session() -> None:
    """What ends a session is told over the channel before it closes."""
    async with place(limits={"session_minutes": 0.02}) as (relay, _), calling(relay) as (peer, _):
        peer.microphone.muted = True
        await peer.until(lambda: peer.is_closed)
        assert peer.told[-1]["error"]["code"] == "time_over"
        await relay.sessions.empty()


async def test_an_answer_gives_what_the_settings_advertise() -> None:
    """Behind a firewall that forwards, the answer has the address outside and a port of the range."""
    given = {**RELAY, "advertise": ["203.0.113.7"], "ports": "41000-41100"}
    async with serve_mock(pace=Pace.instant()) as mock, running(mock.url, webrtc=given) as relay, webrtc_peer() as peer:
        answer = await call(relay, offer=await peer.offer())
        candidates = [line.split() for line in answer.text.splitlines() if line.startswith("a=candidate")]
        assert {fields[4] for fields in candidates} == {"203.0.113.7"}
        assert all(41000 <= int(fields[5]) <= 41100 for fields in candidates)
        await hang_up(relay, answer)
        await relay.sessions.empty()


def test_settings_that_name_what_is_not_installed() -> None:
    """Without the extra the relay does not start, and says how to get it."""
    said = missing_engine("wrtc", lambda _: None)
    assert said is not None
    assert "pip install 'realtime-relay[webrtc]'" in said
    assert load_settings(upstream="mock").webrtc_engine is None
    assert load_settings(upstream="mock", webrtc=RELAY).webrtc_engine == "wrtc"
