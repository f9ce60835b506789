"""A complaint can be traced: what the log and the answers tell of one session, by its names."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidStatus

from relay.config.loading import load_settings
from relay.stand_ins.mock import serve_mock
from relay.telemetry.log import configure_logging
from tests.fakes.http_client import http_client
from tests.fakes.running import end_of, running
from tests.fakes.upstream import scripted_upstream

NAMES = {"X-Request-Id": "ticket-4711", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
TRACE = "0af7651916cd43dd8448eb211c80319c"
TOKEN = "rt_annas-token-0123456789"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ASK = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}


class Log(io.StringIO):
    """The log as it is written, line by line."""

    def lines(self, event: str) -> list[dict[str, Any]]:
        return [line for line in map(json.loads, self.getvalue().splitlines()) if line["event"] == event]

    def only(self, event: str) -> dict[str, Any]:
        [line] = self.lines(event)
        return line


@pytest.fixture(params=["info"])
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    handlers, level = list(logging.root.handlers), logging.root.level
    log = Log()
    configure_logging(load_settings(log_format="json", log_level=request.param, openai_api_key="sk-not-for-logs"), log)
    yield log
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


async def until(peer: ClientConnection, kind: str) -> dict[str, Any]:
    while True:
        event: dict[str, Any] = json.loads(await peer.recv())
        if event["type"] == kind:
            return event


async def test_a_session_is_told_in_one_line(log, carrier) -> None:
    """The last line of a session has all that billing and a complaint need: who, with what, how fast, how much."""
    async with (
        serve_mock() as mock,
        running(mock.url, tokens=[{"token": TOKEN, "subject": "anna"}], profiles={"tour": {"voice": "ash"}}) as relay,
        relay.peer("?profile=tour", additional_headers={**BEARER, **NAMES}) as peer,
    ):
        assert peer.response is not None
        assert peer.response.headers["X-Request-Id"] == "ticket-4711"
        assert peer.response.headers["traceparent"].startswith(f"00-{TRACE}-")
        named = (await until(peer, "session.created"))["session"]
        await peer.send(json.dumps({"type": "conversation.item.create", "item": ASK}))
        await peer.send('{"type":"response.create"}')
        usage = (await until(peer, "response.done"))["response"]["usage"]
        await peer.send('{"type":"conversation.item.delete","item_id":"nobodys"}')
        await until(peer, "error")
        await peer.close()
        await relay.sessions.empty()
    opened, begun, closed = (log.only(f"session.{verb}") for verb in ("opened", "begun", "closed"))
    assert log.only("upstream.error")["code"]
    assert "nobodys" not in log.getvalue()
    assert {line["request_id"] for line in (opened, begun, closed)} == {"ticket-4711"}
    assert {line["trace_id"] for line in (opened, begun, closed)} == {TRACE}
    assert len({line["session_id"] for line in (opened, begun, closed)}) == 1
    for line in (opened, closed):
        assert (line["kind"], line["profile"], line["address"]) == ("realtime", "tour", "127.0.0.1")
        assert (line["model"], len(line["subject"])) == ("gpt-realtime-2.1", 64)
        assert line["dial_s"] > 0
    assert begun["upstream_session_id"] == closed["upstream_session_id"] == named["id"]
    assert (closed["cause"], closed["turns"], closed["errors"]) == ("peer_closed", 1, 1)
    assert closed["slowest_audio_s"] >= closed["first_audio_s"] > 0
    assert closed["tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert closed["usage"]["gpt-realtime-2.1"]["usd"] == closed["cost_usd"]


PAGE = {"Origin": "https://evil.example"}


@pytest.mark.parametrize(
    ("query", "headers", "named"),
    [
        ("", {**BEARER, **PAGE}, {"origin": "https://evil.example"}),
        ("", {**BEARER, "Origin": "ek_misplaced"}, {"origin": "not of a browser's form"}),
        ("?profile=ek_misplaced", BEARER, {"profile": "[redacted]"}),
        ("?profile=nowhere%1b[31m", BEARER, {"profile": "nowhere\ufffd[31m"}),
        (f"?profile={'x' * 500}", BEARER, {"profile": "x" * 120}),
        ("", {"Authorization": "Bearer rt_bertas-token-012345678"}, {"quota": "subject.sessions"}),
        ("?profile=tour", {"Authorization": "Bearer rt_carls-token-0123456789"}, {"profile": "tour"}),
    ],
)
async def test_a_refusal_names_what_was_refused(log, carrier, query, headers, named) -> None:
    """The origin, the profile or the quota stands in the log and in the answer, bounded, with nothing that steers."""
    tokens = [
        {"token": TOKEN, "subject": "anna"},
        {"token": "rt_bertas-token-012345678", "subject": "berta"},
        {"token": "rt_carls-token-0123456789", "subject": "carl", "profile": "default"},
    ]
    async with (
        scripted_upstream() as upstream,
        running(upstream.url, tokens=tokens, profiles={"tour": {}}, quotas={"subject": {"sessions": 1}}) as relay,
        relay.peer(additional_headers={"Authorization": "Bearer rt_bertas-token-012345678"}),
    ):
        error, event_id = await refusal_of(relay.peer(query, additional_headers={**headers, **NAMES}))
    line = log.only("session.refused")
    assert {name: line[name] for name in named} == named
    assert (line["request_id"], line["trace_id"]) == ("ticket-4711", TRACE)
    assert event_id == "relay_ticket-4711"
    for value in named.values():
        assert value in error["message"]
    assert "ek_misplaced" not in log.getvalue() + json.dumps(error)


async def refusal_of(connecting: Any) -> tuple[dict[str, Any], str]:
    """The error object of a refusal, and its id, as a page or any other peer is told."""
    try:
        async with connecting as peer:
            event = json.loads((await end_of(peer))[0][0])
            return event["error"], event["event_id"]
    except InvalidStatus as refusal:
        response = refusal.response
        assert response.headers["X-Request-Id"] == "ticket-4711"
        assert response.headers["traceparent"].startswith(f"00-{TRACE}-")
        told = json.loads(response.body or b"")
        return told["error"], told["event_id"]


async def test_requests_have_names_too(log) -> None:
    """A ticket that is refused, a probe and an address that is none answer with their names; the refusal is logged."""
    async with running("ws://127.0.0.1:1/", tokens=[TOKEN]) as relay, http_client(headers=NAMES) as http:
        minting = await http.post(f"{relay.http}/v1/realtime/client_secrets")
        for answer in (minting, await http.get(f"{relay.http}/livez"), await http.get(f"{relay.http}/nowhere")):
            assert answer.headers["X-Request-Id"] == "ticket-4711"
            assert answer.headers["traceparent"].startswith(f"00-{TRACE}-")
    assert minting.json()["event_id"] == "relay_ticket-4711"
    line = log.only("ticket.refused")
    assert (line["cause"], line["request_id"]) == ("credentials_missing", "ticket-4711")


@pytest.mark.parametrize("log", ["debug"], indirect=True)
async def test_debug_shows_what_passes(log, carrier) -> None:
    """At `debug` the log shows the handshake, the injected session and the types of events; no words, no secrets."""
    words = "You are the voice of a small hotel by the sea, and you never tell anybody where it is."
    tool = {"type": "mcp", "server_label": "m", "server_url": "https://m.example", "authorization": "sk-of-the-tool"}

    async def answer(connection: ServerConnection) -> None:
        await connection.recv()
        for _ in range(3):
            await connection.send('{"type":"response.output_audio.delta","delta":"c2VjcmV0"}')
        await connection.wait_closed()

    async with (
        scripted_upstream(answer) as upstream,
        running(
            upstream.url,
            log_level="debug",
            profiles={"default": {"instructions": words, "voice": "ash", "tools": [tool]}},
        ) as relay,
        relay.peer("?model=m1&secret=swordfish", subprotocols=["realtime", "openai-insecure-api-key.sk-mine"]) as peer,
    ):
        for _ in range(3):
            await peer.recv()
        await peer.close()
        await relay.sessions.empty()
    handshake, injected = log.only("handshake.read"), log.only("session.injected")["session"]
    assert handshake["query"] == {"model": "m1", "secret": "[redacted]"}
    assert handshake["subprotocols"] == ["realtime", "openai-insecure-api-key"]
    assert injected["instructions"] == f"[{len(words)} characters]"
    assert injected["audio"]["output"]["voice"] == "ash"
    assert injected["tools"][0]["authorization"] == "[redacted]"
    passed = [(line["direction"], line["type"], line["count"]) for line in log.lines("events.passed")]
    assert sum(count for _, kind, count in passed if kind == "response.output_audio.delta") == 3
    for secret in (words, "sk-of-the-tool", "sk-mine", "swordfish", "c2VjcmV0"):
        assert secret not in log.getvalue()
