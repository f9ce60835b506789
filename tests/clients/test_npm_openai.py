"""The npm package `openai` as the peer, unmodified, in Node and in Chromium. It dials nothing but TLS."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from relay.stand_ins.mock.voice import clips
from tests.clients.conftest import Place, RestartOnRequest
from tests.fakes.clients import blank_page, in_base64, run_client

HERE = Path(__file__).parent
Run = Callable[..., Awaitable[Any]]


async def in_node(what: str, place: Place, speech: Path, key: str = "sk-unused") -> Any:
    command = ("node", HERE / "openai-node.js", what, place.base_url, key, speech)
    return await run_client(*command, NODE_EXTRA_CA_CERTS=str(place.certificate.authority))


async def in_chromium(what: str, place: Place, speech: Path, key: str = "ek_unused") -> Any:
    run = "async (given) => (await import('/tests/clients/openai-browser.js')).run(given)"
    async with blank_page() as page:
        return await page.evaluate(run, [what, place.base_url, key, in_base64(speech)])


EVERYWHERE = [in_node, pytest.param(in_chromium, marks=pytest.mark.browser)]


@pytest.mark.parametrize("run", EVERYWHERE)
async def test_a_whole_conversation(run: Run, serve, speech) -> None:
    """Speak and hear, interrupt and cut what was not heard, have a function called, read text, err, and hang up."""
    async with serve() as place:
        report = await run("converse", place, speech)
    spoken = clips()["answer-1"]
    assert report == {
        "first": "session.created",
        "voice": "marin",
        "spoken": {"status": "completed", "bytes": len(spoken.pcm), "transcript": spoken.words},
        "interrupted": {"why": "turn_detected", "ms": 100, "then": "completed"},
        "called": {"given": '{"city":"Oslo"}', "text": f"{clips()['tool'].words} [sunny]"},
        "error": {"code": "invalid_value", "event_id": "mine"},
        "end": {"code": 1000, "reason": ""},
    }
    assert place.relay.ended_by("peer_closed") == 1


@pytest.mark.parametrize("run", EVERYWHERE)
async def test_a_refusal_after_the_handshake(run: Run, serve, speech) -> None:
    """The API refuses a key after the upgrade: its own error event and its own close code reach the client."""
    async with serve(mock_key="sk-another") as place:
        report = await run("beRefused", place, speech)
    end = {"code": 3000, "reason": "invalid_request_error.invalid_api_key"}
    assert report == {"errors": ["invalid_api_key"], "end": end}


@pytest.mark.parametrize(
    ("run", "errors", "code"),
    [
        (in_node, ["Unexpected server response: 401"], 1006),
        pytest.param(in_chromium, ["credentials_refused"], 3000, marks=pytest.mark.browser),
    ],
)
async def test_a_refusal_of_the_relays_own(run: Run, errors, code, serve, speech) -> None:
    """Node is told by an HTTP status, a page by an error event and a close code, each in its client's own way."""
    async with serve(tokens="one-that-is-long-enough") as place:
        report = await run("beRefused", place, speech, "sk-unknown")
    assert (report["errors"], report["end"]["code"]) == (errors, code)


@pytest.mark.parametrize("run", EVERYWHERE)
async def test_a_client_that_reconnects(run: Run, serve, speech) -> None:
    """A relay that restarts says so and closes with 1012, which the client takes as a reason to come back."""
    async with serve(interceptors=[RestartOnRequest]) as place:
        report = await run("recover", place, speech)
    assert report == {"told": "draining", "why": {"closeCode": 1012, "attempt": 1}, "instructions": "Go on."}


@pytest.mark.parametrize(
    ("run", "errors"), [(in_node, []), pytest.param(in_chromium, ["upstream_busy"], marks=pytest.mark.browser)]
)
async def test_a_client_that_is_told_to_come_later(run: Run, errors, serve, speech) -> None:
    """A refusal for now is 503 in Node and close 1013 in a page, and both come back for their session."""
    async with serve(faults=["status=503@1"]) as place:
        assert await run("insist", place, speech) == {"attempts": [1], "errors": errors}
