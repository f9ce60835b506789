"""Sessions that outlive their upstream, over real sockets, whoever carries them."""

import asyncio
import contextlib
import gc
import json
import weakref
from collections import Counter

import pytest
from websockets.exceptions import ConnectionClosed

from relay.legs.successive import MOST_LOSSES
from relay.recording import Message, read_recording
from relay.stand_ins.faults import Disturbance, read_faults
from relay.stand_ins.mock.pace import Pace
from relay.stand_ins.mock.server import serve_mock
from relay.stand_ins.replay import ReplayOptions, serve_replay
from tests.fakes.running import end_of, running
from tests.fakes.talk import AtFirst, Talker

BRISK = Pace(latency_s=0.05, speedup=8, transcription_s=0.05)
HEARING = {"audio": {"input": {"transcription": {"model": "gpt-realtime-whisper"}}}}
SURVIVES = {"default": {"survive": True, "instructions": "Be kind.", **HEARING}}


def successions(relay, reason: str, outcome: str = "succeeded") -> float:
    labels = {"reason": reason, "outcome": outcome}
    return relay.metrics.registry.get_sample_value("relay_upstream_successions_total", labels) or 0.0


@pytest.mark.parametrize("carrier", ["fast", "python", "portable"])
async def test_a_talk_that_outlives_its_sessions(carrier) -> None:
    """A talk over sessions of six seconds is one session for its peer: nothing is lost, nothing comes twice."""
    async with (
        serve_mock(pace=BRISK, session_seconds=6, record_s=30) as mock,
        running(mock.url, profiles=SURVIVES, carrier=carrier) as relay,
        relay.peer("?relay_events=1") as peer,
    ):
        talker = Talker(peer, said_s=0.4, silent_s=0.6)
        await talker.talk(6.5)
        talker.check_down()
        assert (talker.counts["error"], peer.close_code) == (0, None)
        assert successions(relay, "expiry") == talker.counts["relay.upstream_succeeded"] >= 1
        await mock.wait_until(lambda mock: bytes(mock.sessions[-1].heard)[-4800:] == talker.sent[-4800:])
        talker.check_up(mock)
        starts = [event["audio_start_ms"] % 1000 for event in talker.of("input_audio_buffer.speech_started")[1:]]
        assert (len(starts) >= 4, max(starts) - min(starts) <= 100) == (True, True), starts
        last = mock.sessions[-1]
        assert last.realtime["instructions"] == "Be kind."
        assert last.realtime.hearing["transcription"]["model"] == "gpt-realtime-whisper"
        assert [item.role for item in last.conversation][:2] == ["user", "assistant"]


async def until(talker: Talker, peer, kind: str) -> None:
    """Hear until the next event of this type."""
    count = talker.counts[kind]
    while talker.counts[kind] == count:
        talker.heard(json.loads(await peer.recv()))


@pytest.mark.parametrize("carrier", ["fast", "portable"])
@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("reset@1", "completed"),  # before the session has begun
        ("reset@3", "completed"),  # before the answer has
        ("reset@8", "failed"),
        ("close=1012@8", "failed"),
    ],
)
async def test_an_upstream_that_is_lost(carrier, fault, status) -> None:
    """A session goes on when its upstream is lost: a request is asked again, and an answer that was cut has failed."""
    async with (
        serve_mock(pace=Pace.instant(), disturbance=AtFirst(fault)) as mock,
        running(mock.url, profiles=SURVIVES, carrier=carrier) as relay,
        relay.peer() as peer,
    ):
        talker = Talker(peer)
        for expected in (status, "completed"):
            await peer.send('{"type":"response.create"}')
            await until(talker, peer, "response.done")
            assert talker.of("response.done")[-1]["response"]["status"] == expected
        talker.check_down()
        assert talker.counts["session.updated"] == 1
        assert (successions(relay, "loss"), len(mock.sessions)) == (1, 2)


@pytest.mark.parametrize(
    ("faults", "code"),
    [(["close=4000@8"], 4000), (["close=1012@8", "status=503@2", "status=503@3", "status=503@4"], 1012),
     (["close=1012@8", "status=401@2"], 1012)],
)  # fmt: skip
async def test_an_upstream_that_is_not_to_be_had_again(faults, code) -> None:
    """After a refusal, three dials in vain, or one that is refused for good, the session ends as without all this."""
    async with (
        serve_mock(pace=Pace.instant(), disturbance=AtFirst(*faults)) as mock,
        running(mock.url, profiles=SURVIVES) as relay,
        relay.peer() as peer,
    ):
        await peer.send('{"type":"response.create"}')
        _, got, _ = await end_of(peer)
        await relay.sessions.empty()
        assert (got, relay.ended_by("upstream_closed")) == (code, 1)
        assert successions(relay, "loss", "failed") == (code == 1012)


async def test_an_interruption_of_what_the_old_upstream_said() -> None:
    """An answer that the upstream has as text is cut by its words; the peer is told as if by its sound."""
    async with (
        serve_mock(pace=Pace.instant(), disturbance=AtFirst("reset@200")) as mock,
        running(mock.url, profiles=SURVIVES) as relay,
        relay.peer() as peer,
    ):
        talker = Talker(peer)
        items = []
        while len(mock.sessions) < 2:
            await peer.send('{"type":"response.create"}')
            await until(talker, peer, "response.done")
            items.append(talker.of("response.output_item.added")[-1]["item"]["id"])
        cut = {"item_id": items[0], "content_index": 0, "audio_end_ms": 900}
        await peer.send(json.dumps({"type": "conversation.item.truncate", **cut}))
        await until(talker, peer, "conversation.item.truncated")
        await peer.send('{"type":"response.create"}')
        await until(talker, peer, "response.done")
        assert talker.counts["error"] == talker.counts["conversation.item.deleted"] == 0
        said = {item.id: item.words for item in mock.sessions[-1].conversation}
        assert list(said)[: len(items) - 1] == items[:-1]
        whole = next(e for e in talker.of("response.output_item.done") if e["item"]["id"] == items[0])["item"]
        assert whole["content"][0]["transcript"].startswith(said[items[0]])
        assert 0 < len(said[items[0]]) < len(whole["content"][0]["transcript"])


async def test_an_upstream_that_is_lost_again_and_again() -> None:
    """An upstream that is lost again and again is given up."""
    async with (
        serve_mock(pace=Pace.instant(), disturbance=Disturbance(read_faults(["reset@8"]))) as mock,
        running(mock.url, profiles=SURVIVES) as relay,
        relay.peer() as peer,
    ):
        talker = Talker(peer)
        with contextlib.suppress(ConnectionClosed):
            while True:
                await peer.send('{"type":"response.create"}')
                await until(talker, peer, "response.done")
        assert (peer.close_code, len(mock.sessions)) == (1011, MOST_LOSSES + 1)
        assert talker.events[-1]["error"]["code"] == "upstream_lost"


async def test_a_recording_of_three_upstreams_is_one_stream(tmp_path) -> None:
    """What is recorded of a session with three upstreams is what its peer saw, and replays without a drift."""
    async with (
        serve_mock(pace=Pace.instant(), disturbance=AtFirst("reset@60", times=2)) as mock,
        running(mock.url, profiles=SURVIVES, record_dir=tmp_path, record_all=True) as relay,
        relay.peer() as peer,
    ):
        talker = Talker(peer)
        while len(mock.sessions) < 3:
            await peer.send('{"type":"response.create"}')
            await until(talker, peer, "response.done")
        await peer.close()
        await relay.sessions.empty()
    [path] = tmp_path.glob("*.jsonl")
    recorded = [json.loads(line.data) for line in read_recording(path).messages() if isinstance(line, Message)]
    down = [event["event_id"] for event in recorded if event["type"] in talker.counts and "event_id" in event]
    assert [each for each in down if each in talker.ids] == talker.ids
    assert Counter(event["type"] for event in recorded)["session.created"] == 1
    async with (
        serve_replay(tmp_path, options=ReplayOptions(speed=float("inf"))) as replay,
        running(replay.url, profiles=SURVIVES) as relay,
        relay.peer() as peer,
    ):
        again = Talker(peer)
        for _ in range(talker.counts["response.done"]):
            await peer.send('{"type":"response.create"}')
            await until(again, peer, "response.done")
        assert (again.counts, replay.sessions[0].drifts) == (talker.counts, [])


async def test_nothing_of_a_session_that_survived_stays() -> None:
    """A session that had two upstreams leaves nothing for the garbage collector to find."""
    gc.collect()
    gc.disable()
    try:
        async with (
            serve_mock(pace=Pace.instant(), disturbance=AtFirst("reset@8")) as mock,
            running(mock.url, profiles=SURVIVES) as relay,
        ):
            async with relay.peer() as peer:
                talker = Talker(peer)
                await peer.send('{"type":"response.create"}')
                await until(talker, peer, "response.done")
                [session] = relay.sessions.active_sessions
                left = weakref.ref(session)
                del session
            await relay.sessions.empty()
            while left() is not None:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0)
    finally:
        gc.enable()


async def test_answers_in_silence_are_noticed() -> None:
    """Where an upstream falls silent after items, that is counted, and successors are told the talk as instructions."""
    async with (
        serve_mock(pace=Pace.instant(), disturbance=Muted("reset@60")) as mock,
        running(mock.url, profiles=SURVIVES) as relay,
        relay.peer() as peer,
    ):
        talker = Talker(peer)
        while len(mock.sessions) < 3:
            await peer.send('{"type":"response.create"}')
            await until(talker, peer, "response.done")
        assert relay.metrics.registry.get_sample_value("relay_muted_responses_total") != 0
        last = mock.sessions[-1]
        assert last.realtime["instructions"].startswith("Be kind.\n\nThe conversation so far")
        await peer.send('{"type":"response.create"}')
        await until(talker, peer, "response.done")
        assert talker.of("response.done")[-1]["response"]["output"][0]["content"][0]["type"] == "output_audio"
        talker.check_down()


class Muted(AtFirst):
    """Sessions that fall silent, of which the first two are cut off."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault, times=2)

    def of_next_session(self) -> dict[str, float]:
        return {"muted": 0.0}
