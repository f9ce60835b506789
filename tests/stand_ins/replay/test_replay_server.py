"""The replay over real sockets: alone, and as the relay's upstream."""

import asyncio
import base64
import json
import math
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from relay.cli import main
from relay.config.errors import SettingsError
from relay.config.loading import load_settings
from relay.recording import Message, read_recording
from relay.stand_ins.mock import Pace, serve_mock
from relay.stand_ins.replay import ReplayOptions, serve_replay
from relay.stand_ins.serving import replay_of
from tests.fakes.recordings import Scripted
from tests.fakes.running import end_of, running

AT_ONCE = ReplayOptions(speed=math.inf)
SPEECH = base64.b64encode(bytes(range(256)) * 40).decode()


async def until(peer: ClientConnection, kind: str) -> list[str]:
    """All messages up to the first event of this type."""
    messages: list[str] = []
    while not messages or json.loads(messages[-1])["type"] != kind:
        messages.append(str(await peer.recv()))
    return messages


async def converse(peer: ClientConnection, mark: str) -> list[str]:
    """Be greeted, speak, ask in writing, delete what was asked; all that was heard. Its own ids end with the mark."""

    async def say(kind: str, **fields: object) -> None:
        await peer.send(json.dumps({"type": kind, "event_id": f"event_{mark}", **fields}))

    heard = await until(peer, "session.updated")
    await say("input_audio_buffer.append", audio=SPEECH)
    await say("input_audio_buffer.commit")
    heard += await until(peer, "conversation.item.done")
    item = {"id": f"item_{mark}", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
    await say("conversation.item.create", item=item)
    await say("response.create")
    heard += await until(peer, "rate_limits.updated")
    await say("conversation.item.delete", item_id=f"item_{mark}")
    heard += await until(peer, "conversation.item.deleted")
    await say("nonsense")
    return heard + await until(peer, "error")


async def test_a_replay_behind_the_relay_is_what_was_recorded(carrier, tmp_path) -> None:
    """A session recorded through the relay and replayed gives the next peer the same bytes, but for its own ids."""
    profiles = {"default": {"instructions": "Be kind.", "voice": "marin"}}
    async with (
        serve_mock(pace=Pace.instant()) as mock,
        running(mock.url, profiles=profiles, record_dir=tmp_path, record_all=True) as relay,
        relay.peer() as peer,
    ):
        first = await converse(peer, "first")
        await peer.close()
        await relay.sessions.empty()
    [path] = tmp_path.glob("*.jsonl")
    recorded = [line.data for line in read_recording(path).messages() if isinstance(line, Message)]
    assert [data for data in recorded if data in set(first)] == first
    async with (
        serve_replay(tmp_path, options=AT_ONCE) as replay,
        running(replay.url, profiles=profiles) as relay,
        relay.peer() as peer,
    ):
        second = await converse(peer, "second")
        assert replay.sessions[0].drifts == []
    assert second == [message.replace("_first", "_second") for message in first]
    assert any("item_second" in message for message in second)
    assert '"event_id":"event_second"' in second[-1]


async def test_a_drift_is_loud(tmp_path) -> None:
    """A peer that leaves the recording is told where, closed with 4000, and the log has the line."""
    Scripted().up({"type": "response.create"}).closed_by_peer().write(tmp_path / "a.jsonl")
    with capture_logs() as log:
        async with serve_replay(tmp_path, options=AT_ONCE) as replay, connect(replay.url, proxy=None) as peer:
            await peer.send('{"type":"response.cancel"}')
            [error], code, reason = await end_of(peer)
    assert "(a, line 2): response.create was awaited, response.cancel came" in json.loads(error)["error"]["message"]
    assert (code, reason) == (4000, "replay_drift")
    [line] = [line for line in log if line["event"] == "replay.drifted"]
    assert (line["recording"], line["line"]) == ("a", 2)


async def test_a_recording_is_chosen_by_name_or_in_turn(tmp_path) -> None:
    """A peer gets the recording that it names, or the next; an unknown name is a 404 that lists them."""
    for name in "ab":
        Scripted().down({"type": name}).closed_by_upstream(1001, "over").write(tmp_path / f"{name}.jsonl")
    async with serve_replay(tmp_path, options=AT_ONCE) as replay:
        heard = []
        for query in ("", "", "?recording=b", "?recording=b.jsonl"):
            async with connect(replay.url + query, proxy=None) as peer:
                heard += (await end_of(peer))[0]
        with pytest.raises(InvalidStatus) as refusal:
            await connect(f"{replay.url}?recording=c", proxy=None)
    assert [json.loads(message)["type"] for message in heard] == ["a", "b", "b", "b"]
    assert refusal.value.response.status_code == 404
    assert "there are a, b" in refusal.value.response.body.decode()


async def test_a_refusal_is_replayed(tmp_path) -> None:
    """Where the recorded upstream refused the handshake, the replay refuses with the same status."""
    Scripted(status=429).write(tmp_path / "a.jsonl")
    async with serve_replay(tmp_path) as replay, running(replay.url) as relay:
        with pytest.raises(InvalidStatus) as refusal:
            await relay.peer()
    assert refusal.value.response.status_code == 429


async def test_a_connection_that_broke_breaks_again(tmp_path) -> None:
    """Where the recorded upstream was lost, the replay cuts its connection off without a close."""
    Scripted().down({"type": "a"}).closed_by_upstream(1006, "").write(tmp_path / "a.jsonl")
    async with serve_replay(tmp_path, options=AT_ONCE) as replay, connect(replay.url, proxy=None) as peer:
        messages, code, _ = await end_of(peer)
    assert (len(messages), code) == (1, 1006)


async def test_the_relay_replays_by_itself(tmp_path) -> None:
    """`replay:PATH` as upstream needs nothing else to run, and gives each profile its own recordings."""
    for name in ("one", "two"):
        Scripted(profile=name).down({"type": name}).closed_by_upstream(1001, "over").write(tmp_path / f"{name}.jsonl")
    profiles: dict[str, dict[str, object]] = {"one": {}, "two": {}}
    async with running(f"replay:{tmp_path}?speed=max", profiles=profiles) as relay:
        for query, kind in [("?profile=two", "two"), ("?profile=one", "one"), ("?recording=two", "two")]:
            async with relay.peer(query) as peer:
                messages, _, _ = await end_of(peer)
            assert json.loads(messages[0])["type"] == kind


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("replay:a.jsonl", ReplayOptions(1.0, True)),
        ("replay:a.jsonl?speed=4", ReplayOptions(4.0, True)),
        ("replay:a.jsonl?speed=max&drift=log", ReplayOptions(math.inf, False)),
    ],
)
def test_how_an_upstream_replays(address, expected) -> None:
    """The address says how fast, and whether a drift ends the session."""
    assert replay_of(address) == (Path("a.jsonl"), expected)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("replay:", "is not replay:PATH"),
        ("replay:a?pace=1", "is not replay:PATH"),
        ("replay:a?drift=ignore", "is not replay:PATH"),
        ("replay:a?speed=0", "'0' is no speed"),
        ("replay:a?speed=fast", "'fast' is no speed"),
    ],
)
def test_an_address_that_cannot_be(address, why) -> None:
    """A wrong address says what it should be."""
    with pytest.raises(SettingsError, match=why):
        replay_of(address)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["replay", "nowhere.jsonl"], "nowhere.jsonl: No such file or directory"),
        (["replay", "{directory}"], "there is no recording here"),
        (["replay", "{directory}/broken"], "broken, line 1: this is not JSON"),
        (["replay", "{directory}/broken", "--speed", "0"], "'0' is no speed"),
        (["serve", "--upstream", "replay:nowhere.jsonl"], "nowhere.jsonl: No such file or directory"),
    ],
)
def test_a_replay_that_cannot_start(tmp_path, arguments, words) -> None:
    """What keeps a replay from starting is told in words, and the exit code is 2."""
    (tmp_path / "broken").write_text("?")
    result = CliRunner().invoke(main, [each.format(directory=tmp_path) for each in arguments])
    assert result.exit_code == 2
    assert words in result.output


async def test_the_command(tmp_path) -> None:
    """`relay replay FILE` says where it listens, and replays."""
    Scripted().down({"type": "a"}).closed_by_upstream(1001, "over").write(tmp_path / "a.jsonl")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "relay", "replay", str(tmp_path / "a.jsonl"), "--port", "0", "--speed", "max",
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        found = re.search(r"ws://\S+realtime", (await process.stderr.readline()).decode())
        assert found
        async with connect(found[0], proxy=None, open_timeout=None) as peer:
            assert await end_of(peer) == (['{"type": "a"}'], 1001, "over")
    finally:
        process.terminate()
        await process.communicate()


def test_settings_know_the_replay() -> None:
    """`replay:` is an upstream like any other."""
    assert load_settings(upstream="replay:somewhere").upstream == "replay:somewhere"
