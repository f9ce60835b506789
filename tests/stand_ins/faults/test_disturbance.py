"""Faults over real sockets: the mock and the replay that do wrong, and a relay before them."""

import json
from typing import Any

import pytest
from click.testing import CliRunner
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from relay.cli import main
from relay.stand_ins.faults import Disturbance, read_faults
from relay.stand_ins.mock import Pace, serve_mock
from relay.stand_ins.replay import serve_replay
from tests.fakes.recordings import Scripted
from tests.fakes.running import end_of, running

MODEL = "?model=gpt-realtime-2.1"


def disturbance(*faults: str, seed: int = 0) -> Disturbance:
    return Disturbance(read_faults(faults), seed)


@pytest.mark.parametrize(
    ("fault", "code"), [("close=4000@2", 4000), ("reset@2", 1006), ("close=4000@2,latency=1ms,jitter=1ms", 4000)]
)
async def test_a_mock_that_breaks_off(fault, code) -> None:
    """A fault ends the session in place of the message that it meets, with a close or without."""
    async with (
        serve_mock(pace=Pace.instant(), disturbance=disturbance(fault)) as mock,
        connect(mock.url + MODEL, proxy=None) as peer,
    ):
        await peer.send('{"type":"input_audio_buffer.clear"}')
        messages, got, _ = await end_of(peer)
    assert [json.loads(message)["type"] for message in messages] == ["session.created"]
    assert got == code


async def test_a_relay_before_faults() -> None:
    """What an upstream does wrong passes the relay as it is: half an event, an unknown one, one twice."""
    faults = disturbance("unknown@1", "malformed@2", "duplicate@3")
    async with (
        serve_mock(pace=Pace.instant(), disturbance=faults) as mock,
        running(mock.url) as relay,
        relay.peer() as peer,
    ):
        await peer.send('{"type":"input_audio_buffer.clear"}')
        await peer.send('{"type":"input_audio_buffer.clear"}')
        unknown, created, half, one, again = [str(await peer.recv()) for _ in range(5)]
    assert json.loads(unknown)["type"] == "fault.unknown"
    assert json.loads(created)["type"] == "session.created"
    with pytest.raises(json.JSONDecodeError):
        json.loads(half)
    assert one == again


async def test_a_mock_whose_sessions_are_short() -> None:
    """A session of the mock lasts as long as it is told, says so, and ends as the API's do; others last an hour."""
    async with serve_mock(pace=Pace.instant(), disturbance=disturbance("expire=100ms@2")) as mock:
        ends = []
        for _ in range(2):
            async with connect(mock.url + MODEL, proxy=None) as peer:
                ends.append(json.loads(await peer.recv())["session"]["expires_at"])
                if len(ends) == 2:
                    messages, code, reason = await end_of(peer)
    assert ends[0] - ends[1] > 3000
    assert [json.loads(message)["error"]["code"] for message in messages] == ["session_expired"]
    assert (code, reason) == (1001, "Your session hit the maximum duration of 0.00166667 minutes.")


HISTORY = {"id": "item_of_old", "type": "message", "role": "assistant", "content": [
    {"type": "output_text", "text": "Good evening."}]}  # fmt: skip


@pytest.mark.parametrize(("faults", "item", "is_silent"), [
    (["muted"], HISTORY, True),
    (["muted"], {**HISTORY, "role": "user", "content": [{"type": "input_text", "text": "Hi."}]}, False),
    ([], HISTORY, False),
])  # fmt: skip
async def test_a_mock_that_falls_silent(faults, item, is_silent) -> None:
    """Asked for it, the mock answers history in text as the API has done: in text, billed without audio, not a word."""
    async with (
        serve_mock(pace=Pace.instant(), disturbance=disturbance(*faults)) as mock,
        connect(mock.url + MODEL, proxy=None) as peer,
    ):
        await peer.send(json.dumps({"type": "conversation.item.create", "item": item}))
        await peer.send('{"type":"response.create"}')
        events: list[dict[str, Any]] = []
        while not events or events[-1]["type"] != "response.done":
            events.append(json.loads(await peer.recv()))
    assert [event["type"] for event in events[1:3]] == ["conversation.item.added", "conversation.item.done"]
    assert [event["item"]["id"] for event in events[1:3]] == ["item_of_old"] * 2
    response = events[-1]["response"]
    assert response["output_modalities"] == ["audio"]
    assert (response["usage"]["output_token_details"]["audio_tokens"] == 0) == is_silent
    assert response["output"][0]["content"][0]["type"] == ("output_text" if is_silent else "output_audio")
    assert any(event["type"] == "response.output_audio.delta" for event in events) != is_silent


async def test_a_handshake_that_is_refused_once() -> None:
    """The first connection gets the status, slowly; the next is let in."""
    async with serve_mock(disturbance=disturbance("status=429@1", "handshake=1ms")) as mock:
        with pytest.raises(InvalidStatus) as refusal:
            await connect(mock.url + MODEL, proxy=None)
        async with connect(mock.url + MODEL, proxy=None) as peer:
            assert json.loads(await peer.recv())["type"] == "session.created"
    assert refusal.value.response.status_code == 429


async def test_a_replay_with_faults(tmp_path) -> None:
    """A replay can do wrong as the mock can, and then still closes as it was recorded."""
    Scripted().down({"type": "a"}).down({"type": "b"}).closed_by_upstream(1001, "over").write(tmp_path / "a.jsonl")
    async with (
        serve_replay(tmp_path, disturbance=disturbance("reorder@1", "latency=5ms")) as replay,
        connect(replay.url, proxy=None) as peer,
    ):
        messages, code, reason = await end_of(peer)
    assert [json.loads(message)["type"] for message in messages] == ["b", "a"]
    assert (code, reason) == (1001, "over")


@pytest.mark.parametrize("command", [["mock"], ["replay", "."]])
def test_a_wrong_fault_lists_the_right_ones(command) -> None:
    """`--fault` with what there is not says what there is, and the exit code is 2."""
    result = CliRunner().invoke(main, [*command, "--fault", "help"])
    assert result.exit_code == 2
    assert "close=1011@12" in result.output
