"""Addresses where the relay has nothing, or something else than was asked for: who is told what."""

import json

import httpx2 as httpx
import pytest
import structlog
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from relay.config.kinds import API, KINDS_BY_PATH
from tests.fakes.http_client import http_client
from tests.fakes.running import end_of, running
from tests.fakes.upstream import scripted_upstream

NOWHERE = "ws://127.0.0.1:1"
SOCKETS = [API + path.replace("{session_id}", "sess_1") for path in KINDS_BY_PATH]


async def ask(method: str, path: str, root_path: str = "", **options) -> httpx.Response:
    async with running(NOWHERE, root_path=root_path) as relay, http_client(base_url=relay.http) as http:
        return await http.request(method, path, **options)


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_request_that_lost_its_upgrade(path, method) -> None:
    """A plain GET where WebSockets are served is told by 426 that a proxy may have taken its upgrade away."""
    lost = {"Connection": "keep-alive", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    for headers in ({}, lost):
        answer = await ask(method, path, headers=headers)
        assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")
        assert "upgrade" in answer.headers["connection"].lower()
        if method == "GET":
            error = answer.json()["error"]
            assert error["code"] == "upgrade_missing"
            assert "does your proxy pass the headers Upgrade" in error["message"]


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/realtime", "/v1/realtime?"),
        ("/v1//realtime", "/v1/realtime?"),
        ("/V1/Realtime", "/v1/realtime?"),
        ("/v1/realtimes", "/v1/realtime?"),
        ("/v1/realtime/client_secret", "/v1/realtime/client_secrets?"),
        ("/live/sessions/", "/v1/live/sessions?"),
        ("/v1/chat/completions", None),
        ("/nonsense", None),
        ("/v1/%ff%00", None),
        ("/web/none.js", None),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_path_that_there_is_not(path, meant, method) -> None:
    """An unknown path is 404 with the API's error object, which names the right address and what was meant."""
    with structlog.testing.capture_logs() as logs:
        answer = await ask(method, path)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["type"]) == (404, "path_unknown", "invalid_request_error")
    assert "/v1/realtime" in error["message"]
    assert error["message"].endswith(f"Did you mean {meant}") if meant else "Did you mean" not in error["message"]
    assert [log["event"] for log in logs if log["event"].endswith(".refused")] == ["request.refused"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/realtime/client_secrets", {"POST", "OPTIONS"}),
        ("GET", "/v1/realtime/sessions", {"POST", "OPTIONS"}),
        ("DELETE", "/v1/realtime/calls", {"POST", "OPTIONS"}),
        ("PUT", "/v1/realtime/calls/rtc_1/hangup", {"POST", "OPTIONS"}),
        ("DELETE", "/v1/realtime/translations", {"GET"}),
        ("POST", "/v1/live/sessions", {"GET"}),
        ("POST", "/readyz", {"GET", "HEAD"}),
        ("POST", "/", {"GET", "HEAD"}),
        ("DELETE", "/web/index.js", {"GET", "HEAD"}),
    ],
)
async def test_a_method_that_there_is_not(method, path, allowed) -> None:
    """A wrong method is 405 with the API's error object and the methods that there are."""
    answer = await ask(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == allowed


UNKNOWN = ["/realtime", "/v1//realtime", "/v1/Realtime", "/v1/realtime/sessions", "/", "/web/index.js", "/livez"]


@pytest.mark.usefixtures("carrier")
@pytest.mark.parametrize("path", UNKNOWN)
async def test_a_client_at_a_wrong_path(path) -> None:
    """A client that upgrades at an unknown path gets 404 with the API's error object, and is logged once."""
    async with running(NOWHERE) as relay:
        with structlog.testing.capture_logs() as logs, pytest.raises(InvalidStatus) as refusal:
            await connect(f"ws://127.0.0.1:{relay.port}{path}", proxy=None)
        assert relay.ended_by("path_unknown") == 1
    response = refusal.value.response
    error = json.loads(response.body or b"")["error"]
    assert (response.status_code, error["code"]) == (404, "path_unknown")
    assert "/v1/realtime" in error["message"]
    assert [(log["event"], log["cause"]) for log in logs] == [("session.refused", "path_unknown")]


@pytest.mark.usefixtures("carrier")
@pytest.mark.parametrize("path", UNKNOWN)
async def test_a_page_at_a_wrong_path(path) -> None:
    """A page, which cannot read a status, gets the error event and close 4000, whatever its origin."""
    async with running(NOWHERE) as relay:
        there = connect(f"ws://127.0.0.1:{relay.port}{path}", origin="https://page.example", proxy=None)  # type: ignore[arg-type]
        async with there as page:
            [event], code, reason = await end_of(page)
    assert (code, reason) == (4000, "path_unknown")
    assert "/v1/realtime" in json.loads(event)["error"]["message"]


async def test_wrong_addresses_below_a_root_path() -> None:
    """Under a root path, wrong addresses are told as they are without one."""
    assert (await ask("GET", "/voice/v1/realtime", "/voice")).status_code == 426
    assert (await ask("GET", "/voice/v1/realtime/calls", "/voice")).status_code == 405
    assert "Did you mean /v1/realtime?" in (await ask("GET", "/voice/realtime", "/voice")).json()["error"]["message"]


async def test_what_the_log_shows_of_a_path() -> None:
    """A path that somebody asked for is logged but for what may be an id or a secret in it."""
    with structlog.testing.capture_logs() as logs:
        await ask("GET", "/v1/realtime/sk-a1b2c3/hangup/" + "x" * 40)
    [line] = [log for log in logs if log["event"] == "request.refused"]
    assert (line["path"], line["method"], line["status"]) == ("/v1/realtime/…/hangup/…", "GET", 404)
    assert line["address"] == "127.0.0.1"


async def test_a_wrong_address_dials_nobody() -> None:
    """Whatever is asked at a wrong address, the upstream hears nothing of it."""
    async with scripted_upstream() as upstream, running(upstream.url) as relay:
        for path in UNKNOWN:
            with pytest.raises(InvalidStatus):
                await connect(f"ws://127.0.0.1:{relay.port}{path}", proxy=None)
        assert upstream.handshakes == []
