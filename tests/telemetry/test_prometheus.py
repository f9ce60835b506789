"""The questions of docs/metrics.md and of deploy/grafana, asked of a real Prometheus."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request, Response

from relay.admission.tickets import Ticket, TicketSigner
from relay.telemetry.metrics import Metrics
from tests.fakes.dashboards import queries
from tests.fakes.http_client import http_client
from tests.fakes.prometheus import PROGRAM, Prometheus, prometheus
from tests.fakes.running import Running, running
from tests.fakes.upstream import scripted_upstream

DOCUMENT = (Path(__file__).parents[2] / "docs/metrics.md").read_text()
QUERIES = {
    question: query.replace("\\|", "|") for question, query in re.findall(r"^\| (.+?) \| `(.+)` \|$", DOCUMENT, re.M)
}
TURNED_AWAY = QUERIES.get("how many are turned away, and why", "")
SUFFIXES = ("", "_total", "_bucket", "_sum", "_count")
SCRAPER = "rt_the-scrapers-token-01"
SECRET = "a secret of at least thirty-two characters"
SETTINGS: dict[str, Any] = {
    "metrics_token": SCRAPER,
    "ticket_secret": SECRET,
    "tokens": [{"token": f"rt_{name}-token-0123456789", "subject": name} for name in ("anna", "berta", "carla")]
    + [{"token": "rt_emil-token-0123456789", "subject": "emil", "profile": "default"}],
    "profiles": {"default": {}, "tour": {}, "rare": {"quota": {"sessions_per_minute": 1}}},
    "quotas": {"subject": {"sessions": 1}},
    "max_sessions": 2,
}


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer rt_{name}-token-0123456789"}


EXPIRED = TicketSigner(SECRET.encode()).write(Ticket(1, "default", None, None, {}, {}))
REFUSALS: dict[str, tuple[str, str, dict[str, str]]] = {
    "origin_refused": ("/v1/realtime", "", {**bearer("carla"), "Origin": "https://evil.example"}),
    "credentials_missing": ("/v1/realtime", "", {}),
    "credentials_refused": ("/v1/realtime", "", bearer("nobody")),
    "credentials_expired": ("/v1/realtime", "", {"Authorization": f"Bearer {EXPIRED}"}),
    "profile_unknown": ("/v1/realtime", "?profile=nowhere", bearer("carla")),
    "profile_refused": ("/v1/realtime", "?profile=tour", bearer("emil")),
    "kind_refused": ("/v1/realtime/translations", "?profile=tour", bearer("carla")),
    "upstream_denied": ("/v1/realtime", "?status=401", bearer("carla")),
    "upstream_rejected": ("/v1/realtime", "?status=404", bearer("carla")),
    "upstream_busy": ("/v1/realtime", "?status=503", bearer("carla")),
    "too_many_sessions": ("/v1/realtime", "", bearer("anna")),
    "too_frequent": ("/v1/realtime", "?profile=rare", bearer("carla")),
}
"""What a peer asks, by the cause that refuses it, while anna has her one session."""


def refuse_as_told(connection: ServerConnection, request: Request) -> Response | None:
    status = re.search(r"status=(\d+)", request.path)
    return connection.respond(int(status[1]), "") if status else None


async def answer(connection: ServerConnection) -> None:
    """One turn, with its usage, and an answer that never ends."""
    await connection.recv()
    usage = {"output_tokens": 9, "output_token_details": {"audio_tokens": 9}}
    for event in (
        {"type": "session.created", "session": {"id": "sess_1", "model": "gpt-realtime-2.1"}},
        {"type": "input_audio_buffer.speech_stopped"},
        {"type": "response.created"},
        {"type": "response.output_audio.delta", "delta": "AAAA"},
        {"type": "response.done", "response": {"status": "completed", "usage": usage}},
        {"type": "response.created"},
    ):
        await connection.send(json.dumps(event))
    await connection.wait_closed()


async def turn_away(relay: Running, path: str, query: str, headers: dict[str, str]) -> None:
    address = f"ws://127.0.0.1:{relay.port}{path}{query}"
    try:
        async with connect(address, additional_headers=headers, proxy=None) as page:
            await page.wait_closed()
    except InvalidStatus:
        pass


async def a_session(relay: Running, query: str, name: str) -> None:
    async with relay.peer(query, additional_headers=bearer(name)) as peer:
        await peer.send("{}")
        for _ in range(6):
            await peer.recv()


async def the_dashboards_are_answered(asked: Prometheus) -> None:
    """Each panel's query is one, about metrics that exist; where they have a series it has an answer."""
    known = {f"{family.name}{suffix}" for family in Metrics().registry.collect() for suffix in SUFFIXES}
    for place, query in queries().items():
        named = set(re.findall(r"\b(?:relay|process)_\w+", query))
        assert named <= known, place
        samples = await asked.ask(query)
        there = [bool(await asked.ask(f"count({name})")) for name in named]
        assert samples or not all(there) or "=~" in query or "> 0" in query, place


@pytest.mark.skipif(PROGRAM is None, reason="there is no Prometheus here; `make test` installs Debian's where it may")
async def test_the_documents_queries_are_answered(tmp_path) -> None:
    """Each query of docs/metrics.md has an answer, and the one for refusals names every cause that there was."""
    async with (
        scripted_upstream(answer, refuse_as_told) as upstream,
        running(upstream.url, **SETTINGS) as relay,
        prometheus(relay.port, SCRAPER, tmp_path) as asked,
    ):
        await a_session(relay, "?profile=rare", "berta")
        await asked.has_seen("relay_cost_usd_total > 0")  # a series that begins with its last value has no rate
        async with relay.peer(additional_headers=bearer("anna")):
            await a_session(relay, "", "berta")
            for path, query, headers in REFUSALS.values():
                await turn_away(relay, path, query, headers)
            with relay.sessions.reserve():
                await turn_away(relay, "/v1/realtime", "", bearer("carla"))
            await asked.has_seen('relay_sessions_refused_total{cause="full"} > 0')
            causes = {sample["metric"]["cause"] for sample in await asked.ask(TURNED_AWAY)}
            assert causes == {*REFUSALS, "full"}
            await asked.has_seen("relay_loop_lag_seconds_count > 0")
            for question, query in QUERIES.items():
                samples = await asked.ask(query)
                assert samples, question
                assert "NaN" not in {sample["value"][1] for sample in samples}, question
            await the_dashboards_are_answered(asked)
    assert len(QUERIES) >= 9


async def test_metrics_can_ask_for_a_token() -> None:
    """With `metrics_token` a scrape without it, or with another credential, gets 401 and no figure."""
    async with running("ws://127.0.0.1:1/", **SETTINGS) as relay, http_client() as http:
        for headers, code in (({}, "credentials_missing"), (bearer("anna"), "credentials_refused")):
            refused = await http.get(f"{relay.http}/metrics", headers=headers)
            assert (refused.status_code, refused.json()["error"]["code"]) == (401, code)
            assert "relay_sessions" not in refused.text
        scraped = await http.get(f"{relay.http}/metrics", headers={"Authorization": f"Bearer {SCRAPER}"})
        assert "relay_sessions_open 0.0" in scraped.text
        assert (await http.get(f"{relay.http}/livez")).status_code == 200
        assert SCRAPER not in scraped.text
