"""Sessions recorded by a relay that is served."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.server import ServerConnection

from relay.config.errors import SettingsError
from relay.config.loading import load_settings
from relay.core.redaction import Secrets
from relay.recording import Cut, End, Message, Recording, Side, read_recording
from relay.recording.buffer import Limits
from relay.recording.recorder import Recorder
from relay.recording.recordings import Recordings
from tests.fakes.running import Running, end_of, running
from tests.fakes.upstream import scripted_upstream

KEY = "sk-sentinel-51d0"


def the_recording(directory: Path) -> Recording:
    [path] = directory.glob("*.jsonl")
    return read_recording(path)


def told(recording: Recording) -> list[tuple[str, str, int, bool]]:
    """Direction, event type, gate and whether the relay said it, message by message."""
    messages = [line for line in recording.messages() if isinstance(line, Message)]
    return [(line.direction, json.loads(line.data)["type"], line.after, line.by_relay) for line in messages]


def says(*answers: str) -> Any:
    """An upstream that greets, answers each message with the next of these, then leaves with 1001."""

    async def script(connection: ServerConnection) -> None:
        await connection.send('{"type":"session.created"}')
        for answer in answers:
            await connection.recv()
            await connection.send(json.dumps({"type": answer}))
        await connection.close(1001, "The hour is over.")

    return script


async def talk(relay: Running, events: Sequence[str], query: str = "") -> tuple[int | None, str | None]:
    async with relay.peer(query) as peer:
        for kind in events:
            await peer.send(json.dumps({"type": kind}))
        _, code, reason = await end_of(peer)
        return code, reason


async def test_a_session_on_disk(carrier, tmp_path) -> None:
    """What the relay injects, what the peer says and what the upstream says are recorded in order, with the end."""
    profiles = {"default": {"instructions": "Be kind."}}
    async with (
        scripted_upstream(says("session.updated", "a.answer")) as upstream,
        running(upstream.url, record_dir=tmp_path, record_all=True, profiles=profiles) as relay,
    ):
        await talk(relay, ["a.question"])
    recording = the_recording(tmp_path)
    assert (recording.header.profile, recording.header.model) == ("default", "gpt-realtime-2.1")
    up = [entry for entry in told(recording) if entry[0] == "up"]
    down = [entry[1] for entry in told(recording) if entry[0] == "down"]
    assert up == [("up", "session.update", 0, True), ("up", "a.question", 0, False)]
    assert down == ["session.created", "session.updated", "a.answer"]
    assert told(recording)[-1] == ("down", "a.answer", 1, False)
    *_, end = recording.messages()
    hour = "The hour is over."
    assert isinstance(end, End)
    assert (end.cause, end.after) == ("upstream_closed", 1)
    assert (end.peer, end.upstream) == (Side(1001, hour, "relay"), Side(1001, hour, "upstream"))


async def test_a_peer_that_leaves(carrier, tmp_path) -> None:
    """The peer's own code and reason are recorded, and what the upstream was told."""
    async with (
        scripted_upstream() as upstream,
        running(upstream.url, record_dir=tmp_path, record_all=True) as relay,
        relay.peer() as peer,
    ):
        await peer.close(4001, "enough")
        await relay.sessions.empty()
    *_, end = the_recording(tmp_path).messages()
    assert isinstance(end, End)
    assert (end.peer, end.upstream) == (Side(4001, "enough", "peer"), Side(4001, "enough", "relay"))


async def test_a_profile_says_what_is_recorded(tmp_path) -> None:
    """A profile's `record` wins over `record_all`, and says what is left out."""
    profiles = {
        "private": {"record": False},
        "discreet": {"record": {"audio": "hash", "instructions": "redacted"}, "instructions": "Secret sauce."},
    }
    async with (
        scripted_upstream(says("x")) as upstream,
        running(upstream.url, record_dir=tmp_path, record_all=True, profiles=profiles) as relay,
    ):
        await talk(relay, ["a"], "?profile=private")
        await talk(relay, [], "?profile=discreet")
    recording = the_recording(tmp_path)
    header = recording.header
    assert (header.profile, header.audio, header.instructions) == ("discreet", "hash", "redacted")
    assert "Secret sauce" not in recording.path.read_text()


async def test_no_key_is_in_a_recording(tmp_path) -> None:
    """An upstream that quotes the key, and a peer that offers one as its subprotocol: the recording has neither."""

    async def quote(connection: ServerConnection) -> None:
        await connection.send(json.dumps({"type": "error", "error": {"message": KEY}}))
        await connection.close(3000, f"invalid {KEY}")

    async with (
        scripted_upstream(quote) as upstream,
        running(upstream.url, record_dir=tmp_path, record_all=True, OPENAI_API_KEY=KEY) as relay,
        relay.peer(subprotocols=[f"openai-insecure-api-key.{KEY}-2"]) as peer,
    ):
        await end_of(peer)
        await relay.sessions.empty()
    content = the_recording(tmp_path).path.read_text()
    assert "[redacted]" in content
    assert KEY not in content


async def test_a_file_that_cannot_be_written_breaks_no_call(tmp_path) -> None:
    """Without a place for its file a session goes on; a metric and one line in the log tell."""
    place = tmp_path / "recordings"
    with capture_logs() as log:
        async with (
            scripted_upstream(says("x", "y")) as upstream,
            running(upstream.url, record_dir=place, record_all=True) as relay,
        ):
            place.rmdir()
            place.write_text("something in the way")
            assert await talk(relay, ["a", "b"]) == (1001, "The hour is over.")
            metrics = relay.metrics.registry
        failed = metrics.get_sample_value("relay_recordings_failed_total", {"reason": "unwritable"})
    assert failed == 1
    [line] = [line for line in log if line["event"] == "recording.failed"]
    assert (line["reason"], line["why"]) == ("unwritable", "File exists")


@pytest.fixture
def recordings(tmp_path) -> Iterator[Recordings]:
    recordings = Recordings(
        tmp_path, True, Limits(1 << 20, 60.0), Secrets([]), on_failed=lambda *failure: pytest.fail(str(failure))
    )
    yield recordings
    recordings.close()


def begun(recordings: Recordings) -> Recorder:
    recorder = recordings.begin("s1", None, model=None, profile="default")
    assert recorder is not None
    recorder.sent_up('{"type":"a"}', monotonic())
    return recorder


def test_a_session_that_is_cut_off(recordings, tmp_path) -> None:
    """A session that has no end leaves a file without one, which can be read."""
    begun(recordings).abandon()
    recordings.close()
    message, last = the_recording(tmp_path).messages()
    assert isinstance(message, Message)
    assert last == Cut(3)


def test_a_process_that_ends(recordings, tmp_path) -> None:
    """When the process ends, what was recorded of open sessions is on the disk."""
    begun(recordings)
    recordings.close()
    message, last = the_recording(tmp_path).messages()
    assert isinstance(message, Message)
    assert last == Cut(3)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"record_all": True}, "record_all: there is no record_dir"),
        ({"profiles": {"a": {"record": True}}}, r"profiles\.a\.record: there is no record_dir"),
        ({"profiles": {"a": {"record": "yes"}}}, r"profiles\.a\.record: must be true, false, or a table"),
        ({"profiles": {"a": {"record": {"audio": "no"}}}}, r"profiles\.a\.record\.audio: must be full or hash"),
        ({"profiles": {"a": {"record": {"sound": 1}}}}, r"profiles\.a\.record\.sound: there is no such field"),
    ],
)
def test_settings_that_cannot_be(given, why) -> None:
    """A options that cannot be met stops the start and says what is missing."""
    with pytest.raises(SettingsError, match=why):
        load_settings(**given)
