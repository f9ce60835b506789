"""The npm package `@openai/agents-realtime` as the peer, unmodified, in Node and in Chromium."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from relay.stand_ins.mock.voice import clips
from tests.clients.conftest import Place
from tests.fakes.browser import clip, hearing, silence, write_wav
from tests.fakes.clients import blank_page, in_base64, run_client

HERE = Path(__file__).parent
Run = Callable[..., Awaitable[Any]]


async def in_node(what: str, url: str, place: Place, speech: Path, key: str = "sk-unused") -> Any:
    command = ("node", HERE / "agents-node.js", what, url, key, speech)
    return await run_client(*command, NODE_EXTRA_CA_CERTS=str(place.certificate.authority))


async def in_chromium(what: str, url: str, place: Place, speech: Path, key: str = "ek_unused") -> Any:
    run = "async ([what, ...given]) => (await import('/tests/clients/agents-conversation.js'))[what](...given)"
    async with blank_page() as page:
        return await page.evaluate(run, [what, url, key, in_base64(speech)])


EVERYWHERE = [in_node, pytest.param(in_chromium, marks=pytest.mark.browser)]


@pytest.mark.parametrize("run", EVERYWHERE)
async def test_a_whole_conversation(run: Run, serve, speech) -> None:
    """An agent speaks and hears, is interrupted, cuts its answer, calls its tool, writes, errs, hangs up.

    Its address names no model, so the one that the agent's session was made for is dialled.
    """
    async with serve() as place:
        report = await run("converse", place.url, place, speech)
    first, second, told = clips()["answer-1"], clips()["answer-2"], clips()["tool"]
    assert report == {
        "model": "gpt-realtime-2.1-mini",
        "instructions": "Be brief.",
        "voice": "marin",
        "tools": ["get_weather"],
        "spoken": first.words,
        "bytes": len(first.pcm),
        "why": "turn_detected",
        "cut": "conversation.item.truncated",
        "interruptions": 1,
        "then": second.words,
        "told": f"{told.words} [sunny]",
        "asked": ["Oslo"],
        "text": clips()["greeting"].words,
        "earlierErrors": [],
        "errors": ["invalid_value"],
        "error": "mine",
        "history": [*["user", "assistant"] * 3, "user", "function_call", "assistant", "user", "assistant"],
        "end": "disconnected",
    }
    assert place.relay.ended_by("peer_closed") == 1


@pytest.mark.parametrize("run", EVERYWHERE)
async def test_another_model_than_the_relays(run: Run, serve, speech) -> None:
    """Where the operator's profile names the model, that is dialled, and what else the agent says of itself counts."""
    async with serve(profiles={"default": {"model": "gpt-realtime-2.1"}}) as place:
        report = await run("converse", place.url, place, speech)
    assert (report["model"], report["tools"]) == ("gpt-realtime-2.1", ["get_weather"])
    assert report["earlierErrors"] == []


@pytest.mark.parametrize("run", EVERYWHERE)
async def test_a_refusal_after_the_handshake(run: Run, serve, speech) -> None:
    """The API's own error event reaches the agent's session, and then it is disconnected."""
    async with serve(mock_key="sk-another") as place:
        assert await run("beRefused", f"{place.url}?model=gpt-realtime-2.1", place, speech) == ["invalid_api_key"]


@pytest.mark.parametrize(
    ("run", "told"),
    [(in_node, "401"), pytest.param(in_chromium, "credentials_refused", marks=pytest.mark.browser)],
)
async def test_a_refusal_of_the_relays_own(run: Run, told, serve, speech) -> None:
    """Node is told by an HTTP status, a page by an error event."""
    async with serve(tokens="one-that-is-long-enough") as place:
        [error] = await run("beRefused", place.url, place, speech, "sk-unknown")
    assert told in error


@pytest.mark.browser
async def test_a_call_that_the_relay_answers(serve, tmp_path: Path) -> None:
    """By WebRTC the agent's microphone is heard and its element sounds; it interrupts, calls its tool, hangs up."""
    write_wav(tmp_path / "speech.wav", np.concatenate([silence(1.5), clip("answer-2"), silence(120)]))
    microphone = ("--use-fake-ui-for-media-stream", *hearing(tmp_path / "speech.wav"))
    run = "async (given) => (await import('/tests/clients/agents-call.js')).call(...given)"
    async with serve(tls=False, webrtc={"calls": "relay"}) as place, blank_page(*microphone) as page:
        report = await page.evaluate(run, [f"http://127.0.0.1:{place.relay.port}/v1/realtime/calls", "ek_unused"])
        await place.relay.sessions.empty()
    assert report.pop("callId").startswith("rtc_")
    assert report == {
        "instructions": "Be brief.",
        "tools": ["get_weather"],
        "spoken": clips()["answer-1"].words,
        "sounds": True,
        "cleared": True,
        "cut": "conversation.item.truncated",
        "told": f"{clips()['tool'].words} [sunny]",
        "asked": ["Oslo"],
        "deltas": 0,
        "errors": [],
    }
