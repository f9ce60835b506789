"""Calls through the relay, over real sockets: how they are made, metered, and ended."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2 as httpx
import pytest
import structlog
from openai import AsyncOpenAI
from websockets.asyncio.client import ClientConnection

from relay.core.events import Event
from relay.core.interceptor import Interceptor
from relay.core.session import Session
from relay.stand_ins.mock import MockServer, Pace, serve_mock
from tests.fakes.http_client import http_client
from tests.fakes.running import Running, running
from tests.fakes.webrtc import OFFER

KEY = "sk-the-relays-own-key"
TOKEN = "rt_the-shops-token-012345"
SDP = {"Content-Type": "application/sdp"}


class Witness(Interceptor):
    """An operator's own hook in one session: says when it is open, and when an answer was given, for which it asks."""

    down = frozenset({"response.done"})

    def __init__(self) -> None:
        self.has_opened = asyncio.Event()
        self.has_heard = asyncio.Event()

    def __call__(self) -> "Witness":
        return self

    def opened(self, session: Session, now: float) -> None:
        session.send_up({"type": "response.create"}, now)
        self.has_opened.set()

    def on_down(self, event: Event, now: float) -> Event:
        self.has_heard.set()
        return event


@asynccontextmanager
async def place(*hooks: Any, **given: Any) -> AsyncIterator[tuple[Running, MockServer]]:
    """A relay, and the mock behind it, which asks for the relay's key."""
    async with (
        serve_mock(pace=Pace.instant(), api_key=KEY) as mock,
        running(mock.url, hooks, OPENAI_API_KEY=KEY, **given) as relay,
    ):
        yield relay, mock


async def call(
    relay: Running, query: str = "", session: Any = None, offer: str = OFFER, **headers: str
) -> httpx.Response:
    """Ask for a call, with SDP alone or with a session beside it."""
    async with http_client(base_url=relay.http, headers=headers, timeout=None) as http:
        url = f"/v1/realtime/calls{query}"
        if session is None:
            return await http.post(url, content=offer, headers=SDP)
        form = {"sdp": (None, offer, "application/sdp"), "session": (None, json.dumps(session), "application/json")}
        return await http.post(url, files=form)


async def hang_up(relay: Running, answer: httpx.Response, **headers: str) -> httpx.Response:
    """Hang up where the answer says that the call is."""
    async with http_client(base_url=relay.http, headers=headers, timeout=None) as http:
        return await http.post(f"{answer.headers['location']}/hangup")


def id_of(answer: httpx.Response) -> str:
    return answer.headers["location"].rpartition("/")[2]


async def ended(relay: Running, mock: MockServer) -> None:
    """Wait until no session is left, and no call."""
    await relay.sessions.empty()
    assert list(mock.calls) == []


async def test_a_call_is_made_watched_and_hung_up() -> None:
    """The caller gets the API's answer and a place at the relay, which watches the call until the caller ends it."""
    witness = Witness()
    async with place(witness) as (relay, mock):
        with structlog.testing.capture_logs() as logs:
            answer = await call(relay)
            assert (answer.status_code, answer.headers["content-type"]) == (201, "application/sdp")
            assert answer.text.startswith("v=0\r\n")
            assert answer.headers["location"].startswith("/v1/realtime/calls/rtc_")
            await witness.has_opened.wait()
            assert [made.offer for made in mock.calls] == [OFFER]
            assert len(relay.sessions) == 1
            assert (await hang_up(relay, answer)).status_code == 200
            await ended(relay, mock)
        assert mock.calls.ended == [id_of(answer)]
        assert [log["event"] for log in logs if log["event"].startswith("session.")] == [
            "session.opened",
            "session.begun",
            "session.closed",
        ]
        assert relay.ended_by("peer_closed") == 1
        assert KEY not in answer.text + str(answer.headers) + str(logs)


@pytest.mark.parametrize(
    ("query", "given", "sent"),
    [
        ("", None, {"model": "gpt-realtime-2.1", "instructions": "Be kind."}),
        ("?model=gpt-realtime-2", None, {"model": "gpt-realtime-2", "instructions": "Be kind."}),
        ("?model=a", {"model": "b", "tools": []}, {"model": "b", "instructions": "Be kind.", "tools": []}),
        ("", {"type": "realtime", "instructions": "No."}, {"model": "gpt-realtime-2.1", "instructions": "No."}),
        ("?profile=fixed&model=a", {"model": "b"}, {"model": "gpt-realtime-2.1-mini"}),
        ("?profile=words", None, {"type": "transcription"}),
        ("?call_id=rtc_1&intent=transcription", None, {"model": "gpt-realtime-2.1", "instructions": "Be kind."}),
    ],
)  # fmt: skip
async def test_the_profiles_session_is_injected(query, given, sent) -> None:
    """What the caller brings counts over the profile's session, but for a model that the profile locks."""
    profiles = {
        "default": {"model": "gpt-realtime-2.1", "instructions": "Be kind."},
        "fixed": {"model": "gpt-realtime-2.1-mini", "lock": ["model"]},
        "words": {"type": "transcription"},
    }
    async with place(profiles=profiles) as (relay, mock):
        answer = await call(relay, query, given)
        assert answer.status_code == 201, answer.text
        [made] = mock.calls
        assert made.opening.session == {"type": "realtime", **sent}
        await mock.wait_until(lambda mock: len(mock.sessions) == 1)
        assert mock.sessions[0].realtime["type"] == made.opening.session["type"]


async def test_the_apis_own_package_calls_through_the_relay() -> None:
    """The `openai` package makes and ends a call with the relay's address and a token alone; the key is the relay's."""
    async with (
        place(tokens=TOKEN) as (relay, mock),
        AsyncOpenAI(api_key=TOKEN, base_url=f"{relay.http}/v1", max_retries=0) as client,
    ):
        made = await client.realtime.calls.with_raw_response.create(
            sdp=OFFER, session={"type": "realtime", "audio": {"output": {"voice": "ash"}}}
        )
        await client.realtime.calls.hangup(made.headers["location"].rpartition("/")[2])
        await ended(relay, mock)


async def test_a_call_costs() -> None:
    """What a call uses is metered through its sideband, by the model that it was made for."""
    witness = Witness()
    async with place(witness) as (relay, mock):
        with structlog.testing.capture_logs() as logs:
            answer = await call(relay, "?model=gpt-realtime-2.1-mini")
            await witness.has_heard.wait()
            await hang_up(relay, answer)
            await ended(relay, mock)
    assert list(relay.metrics.tally.costs.usd) == ["gpt-realtime-2.1-mini"]
    [closed] = [log for log in logs if log["event"] == "session.closed"]
    assert float(closed["cost_usd"]) > 0


async def test_a_spent_budget_hangs_up() -> None:
    """A call that has spent what it may is hung up at the API."""
    async with place(Witness, limits={"cost_usd": 0.001}) as (relay, mock):
        answer = await call(relay)
        await ended(relay, mock)
        assert mock.calls.ended == [id_of(answer)]
        assert relay.ended_by("budget_spent") == 1


async def test_a_call_with_a_sideband_of_the_apps_own_is_paid_once() -> None:
    """Of the sessions that see a call only the relay's own pays, and when that has gone, the next one."""
    witness = Witness()
    async with place(witness) as (relay, mock):
        answer = await call(relay)
        await witness.has_heard.wait()
        with structlog.testing.capture_logs() as logs:
            async with relay.peer(f"?call_id={id_of(answer)}") as first, relay.peer(f"?call_id={id_of(answer)}"):
                await answered(first)
                await hang_up(relay, answer)
                await ended(relay, mock)
        costs = [float(log["cost_usd"]) for log in logs if log["event"] == "session.closed"]
        assert len(costs) == 3
        assert sorted(costs)[:2] == [0, 0]
        assert max(costs) > 0
        counted = relay.metrics.registry.get_sample_value("relay_cost_usd_total", {"model": "gpt-realtime-2.1"})
        assert round(counted or 0, 6) == max(costs)


async def answered(peer: ClientConnection) -> None:
    """Ask for an answer, and wait for the end of it."""
    while json.loads(await peer.recv())["type"] != "session.created":
        pass
    await peer.send('{"type":"response.create"}')
    while json.loads(await peer.recv())["type"] != "response.done":
        pass


async def test_a_call_is_recorded(tmp_path) -> None:
    """Where sessions are recorded, so are the events of calls."""
    witness = Witness()
    async with place(witness, record_dir=tmp_path, record_all=True) as (relay, mock):
        answer = await call(relay)
        await witness.has_heard.wait()
        await hang_up(relay, answer)
        await ended(relay, mock)
    [recording] = tmp_path.rglob("*.jsonl*")
    assert "response.done" in recording.read_text()


async def test_a_drain_hangs_up() -> None:
    """Calls end with the relay, as sessions do."""
    witness = Witness()
    async with place(witness) as (relay, mock):
        answer = await call(relay)
        await witness.has_opened.wait()
        await relay.sessions.drain(0)
        await ended(relay, mock)
        assert mock.calls.ended == [id_of(answer)]
        assert relay.ended_by("draining") == 1


async def test_a_call_that_ends_at_the_api() -> None:
    """A call that was ended at the API is over here too."""
    witness = Witness()
    async with place(witness) as (relay, mock):
        answer = await call(relay)
        await witness.has_opened.wait()
        await mock.calls.hang_up(id_of(answer))
        await ended(relay, mock)
        assert relay.ended_by("upstream_closed") == 1
        assert (await hang_up(relay, answer)).status_code == 404


@pytest.mark.parametrize("levels", [150, 300, 900, 5000])
async def test_a_call_that_is_nested_without_end(levels) -> None:
    """A session of some hundred levels is HTTP 400 with the API's error object, and no call is made."""
    session = f'{{"type":"realtime","tracing":{{"metadata":{"[" * levels}{"]" * levels}}}}}'
    form = {"sdp": (None, OFFER, "application/sdp"), "session": (None, session, "application/json")}
    async with place() as (relay, mock), http_client(base_url=relay.http, timeout=30) as http:
        answer = await http.post("/v1/realtime/calls", files=form)
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")
        assert list(mock.calls) == []


ANNA, BERTA = {"OpenAI-Safety-Identifier": "anna"}, {"OpenAI-Safety-Identifier": "berta"}


async def test_others_cannot_hang_up() -> None:
    """A call ends for its own subject alone; to others, and where it is unknown, there is no such call."""
    async with place(tokens=TOKEN) as (relay, mock):
        who = {"Authorization": f"Bearer {TOKEN}"}
        answer = await call(relay, **who, **ANNA)
        for headers, status, code in (({}, 401, "credentials_missing"), ({**who, **BERTA}, 404, "call_id_not_found")):
            refusal = await hang_up(relay, answer, **headers)
            assert (refusal.status_code, refusal.json()["error"]["code"]) == (status, code)
        assert len(list(mock.calls)) == 1
        assert (await hang_up(relay, answer, **who, **ANNA)).status_code == 200


@pytest.mark.parametrize(
    ("query", "headers", "status", "code"),
    [
        ("", {}, 401, "credentials_missing"),
        ("", {"Authorization": "Bearer wrong"}, 401, "credentials_refused"),
        ("", {"Authorization": f"Bearer {TOKEN}", "Origin": "https://other.example"}, 403, "origin_refused"),
        ("?profile=none", {"Authorization": f"Bearer {TOKEN}"}, 404, "profile_unknown"),
        ("?profile=locked", {"Authorization": f"Bearer {TOKEN}"}, 403, "no_calls"),
        ("?profile=talk", {"Authorization": f"Bearer {TOKEN}"}, 404, "kind_refused"),
    ],
)
async def test_who_gets_no_call(query, headers, status, code) -> None:
    """A caller is admitted as a peer is, and refused by HTTP status; one whose instructions are locked has none."""
    profiles = {"locked": {"instructions": "Be kind.", "lock": ["instructions"]}, "talk": {"type": "translation"}}
    async with place(tokens=TOKEN, profiles=profiles) as (relay, mock):
        answer = await call(relay, query, **headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert relay.ended_by(code) == 1
        assert not mock.calls.ended


async def test_calls_count_as_sessions() -> None:
    """A call takes one of the relay's places, and one of its subject's."""
    async with place(max_sessions=1) as (relay, _):
        answer = await call(relay)
        assert ((await call(relay)).json()["error"]["code"], answer.status_code) == ("full", 201)
    async with place(quotas={"subject": {"sessions": 1}}) as (relay, _):
        answer = await call(relay, **ANNA)
        refused = await call(relay, **ANNA)
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_sessions")
        assert (await call(relay, **BERTA)).status_code == 201


async def test_a_request_that_is_wrong() -> None:
    """A wrong request is told what is wrong, and asks nothing of the API."""
    profiles = {"default": {"instructions": "Be kind."}}
    async with place(profiles=profiles) as (relay, mock), http_client(base_url=relay.http, timeout=None) as http:
        for content, headers, words in (
            (b"{}", {"Content-Type": "application/json"}, "has to be application/sdp"),
            (b"v=0" * 50_000, SDP, "more than"),
            (OFFER.encode(), {}, "has to be"),
        ):
            answer = await http.post("/v1/realtime/calls", content=content, headers=headers)
            assert answer.status_code == 400
            assert words in answer.json()["error"]["message"]
        for session, param in (({"model": 5}, "session.model"), ({"type": "transcription"}, "session.type")):
            answer = await call(relay, "", session)
            assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
        assert list(mock.calls) == []


async def test_a_page_of_another_origin() -> None:
    """A page of an allowed origin may ask, with any header, and read the place of its call; other pages may not."""
    ours, other = "https://shop.example", "https://other.example"
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    async with place(allowed_origins=ours) as (relay, _), http_client(base_url=relay.http, timeout=None) as http:
        for path in ("/v1/realtime/calls", "/v1/realtime/calls/rtc_1/hangup"):
            assert (await http.options(path, headers={"Origin": ours, **asked})).status_code == 200
            assert (await http.options(path, headers={"Origin": other, **asked})).status_code == 400
            assert (await http.options(path)).headers["allow"] == "POST"
        answer = await call(relay, Origin=ours)
        assert answer.headers["access-control-allow-origin"] == ours
        assert answer.headers["access-control-expose-headers"] == "Location"
        assert (await hang_up(relay, answer, Origin=other)).status_code == 403
        assert (await hang_up(relay, answer, Origin=ours)).status_code == 200


async def test_the_place_of_a_call_behind_a_proxy() -> None:
    """Under a root path the caller is told the place where it finds its call."""
    async with place(root_path="/voice") as (relay, mock), http_client(base_url=relay.http, timeout=None) as http:
        answer = await http.post("/voice/v1/realtime/calls", content=OFFER, headers=SDP)
        assert answer.headers["location"].startswith("/voice/v1/realtime/calls/rtc_")
        assert (await hang_up(relay, answer)).status_code == 200
        await ended(relay, mock)


def test_the_http_client_is_not_loaded_before_the_first_call() -> None:
    """A relay that makes no calls holds no HTTP client."""
    code = "import sys, relay; relay.create_app(relay.load_settings(upstream='mock')); print('httpx2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
