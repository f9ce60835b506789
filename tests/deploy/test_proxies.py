"""The relay behind nginx, HAProxy, Caddy and Traefik as `deploy/` sets them up, with TLS that ends there."""

import contextlib
import json
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from relay.admission.tickets import LENGTH_LIMIT
from relay.config.loading import unknown_variables
from tests.fakes.proxies import COMMANDS, DEPLOY, NAME, proxy
from tests.fakes.running import Running, end_of, running
from tests.fakes.upstream import ScriptedUpstream, scripted_upstream

TOKEN = "rt_annas-token-0123456789"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
VISITOR = "127.0.0.9"
MAX_SESSIONS = 8


@dataclass
class Place:
    """A relay behind a proxy, as a visitor finds it."""

    port: int
    trust: ssl.SSLContext
    relay: Running
    upstream: ScriptedUpstream

    def visitor(self, headers: dict[str, str] | None = None, **options: Any) -> connect:
        """A peer that comes from an address of its own."""
        return connect(
            f"wss://{NAME}:{self.port}/v1/realtime", host="127.0.0.1", ssl=self.trust, proxy=None, max_size=None,
            local_addr=(VISITOR, 0), additional_headers=headers or {}, **options,
        )  # fmt: skip

    def http(self) -> httpx.AsyncClient:
        extensions = {"sni_hostname": NAME}
        client = httpx.AsyncClient(
            verify=self.trust, base_url=f"https://127.0.0.1:{self.port}", headers={"Host": NAME}, timeout=None
        )
        client.event_hooks["request"].append(lambda request: _extend(request, extensions))
        return client


async def _extend(request: httpx.Request, extensions: dict[str, Any]) -> None:
    request.extensions.update(extensions)


@pytest.fixture(params=COMMANDS)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with _place(request.param, tmp_path) as place:
        yield place


@asynccontextmanager
async def _place(name: str, tmp_path: Path) -> AsyncIterator[Place]:
    async with (
        scripted_upstream() as upstream,
        running(upstream.url, tokens=[{"token": TOKEN, "subject": "anna"}], max_sessions=MAX_SESSIONS) as relay,
        proxy(name, [relay.port], tmp_path) as (port, trust),
    ):
        yield Place(port, trust, relay, upstream)


async def test_a_session_passes(place: Place) -> None:
    """Text, bytes and messages of megabytes pass both ways, and so do a close code and its reason."""
    async with place.visitor(BEARER) as peer:
        for message in ("hello", b"\x00\xff", "x" * 5_000_000):
            await peer.send(message)
            assert await peer.recv() == message
        await place.upstream.connections[0].close(4000, "over")
        messages, code, reason = await end_of(peer)
    assert [json.loads(message)["error"]["code"] for message in messages] == ["upstream_closed"]
    assert (code, reason) == (4000, "over")


async def test_the_relay_sees_the_visitor(place: Place) -> None:
    """The relay knows the visitor's own address and that it came with TLS, whatever the visitor says about itself."""
    claims = {"X-Forwarded-For": "203.0.113.1", "X-Forwarded-Proto": "http"}
    with capture_logs() as log:
        async with place.visitor({**BEARER, **claims}) as peer:
            await peer.send("hello")
            await peer.recv()
        with pytest.raises(InvalidStatus):
            await place.visitor(claims)
    seen = {line["event"]: line["address"] for line in log if "address" in line}
    assert {"session.opened", "session.refused"} <= seen.keys()
    assert set(seen.values()) == {VISITOR}
    async with place.http() as http:
        assert "strict-transport-security" in (await http.get("/livez", headers=claims)).headers


async def test_a_refusal_passes(place: Place) -> None:
    """The status, the headers and the words of a refusal reach the visitor, and a full relay is not asked twice."""
    with pytest.raises(InvalidStatus) as refusal:
        await place.visitor()
    response = refusal.value.response
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert json.loads(response.body or b"")["error"]["code"] == "credentials_missing"
    with contextlib.ExitStack() as places:
        for _ in range(MAX_SESSIONS):
            places.enter_context(place.relay.sessions.reserve())
        with pytest.raises(InvalidStatus) as refusal:
            await place.visitor(BEARER)
    assert (refusal.value.response.status_code, refusal.value.response.headers["Retry-After"]) == (503, "5")
    assert place.relay.ended_by("full") == 1


async def test_the_largest_ticket_passes(place: Place) -> None:
    """A ticket of the largest size that the relay makes reaches it, in a page's subprotocols."""
    offered = ["realtime", f"openai-insecure-api-key.ek_{'x' * (LENGTH_LIMIT - 5)}.x"]
    async with place.visitor(subprotocols=offered, origin=f"https://{NAME}:{place.port}") as peer:
        assert (await end_of(peer))[1:] == (3000, "credentials_refused")


async def test_the_page_and_tickets_pass(place: Place) -> None:
    """The page with its headers, its modules, and a request for a ticket pass."""
    async with place.http() as http:
        assert "microphone=(self)" in (await http.get("/")).headers["permissions-policy"]
        assert (await http.get("/web/index.js")).status_code == 200
        made = (await http.post("/v1/realtime/client_secrets", headers=BEARER)).json()
    async with place.visitor({"Authorization": f"Bearer {made['value']}"}) as peer:
        await peer.send("hello")
        assert await peer.recv() == "hello"


async def test_metrics_are_not_for_visitors(place: Place) -> None:
    """What the relay counts is behind the proxy alone, however a visitor spells its path."""
    async with place.http() as http:
        for path in ("/metrics", "/metrics/", "/metrics?x=1", "/voice/metrics", "/%6detrics", "/./metrics"):
            answer = await http.get(path)
            assert (answer.status_code, "relay_" in answer.text) == (404, False), path


@pytest.mark.parametrize(
    ("name", "timeouts"),
    [("nginx.conf", ["proxy_read_timeout", "proxy_send_timeout"]), ("haproxy.cfg", ["timeout tunnel"])],
)
def test_no_proxy_cuts_a_call(name, timeouts) -> None:
    """What a proxy allows a quiet WebSocket is longer than the API's longest session."""
    text = (DEPLOY / name).read_text()
    for timeout in timeouts:
        hours = re.search(rf"{timeout}\s+(\d+)h", text)
        assert hours is not None
        assert int(hours[1]) >= 1


@pytest.mark.parametrize("path", sorted(filter(Path.is_file, DEPLOY.rglob("*"))), ids=lambda path: path.name)
def test_the_files_name_settings_that_exist(path: Path) -> None:
    """Every variable of the relay that a file in deploy/ sets is a setting."""
    assert unknown_variables(dict.fromkeys(re.findall(r"RELAY_[A-Z_]+", path.read_text()), "")) == []


@pytest.mark.parametrize(("trusted", "address"), [("192.0.2.0/24", "127.0.0.1"), ("127.0.0.0/8", "203.0.113.1")])
async def test_only_trusted_proxies_are_believed(carrier, trusted, address) -> None:
    """What stands in `X-Forwarded-For` counts only where it comes from a proxy that the settings trust."""
    async with scripted_upstream() as upstream, running(upstream.url, trusted_proxies=trusted) as relay:
        with capture_logs() as log:
            async with relay.peer(additional_headers={"X-Forwarded-For": "203.0.113.1"}):
                pass
    assert [line["address"] for line in log if line["event"] == "session.opened"] == [address]
