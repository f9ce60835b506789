"""Calls by SIP through the relay, over real sockets: accepted with the profile, metered, turned away, handed on."""

from typing import Any

import httpx2 as httpx
import pytest
from openai import AsyncOpenAI
from starlette.responses import JSONResponse

from tests.fakes.calls_api import CallsApi, calls_api
from tests.fakes.http_client import http_client
from tests.fakes.running import Running, running

KEY = "sk-the-relays-own-key"
TOKEN = "rt_the-shops-token-012345"
NAMED = "rt_annas-token-0123456789"
WHO = {"Authorization": f"Bearer {TOKEN}"}
PROFILES: dict[str, Any] = {"default": {"instructions": "Be kind.", "lock": ["instructions"]}}


async def ask(relay: Running, verb: str, body: Any = None, call_id: str = "rtc_1", **headers: str) -> httpx.Response:
    async with http_client(base_url=relay.http, headers=headers or WHO, timeout=30) as http:
        return await http.post(f"/v1/realtime/calls/{call_id}/{verb}", json={} if body is None else body)


async def test_a_call_is_accepted_with_the_profile_and_metered() -> None:
    """The API is told to accept with the profile's session, locks and all, and the sideband is a session here."""
    async with (
        calls_api(CallsApi()) as api,
        running(api.url, tokens=TOKEN, OPENAI_API_KEY=KEY, profiles=PROFILES) as relay,
        AsyncOpenAI(api_key=TOKEN, base_url=f"{relay.http}/v1", max_retries=0) as client,
    ):
        await client.realtime.calls.accept("rtc_1", type="realtime", instructions="No.", max_output_tokens=50)
        assert await api.decisions.get() == (
            "rtc_1",
            "accept",
            {"type": "realtime", "instructions": "Be kind.", "max_output_tokens": 50, "model": "gpt-realtime-2.1"},
        )
        assert relay.sessions.reserved == 1
        await client.realtime.calls.hangup("rtc_1")
        assert await api.hangups.get() == "rtc_1"
        await relay.sessions.empty()
        assert relay.ended_by("peer_closed") == 1


async def test_a_call_is_turned_away_or_handed_on() -> None:
    """`reject` and `refer` go to the API with the relay's key and what they have to say, and nothing else."""
    async with (
        calls_api(CallsApi()) as api,
        running(api.url, tokens=TOKEN, OPENAI_API_KEY=KEY) as relay,
        AsyncOpenAI(api_key=TOKEN, base_url=f"{relay.http}/v1", max_retries=0) as client,
    ):
        await client.realtime.calls.reject("rtc_1", status_code=486)
        await client.realtime.calls.reject("rtc_2")
        await client.realtime.calls.refer("rtc_3", target_uri="tel:+14155550123")
        assert [await api.decisions.get() for _ in range(3)] == [
            ("rtc_1", "reject", {"status_code": 486}),
            ("rtc_2", "reject", {"status_code": 603}),
            ("rtc_3", "refer", {"target_uri": "tel:+14155550123"}),
        ]
        assert relay.sessions.reserved == 0


@pytest.mark.parametrize(
    ("verb", "body", "param"),
    [
        ("accept", [], None),
        ("accept", {"type": "transcription"}, "session.type"),
        ("accept", {"model": 5}, "session.model"),
        ("reject", {"status_code": "486"}, "status_code"),
        ("reject", {"status_code": 200}, "status_code"),
        ("refer", {}, "target_uri"),
        ("refer", {"target_uri": "x" * 3000}, "target_uri"),
    ],
)
async def test_a_request_that_is_wrong(verb, body, param) -> None:
    """A wrong request is told what is wrong, and the API hears nothing of it."""
    async with calls_api(CallsApi()) as api, running(api.url, tokens=TOKEN, profiles=PROFILES) as relay:
        answer = await ask(relay, verb, body)
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
        assert api.decisions.empty()


@pytest.mark.parametrize("verb", ["accept", "reject", "refer"])
async def test_who_decides_nothing(verb) -> None:
    """Neither a stranger nor the holder of a ticket decides on a call, and an id names no other path."""
    body = {"target_uri": "tel:+1"} if verb == "refer" else {}
    async with calls_api(CallsApi()) as api, running(api.url, tokens=TOKEN) as relay:
        async with http_client(base_url=relay.http, headers=WHO) as http:
            ticket = (await http.post("/v1/realtime/client_secrets")).json()["value"]
        for headers in ({"X": "y"}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Bearer {ticket}"}):
            assert (await ask(relay, verb, body, **headers)).status_code == 401
        for call_id in ("..%2F..%2Fx", "a%3Fb", "%00", "x" * 300):
            assert (await ask(relay, verb, body, call_id)).status_code == 404
        assert api.decisions.empty()


async def test_another_ones_call() -> None:
    """A call that goes on here is referred by its own subject alone."""
    anna, berta = ({**WHO, "OpenAI-Safety-Identifier": name} for name in ("anna", "berta"))
    to = {"target_uri": "tel:+1"}
    async with calls_api(CallsApi()) as api, running(api.url, tokens=TOKEN) as relay:
        assert (await ask(relay, "accept", **anna)).status_code == 200
        assert (await ask(relay, "refer", to, **berta)).status_code == 404
        assert (await ask(relay, "refer", to, **anna)).status_code == 200
        assert [(await api.decisions.get())[1] for _ in range(2)] == ["accept", "refer"]


@pytest.mark.parametrize("verb", ["accept", "reject", "refer"])
async def test_a_call_that_nobody_here_knows(verb) -> None:
    """It is decided on by whoever speaks for all, and with a credential that names somebody only where `attach` is."""
    profiles = {"default": {}, "telephone": {"attach": True}}
    tokens = [{"token": TOKEN}, {"token": NAMED, "subject": "anna"}]
    anna = {"Authorization": f"Bearer {NAMED}"}
    body = {"target_uri": "tel:+1"} if verb == "refer" else {}
    async with calls_api(CallsApi()) as api, running(api.url, tokens=tokens, profiles=profiles) as relay:
        answer = await ask(relay, verb, body, **anna)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "call_id_not_found")
        assert api.decisions.empty()
        assert (await ask(relay, verb, body)).status_code == 200
        assert (await ask(relay, f"{verb}?profile=telephone", body, "rtc_2", **anna)).status_code == 200


async def test_what_the_api_says() -> None:
    """Where the API refuses, its status and its words are told, and no session is left."""
    error = {"type": "invalid_request_error", "code": "call_id_not_found", "message": "No such call.", "param": None}
    api = CallsApi(decided=JSONResponse({"error": error}, 404))
    async with calls_api(api), running(api.url, tokens=TOKEN) as relay:
        answer = await ask(relay, "accept")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "call_id_not_found")
        await relay.sessions.empty()
        assert api.hangups.empty()


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/realtime?model=gpt-realtime", 400, "beta_api_shape_disabled"),
        ("/v1/realtime/translations/client_secrets", 404, "kind_refused"),
    ],
)
async def test_what_is_refused_with_a_sentence(path, status, code) -> None:
    """The beta's place for WebRTC and the API's for translations' secrets are refused with what to ask for instead."""
    async with running("ws://127.0.0.1:1") as relay, http_client(base_url=relay.http) as http:
        answer = await http.post(path, content=b"v=0\r\n", headers={"Content-Type": "application/sdp"})
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (status, code)
        assert "/v1/realtime/c" in error["message"]
