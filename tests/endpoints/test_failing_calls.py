"""What goes wrong with calls, and what the caller and the API are told."""

import asyncio
import json
from typing import Any

import pytest
import structlog
from starlette.responses import JSONResponse, RedirectResponse, Response

from relay.calls.api import ANSWER_LIMIT_BYTES
from tests.endpoints.test_calls import Witness, call, hang_up
from tests.fakes.calls_api import CALL, CallsApi, calls_api
from tests.fakes.http_client import http_client
from tests.fakes.raw_upstream import raw_upstream
from tests.fakes.running import running
from tests.fakes.webrtc import OFFER

KEY = "sk-the-relays-own-key"


def said(status: int, code: str = "slow_down", **headers: str) -> Response:
    error = {"type": "some_error", "code": code, "message": f"No, not with {KEY}.", "param": None}
    return JSONResponse({"error": error}, status, headers)


@pytest.mark.parametrize(
    ("made", "status", "code", "cause"),
    [
        (said(400, "invalid_offer"), 400, "invalid_offer", "upstream_rejected"),
        (said(429), 429, "slow_down", "upstream_busy"),
        (said(500), 502, "slow_down", "upstream_busy"),
        (said(503), 503, "slow_down", "upstream_busy"),
        (said(401, "invalid_api_key"), 401, "upstream_denied", "upstream_denied"),
        (said(403, "no"), 403, "upstream_denied", "upstream_denied"),
        (Response("<html>Bad gateway</html>", 502), 502, "upstream_busy", "upstream_busy"),
        (JSONResponse({"error": "no"}, 404), 404, "upstream_rejected", "upstream_rejected"),
        (JSONResponse([], 404), 404, "upstream_rejected", "upstream_rejected"),
        (RedirectResponse("http://127.0.0.1:1/", 307), 502, "upstream_rejected", "upstream_rejected"),
        (Response("v=0\r\n", 201), 502, "upstream_busy", "upstream_busy"),
        (Response("v=0\r\n", 201, {"Location": "/calls/a%20b"}), 502, "upstream_busy", "upstream_busy"),
        (Response("v" * (ANSWER_LIMIT_BYTES + 1), 201, CALL), 502, "upstream_busy", "upstream_busy"),
    ],
    ids=range(13),
)
async def test_the_api_refuses(made, status, code, cause) -> None:
    """The caller is told what the API said, without secrets, but not of the relay's key, and no gateway's page."""
    async with calls_api(CallsApi(made=made)) as api, running(api.url, OPENAI_API_KEY=KEY) as relay:
        with structlog.testing.capture_logs() as logs:
            answer = await call(relay)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert KEY not in answer.text
        assert "www-authenticate" not in answer.headers
        assert relay.ended_by(cause) == 1
        if made.status_code >= 300:
            assert [log["cause"] for log in logs if log["event"] == "upstream.refused"] == [cause]


@pytest.mark.parametrize("verb", ["", "/rtc_1/accept"])
async def test_the_api_quotes_a_sessions_own_secrets(verb) -> None:
    """What the tools of a call's session open their servers with is in no answer and no log, however it is refused."""
    shop = {"type": "mcp", "server_label": "shop", "server_url": "https://s.example/", "authorization": "token-of-shop"}
    error = {"type": "invalid_request_error", "code": "no", "message": "No server at token-of-shop.", "param": None}
    refusing = CallsApi(made=JSONResponse({"error": error}, 400), decided=JSONResponse({"error": error}, 400))
    session = {"type": "realtime", "tools": [shop]}
    form = {"files": {"sdp": (None, OFFER), "session": (None, json.dumps(session))}}
    async with (
        calls_api(refusing) as api,
        running(api.url, OPENAI_API_KEY=KEY) as relay,
        http_client(base_url=relay.http, timeout=30) as http,
    ):
        with structlog.testing.capture_logs() as logs:
            answer = await http.post(f"/v1/realtime/calls{verb}", **({"json": session} if verb else form))
    assert answer.json()["error"]["message"] == "No server at [redacted]."
    assert "token-of-shop" not in str(logs)


@pytest.mark.parametrize("url", ["ws://127.0.0.1:1/v1/realtime", "wss://127.0.0.1:1/v1/realtime?key=x"])
async def test_the_api_cannot_be_reached(url) -> None:
    """Where nobody answers the caller gets 502."""
    async with running(url) as relay:
        answer = await call(relay)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_unreachable")


@pytest.mark.parametrize(
    ("url", "said", "phase", "reason"),
    [
        ("ws://nobody.invalid/v1/realtime", b"", "name", None),
        ("ws://127.0.0.1:1/v1/realtime", b"", "connect", "connection_refused"),
        ("wss://127.0.0.1:{port}/v1/realtime", b"HTTP/1.1 400 Bad Request\r\n\r\n", "tls", "no_tls"),
        ("ws://127.0.0.1:{port}/v1/realtime", b"", "request", "connection_lost"),
        ("ws://127.0.0.1:{port}/v1/realtime", b"SSH-2.0-OpenSSH\r\n\r\n", "request", "no_http"),
    ],
    ids=["name", "connection", "TLS", "nothing", "SSH"],
)
async def test_the_log_says_why_a_call_was_not_made(url, said, phase, reason) -> None:
    """A call's upstream that cannot be had is told in the log as a session's is, each fault as itself."""
    async with (
        raw_upstream(lambda _: said, hangs_up=not said, reads_first=not url.startswith("wss:")) as port,
        running(url.format(port=port)) as relay,
    ):
        with structlog.testing.capture_logs() as logs:
            assert (await call(relay)).status_code == 502
    [line] = [log for log in logs if log["event"] == "upstream.refused"]
    assert line["phase"] == phase
    assert line["reason"] == reason or reason is None
    assert line["address"]


async def test_a_call_on_an_account_without_credit() -> None:
    """A caller whose call nobody pays for is told so in the API's words, and not to come again."""
    spent = said(429, "insufficient_quota", **{"Retry-After": "20"})
    async with calls_api(CallsApi(made=spent)) as api, running(api.url, OPENAI_API_KEY=KEY) as relay:
        answer = await call(relay)
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "insufficient_quota")
        assert "retry-after" not in answer.headers
        assert relay.ended_by("upstream_exhausted") == 1


async def test_the_api_is_slow() -> None:
    """The API has as long as for a handshake, and the caller gets 504 then."""
    async with (
        calls_api(CallsApi(held=asyncio.Event())) as api,
        running(api.url, dial_timeout_s=0.2) as relay,
    ):
        answer = await call(relay)
        assert (answer.status_code, answer.json()["error"]["code"]) == (504, "upstream_timeout")
        api.held.set()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"upstream": "azure", "azure_endpoint": "https://x.example", "azure_api_key": "k"}, 403),
        ({"upstream": "xai", "xai_api_key": "k"}, 403),
        ({"upstream": "ws://127.0.0.1:1", "upstream_dialect": "beta"}, 403),
    ],
)
async def test_an_upstream_without_calls(given: dict[str, Any], status: int) -> None:
    """Where the upstream makes no calls, a caller is told to use the WebSocket."""
    async with running(given.pop("upstream"), **given) as relay:
        answer = await call(relay)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, "no_calls")
    assert "Use the WebSocket" in answer.json()["error"]["message"]


async def test_a_call_that_cannot_be_watched() -> None:
    """A call whose sideband cannot be opened would cost nobody knows what, so it is hung up."""
    async with calls_api(CallsApi(sidebands=[403])) as api, running(api.url) as relay:
        assert (await call(relay)).status_code == 201
        assert await api.hangups.get() == "rtc_1"
        await relay.sessions.empty()
        assert relay.ended_by("upstream_denied") == 1


async def test_a_call_that_the_api_does_not_know_yet() -> None:
    """A sideband that is refused as unknown is tried again, for as long as a dial may take."""
    witness = Witness()
    async with calls_api(CallsApi(sidebands=[404, 404, None])) as api, running(api.url, [witness]) as relay:
        answer = await call(relay)
        await witness.has_opened.wait()
        assert (await hang_up(relay, answer)).status_code == 200
        await relay.sessions.empty()
        assert relay.ended_by("peer_closed") == 1
    async with calls_api(CallsApi(sidebands=[404])) as api, running(api.url, dial_timeout_s=0.2) as relay:
        assert (await call(relay)).status_code == 201
        assert await api.hangups.get() == "rtc_1"


async def test_a_hangup_before_the_sideband_is_open() -> None:
    """A call that its caller ends so early is not watched any more, nor hung up twice."""
    async with calls_api(CallsApi(sidebands=[404])) as api, running(api.url) as relay:
        answer = await call(relay)
        assert (await hang_up(relay, answer)).status_code == 200
        await relay.sessions.empty()
        assert (relay.ended_by("peer_closed"), api.hangups.qsize()) == (1, 1)


async def test_a_hangup_that_fails() -> None:
    """The caller is told that its call may go on; the relay tells the API again, and the log when that is in vain."""
    async with calls_api(CallsApi(ended=[500])) as api, running(api.url) as relay:
        answer = await call(relay)
        with structlog.testing.capture_logs() as logs:
            assert (await hang_up(relay, answer)).status_code == 502
            await relay.sessions.empty()
        assert api.hangups.qsize() == 4
        assert [log["status"] for log in logs if log["event"] == "call.left_open"] == [502]


async def test_a_hangup_that_fails_once() -> None:
    """One failure leaves no call open."""
    async with calls_api(CallsApi(ended=[503, 404])) as api, running(api.url) as relay:
        answer = await call(relay)
        assert (await hang_up(relay, answer)).status_code == 503
        await relay.sessions.empty()
        assert api.hangups.qsize() == 2


async def test_a_caller_that_leaves() -> None:
    """A caller that has left before its answer leaves no call behind."""
    held = asyncio.Event()
    async with calls_api(CallsApi(held=held)) as api, running(api.url) as relay:
        _, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        head = "POST /v1/realtime/calls HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/sdp\r\n"
        writer.write(f"{head}Content-Length: {len(OFFER)}\r\n\r\n{OFFER}".encode())
        await api.came.wait()
        writer.transport.abort()
        async with http_client(timeout=None) as http:
            await http.get(f"{relay.http}/livez")  # the relay has seen the other's end by now
        held.set()
        assert await api.hangups.get() == "rtc_1"
        await relay.sessions.empty()
        assert relay.ended_by("peer_lost") == 1
