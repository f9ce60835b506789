"""A relay whose upstream is a cascade, over real sockets, before services that are scripted."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from relay.cascade.serving import check_cascade, serve_cascade
from relay.checking.check import Found
from relay.checking.endpoint import Endpoint
from relay.checking.run import CHECKS, run_checks
from relay.config.errors import SettingsError
from relay.config.loading import load_settings
from relay.stand_ins.services import Script, ScriptedServices, serve_services
from tests.fakes.cascade import silence, word
from tests.fakes.running import Running, running
from tests.stand_ins.mock.conformance import conforms

FRAME_BYTES = 20 * 48


def tables(url: str, **stages: Any) -> dict[str, Any]:
    """A cascade of the services at this address."""
    services = {stage: {"url": url, "model": f"a-{stage}"} for stage in ("hear", "think", "speak")}
    return {"turn": {"ear": "energy"}, **{stage: {**services[stage], **stages.get(stage, {})} for stage in services}}


@asynccontextmanager
async def cascade(script: Script | None = None, **given: Any) -> AsyncIterator[tuple[Running, ScriptedServices]]:
    """A relay, and the services behind it."""
    async with serve_services(script) as services, running("cascade", cascade=tables(services.url), **given) as relay:
        yield relay, services


class Peer:
    """Speaks, and reads up to what it waits for. Every event is checked."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.events: list[dict[str, Any]] = []

    async def send(self, kind: str, **fields: Any) -> None:
        await self._connection.send(orjson.dumps({"type": kind, **fields}).decode())

    async def speak(self, *pcm: bytes) -> None:
        """All of it at once: a turn ends by its sound, not by the time that it takes."""
        whole = b"".join(pcm)
        for start in range(0, len(whole), FRAME_BYTES):
            await self.send("input_audio_buffer.append", audio=b64encode(whole[start : start + FRAME_BYTES]).decode())

    async def until(self, kind: str) -> dict[str, Any]:
        """The next event of this type."""
        while True:
            event: dict[str, Any] = orjson.loads(await self._connection.recv())
            self.events.append(event)
            if not event["type"].startswith("relay.") and event["type"] != "response.done":
                conforms({**event, "usage": _without_model(event["usage"])} if "usage" in event else event)
            if event["type"] == kind:
                return event


def _without_model(usage: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in usage.items() if name != "model"}


async def test_a_spoken_turn() -> None:
    """A peer speaks, and gets the answer of its services, said; the services got what they need."""
    async with cascade() as (relay, services), relay.peer("?model=any") as connection:
        peer = Peer(connection)
        transcription = {"transcription": {"model": "whisper-1", "language": "en"}}
        await peer.send("session.update", session={"type": "realtime", "audio": {"input": transcription}})
        await peer.speak(word(1, 600), silence(1000))
        done = (await peer.until("response.done"))["response"]
        (transcript,) = [event for event in peer.events if event["type"].endswith("transcription.completed")]
        heard, thought, said = (services.asked_of(stage)[-1].fields for stage in ("hear", "think", "speak"))
    assert (transcript["transcript"], heard["language"]) == ("Hello there.", "en")
    assert thought["messages"][-1] == {"role": "user", "content": "Hello there."}
    assert done["output"][0]["content"][0]["transcript"] == "You said: Hello there. I have nothing to add."
    assert said["voice"] == "alloy"
    assert done["usage"]["stages"]["think"]["model"] == "a-think"


async def test_the_stages_are_told_and_counted() -> None:
    """A peer that asked gets relay.stages behind each answer; another does not; the metrics have both."""
    async with cascade() as (relay, _):
        for query in ("?model=any&relay_events=1", "?model=any"):
            async with relay.peer(query) as connection:
                peer = Peer(connection)
                await peer.speak(word(1, 600), silence(1000))
                await peer.until("response.done")
                await peer.send("session.update", session={"type": "realtime", "instructions": "Be brief."})
                await peer.until("session.updated")
                stages = [event for event in peer.events if event["type"] == "relay.stages"]
            assert len(stages) == (1 if "relay_events" in query else 0)
            for told in stages:
                assert set(told["times"]) == {"turn_ms", "hear_ms", "think_ms", "speak_ms", "total_ms"}
                assert told["event_id"].startswith("relay_")
        value = relay.metrics.registry.get_sample_value
        assert value("relay_stage_seconds_count", {"stage": "total"}) == 2
        assert value("relay_stage_seconds_count", {"stage": "think"}) == 2


@pytest.mark.parametrize(
    ("stage", "code"), [("hear", "transcription_failed"), ("think", "model_failed"), ("speak", "speech_failed")]
)
async def test_a_service_that_fails(stage: Any, code: str) -> None:
    """A failing service fails its response with a code that names it, is counted, and leaves the session alive."""
    async with cascade() as (relay, services), relay.peer("?model=any") as connection:
        services.fault(stage, status=401)
        peer = Peer(connection)
        await peer.speak(word(1, 600), silence(1000))
        done = (await peer.until("response.done"))["response"]
        assert (done["status"], done["status_details"]["error"]["code"]) == ("failed", code)
        value = relay.metrics.registry.get_sample_value
        assert (value("relay_stage_failures_total", {"stage": stage, "fault": "refused"}) or 0) >= 1
        await peer.speak(word(2, 600), silence(1000))
        assert (await peer.until("response.done"))["response"]["status"] == "completed"


async def test_a_failure_is_logged_with_its_session() -> None:
    """The line of a failing service says of which session of the cascade it is, and nothing of what was said."""
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as log:
        async with cascade() as (relay, services), relay.peer("?model=any") as connection:
            services.fault("hear", status=400)
            peer = Peer(connection)
            created = await peer.until("session.created")
            await peer.speak(word(1, 600), silence(1000))
            await peer.until("response.done")
    (line,) = [line for line in log if line["event"] == "cascade.stage_failed"]
    assert line["upstream_session_id"] == created["session"]["id"]
    assert (line["stage"], line["fault"], line["had_begun"]) == ("hear", "refused", False)
    assert "Hello" not in str(line)


async def test_a_profile_has_services_of_its_own() -> None:
    """A profile's cascade is laid over the settings': here it asks for another voice."""
    own: dict[str, Any] = {"profiles": {"de": {"cascade": {"speak": {"voices": {"*": "anna"}}}}}}
    async with cascade(**own) as (relay, services):
        for query in ("?model=any", "?model=any&profile=de"):
            async with relay.peer(query) as connection:
                peer = Peer(connection)
                await peer.speak(word(1, 600), silence(1000))
                await peer.until("response.done")
        assert {asked.fields["voice"] for asked in services.asked_of("speak")} == {"alloy", "anna"}


async def test_a_transcription_session() -> None:
    """With intent=transcription turns are written down and not answered."""
    async with cascade() as (relay, services), relay.peer("?intent=transcription") as connection:
        peer = Peer(connection)
        session = {"type": "transcription", "audio": {"input": {"transcription": {"model": "any"}}}}
        await peer.send("session.update", session=session)
        await peer.speak(word(1, 600), silence(1000))
        completed = await peer.until("conversation.item.input_audio_transcription.completed")
        assert completed["transcript"] == "Hello there."
        assert services.asked_of("think") == []


async def test_a_peer_that_leaves() -> None:
    """When a peer leaves in the middle of an answer, whoever was being asked is left, too."""
    async with cascade() as (relay, services), relay.peer("?model=any") as connection:
        services.fault("think", hangs_after=3)
        peer = Peer(connection)
        await peer.send("session.update", session={"type": "realtime", "output_modalities": ["text"]})
        await peer.speak(word(1, 600), silence(1000))
        await peer.until("response.output_text.delta")
        await connection.close()
        await services.until_abandoned()


async def test_the_socket_is_the_relays_own() -> None:
    """Whoever finds the port of a cascade on this machine is refused: its services cost money."""
    settings = load_settings(upstream="cascade", cascade=tables("http://127.0.0.1:9/v1"))
    async with serve_cascade(settings) as (_, server):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(server.url + "?profile=default", proxy=None):
                pass
    assert refused.value.response.status_code == 401


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra a cascade is refused at start, with the line that installs it."""
    settings = load_settings(upstream="cascade", cascade=tables("http://127.0.0.1:9/v1"))
    check_cascade(settings)
    monkeypatch.setitem(__import__("sys").modules, "sentencex", None)
    with pytest.raises(SettingsError, match=r"pip install 'realtime-relay\[cascade\]'"):
        check_cascade(settings)


def test_smart_turn_is_tried_at_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A Smart Turn that is none, or for which the extra is missing, keeps the relay from starting, with a sentence."""
    file = tmp_path / "smart-turn.onnx"
    file.write_bytes(b"none")
    given = {**tables("http://127.0.0.1:9/v1"), "turn": {"ear": "energy", "smart_turn": str(file)}}
    settings = load_settings(upstream="cascade", cascade=given)
    with pytest.raises(SettingsError, match=r"cascade\.turn\.smart_turn: .* holds no ONNX model"):
        check_cascade(settings)
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(SettingsError, match=r"pip install 'realtime-relay\[smart-turn\]'"):
        check_cascade(settings)


async def test_many_at_once() -> None:
    """Sessions do not wait for each other."""
    async with cascade() as (relay, _):

        async def talk() -> str:
            async with relay.peer("?model=any") as connection:
                peer = Peer(connection)
                await peer.speak(word(1, 600), silence(1000))
                return str((await peer.until("response.done"))["response"]["status"])

        assert await asyncio.gather(*(talk() for _ in range(8))) == ["completed"] * 8


async def test_relay_check_passes() -> None:
    """Whatever `relay check` finds at a relay with a Realtime upstream, it finds at one with a cascade."""
    token = "rt_the-token-of-this-test-0123"
    async with cascade(tokens=token) as (relay, _):
        endpoint = Endpoint(relay.url + "?model=any", token=token, costly=True)
        found = {verdict.name: verdict async for verdict in run_checks(endpoint, list(CHECKS), 120.0)}
    assert {name: verdict.reason for name, verdict in found.items() if verdict.found is Found.FAIL} == {}
    assert {name for name, verdict in found.items() if verdict.found is Found.PASS} >= {
        "answer",
        "order",
        "slow-reader",
    }
