"""The Python package `openai-agents` as the peer, unmodified.

It needs an older `websockets` than the relay, so it runs in an environment of its own.
"""

from pathlib import Path
from typing import Any

from relay.stand_ins.mock.voice import clips
from tests.clients.conftest import Place
from tests.fakes.clients import run_client

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / ".venv/.agents/bin/python"
"""The interpreter that has the package; `make test` makes it from requirements/agents.txt."""


async def run(what: str, place: Place, speech: Path, query: str = "") -> Any:
    """Run one of the functions in `openai_agents.py`, and return its report."""
    command = (PYTHON, HERE / "openai_agents.py", what, place.url + query, speech)
    return await run_client(*command, SSL_CERT_FILE=str(place.certificate.authority))


async def test_a_whole_conversation(serve, speech) -> None:
    """An agent speaks and hears, is interrupted, cuts its answer, calls its tool, writes, errs, hangs up.

    Its address names no model, so the one in its settings is dialled.
    """
    async with serve() as place:
        report = await run("converse", place, speech)
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
        "error": "response_cancel_not_active",
        "history": [*["user", "assistant"] * 3, "user", "function_call", "assistant", "user", "assistant"],
    }
    assert place.relay.ended_by("peer_closed") == 1


async def test_a_refusal_after_the_handshake(serve, speech) -> None:
    """The API's own refusal reaches the agent: its error event, or the close where that is quicker."""
    async with serve(mock_key="sk-another") as place:
        assert await run("be_refused", place, speech, "?model=gpt-realtime-2.1") == {"code": "invalid_api_key"}


async def test_a_refusal_of_the_relays_own(serve, speech) -> None:
    """What the relay refuses is an HTTP status."""
    async with serve(tokens="one-that-is-long-enough") as place:
        assert await run("be_refused", place, speech) == {"status": 401}
