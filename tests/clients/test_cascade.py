"""Real clients, unmodified, before a cascade: what they do with the API they do with services of one's own."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from relay.stand_ins.services import Call, Script, serve_services
from tests.cascade.test_serving import tables
from tests.clients import test_npm_agents, test_npm_openai, test_python_agents
from tests.clients.conftest import Place
from tests.clients.test_python_openai import Client, converse
from tests.fakes.certificate import Certificate
from tests.fakes.clients import PAGE
from tests.fakes.running import running

STORY = [f"This is sentence number {number} of a story without an end. " for number in range(400)]
SPOKEN = "Good day to you."


def thinks(messages: list[Mapping[str, Any]]) -> Iterable[str | Call]:
    """A model with as much sense as the conversation needs."""
    last = messages[-1]
    if last["role"] == "tool":
        return [f"It is {last['content']}."]
    if "weather" in last["content"]:
        return [Call("get_weather", '{"city":"Oslo"}')]
    return STORY if "story" in last["content"] else ["Good day ", "to you."]


@pytest.fixture
def serve_cascade(certificate: Certificate):
    """Serve a relay before a cascade: what `serve` does with a mock."""

    @asynccontextmanager
    async def serve() -> AsyncIterator[Place]:
        script = Script(thinks=thinks, speak_s=0.05)
        async with serve_services(script) as services:
            settings: dict[str, Any] = {
                "allowed_origins": PAGE,
                **certificate.settings,
                "cascade": tables(services.url),
            }
            async with running("cascade", **settings) as relay:
                yield Place(relay, None, certificate)  # type: ignore[arg-type] # there is no mock

    return serve


@pytest.mark.parametrize("run", test_npm_openai.EVERYWHERE)
async def test_npm_openai_package(run: Any, serve_cascade: Any, speech: Path) -> None:
    """The npm package `openai`: speak and hear, interrupt and cut, have a function called, read text, err, hang up."""
    async with serve_cascade() as place:
        report = await run("converse", place, speech)
    assert report["spoken"].pop("bytes") > 24_000
    assert report == {
        "first": "session.created",
        "voice": "marin",
        "spoken": {"status": "completed", "transcript": SPOKEN},
        "interrupted": {"why": "turn_detected", "ms": 100, "then": "completed"},
        "called": {"given": '{"city":"Oslo"}', "text": "It is sunny."},
        "error": {"code": "invalid_value", "event_id": "mine"},
        "end": {"code": 1000, "reason": ""},
    }


CONVERSATION = {
    "model": "gpt-realtime-2.1-mini",
    "instructions": "Be brief.",
    "voice": "marin",
    "tools": ["get_weather"],
    "spoken": SPOKEN,
    "why": "turn_detected",
    "cut": "conversation.item.truncated",
    "interruptions": 1,
    "then": SPOKEN,
    "told": "It is sunny.",
    "asked": ["Oslo"],
    "text": SPOKEN,
    "earlierErrors": [],
    "history": [*["user", "assistant"] * 3, "user", "function_call", "assistant", "user", "assistant"],
}


@pytest.mark.parametrize("run", test_npm_agents.EVERYWHERE)
async def test_npm_agents_package(run: Any, serve_cascade: Any, speech: Path) -> None:
    """The npm package `@openai/agents-realtime`: an agent with a tool, that is interrupted, writes, errs, hangs up."""
    async with serve_cascade() as place:
        report = await run("converse", place.url, place, speech)
    assert report.pop("bytes") > 24_000
    assert report == {**CONVERSATION, "errors": ["invalid_value"], "error": "mine", "end": "disconnected"}


async def test_python_agents_package(serve_cascade: Any, speech: Path) -> None:
    """The Python package `openai-agents`: the same."""
    async with serve_cascade() as place:
        report = await test_python_agents.run("converse", place, speech)
    assert report.pop("bytes") > 24_000
    assert report == {**CONVERSATION, "error": "response_cancel_not_active"}


async def test_python_openai_package(
    serve_cascade: Any, speech: Path, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Python package `openai`: speak and hear, interrupt and cut, have a function called, and read text."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    said = await asyncio.to_thread(speech.read_bytes)
    async with serve_cascade() as place, Client.connected(place) as client:
        heard, told = await converse(client, said)
        assert len(heard) > 24_000
        assert told == "It is sunny."
    await asyncio.wait_for(place.relay.sessions.empty(), None)
