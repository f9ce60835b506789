"""Calls over real sockets: how they are made, watched and ended."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2 as httpx
import orjson
import pytest
from openai import AsyncOpenAI, NotFoundError
from websockets.exceptions import InvalidStatus

from relay.stand_ins.mock import MockServer, Pace, serve_mock
from relay.stand_ins.mock.calls import KEPT_CALLS, Call, Calls
from relay.stand_ins.mock.opening import Opening
from relay.stand_ins.mock.sdp import answer
from tests.fakes.http_client import http_client
from tests.fakes.webrtc import OFFER
from tests.stand_ins.mock.test_mock_server import dial, events_until, send

KEY = {"Authorization": "Bearer sk-right"}
SESSION: dict[str, Any] = {"type": "realtime", "model": "gpt-realtime-2.1", "instructions": "Be kind."}


@pytest.fixture
async def mock() -> AsyncIterator[MockServer]:
    async with serve_mock(pace=Pace.instant(), api_key="sk-right") as mock:
        yield mock


def api(mock: MockServer, key: str = "sk-right") -> AsyncOpenAI:
    return AsyncOpenAI(api_key=key, base_url=base(mock), max_retries=0)


def base(mock: MockServer) -> str:
    return mock.url.replace("ws:", "http:").removesuffix("/realtime")


async def ask(mock: MockServer, **request: Any) -> httpx.Response:
    """Ask for a call by hand."""
    request = {"content": OFFER, **request}
    headers = {"Authorization": "Bearer sk-right", "Content-Type": "application/sdp", **request.pop("headers", {})}
    async with http_client(timeout=None) as http:
        return await http.post(f"{base(mock)}/realtime/calls", headers=headers, **request)


async def test_the_apis_own_package_makes_a_call_and_hangs_up(mock) -> None:
    """A call has an answer in SDP and an id; its sideband has the call's session, answers, and ends with the call."""
    async with api(mock) as client:
        made = await client.realtime.calls.with_raw_response.create(sdp=OFFER, session=SESSION)  # type: ignore[arg-type]
        assert (made.status_code, made.headers["content-type"]) == (201, "application/sdp")
        assert made.text.startswith("v=0\r\n")
        call_id = made.headers["location"].removeprefix("/v1/realtime/calls/")
        assert call_id.startswith("rtc_")
        async with dial(
            mock, f"?call_id={call_id}", additional_headers={"Authorization": "Bearer sk-right"}
        ) as watcher:
            [created] = await events_until(watcher, "session.created")
            assert created["session"]["instructions"] == "Be kind."
            await send(watcher, "response.create")
            await events_until(watcher, "response.done")
            await client.realtime.calls.hangup(call_id)
            await watcher.wait_closed()
            assert watcher.close_code == 1000
        with pytest.raises(NotFoundError, match="No such call"):
            await client.realtime.calls.hangup(call_id)
    assert mock.calls.ended == [call_id]


async def test_a_call_that_nobody_made_cannot_be_watched(mock) -> None:
    """The sideband of an unknown call is refused before the handshake, with 404 and a code."""
    with pytest.raises(InvalidStatus) as refusal:
        async with dial(mock, "?call_id=rtc_1"):
            pass
    response = refusal.value.response
    assert response.status_code == 404
    assert orjson.loads(response.body)["error"]["code"] == "call_id_not_found"


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ({"headers": {"Authorization": "Bearer sk-wrong"}}, 401, "invalid_api_key"),
        ({"headers": {"OpenAI-Beta": "realtime=v1"}}, 400, "beta_api_shape_disabled"),
        ({}, 400, "missing_model"),
        ({"headers": {"Content-Type": "text/plain"}}, 400, "invalid_offer"),
    ],
)
async def test_what_the_api_refuses(mock, request_, status, code) -> None:
    """A wrong key, the beta, a call without a model, and what is no offer are refused with the API's error object."""
    answer = await ask(mock, **request_)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("session", "sdp", "code"),
    [
        ({"model": "m", "voice": "ash"}, OFFER, "unknown_parameter"),
        (SESSION, OFFER.partition("m=audio")[0], "invalid_offer"),
        (SESSION, OFFER.replace("opus", "G722"), "invalid_offer"),
        ({"type": "transcription", "model": "m"}, OFFER, "unknown_parameter"),
    ],
)
async def test_a_wrong_session_or_offer(mock, session, sdp, code) -> None:
    """A session is checked as in an update, and an offer without sound that the API takes is none."""
    form = {"sdp": (None, sdp, "application/sdp"), "session": (None, orjson.dumps(session), "application/json")}
    async with http_client(headers={"Authorization": "Bearer sk-right"}, timeout=None) as http:
        answer = await http.post(f"{base(mock)}/realtime/calls", files=form)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


async def test_a_transcription_call(mock) -> None:
    """A call for transcription names no model, and its sideband has a session of that kind."""
    async with api(mock) as client:
        made = await client.realtime.calls.with_raw_response.create(sdp=OFFER, session={"type": "transcription"})  # type: ignore[arg-type]
    headers = KEY
    query = f"?call_id={made.headers['location'].rpartition('/')[2]}"
    async with dial(mock, query, additional_headers=headers) as watcher:
        [created] = await events_until(watcher, "session.created")
    assert created["session"]["type"] == "transcription"


async def test_a_connection_that_comes_in_single_bytes(mock) -> None:
    """One port serves both halves of the API, however slowly the first bytes come."""
    port = int(mock.url.rpartition(":")[2].partition("/")[0])
    for request, status in (
        (b"POST /other HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
        (b"GET /other HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for octet in request:
            writer.write(bytes([octet]))
            await writer.drain()
        assert (await reader.readline()).split()[1] == status
        writer.close()
        await writer.wait_closed()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"PO")
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()


def test_old_calls_are_forgotten() -> None:
    """The mock remembers the last calls only."""
    calls = Calls()
    for _ in range(KEPT_CALLS + 3):
        calls.add(Call(Opening("m"), OFFER))
    assert len(list(calls)) == KEPT_CALLS


def test_a_medium_that_is_not_taken() -> None:
    """What the API has no use for, such as a picture, is declined in its place, and is no part of the bundle."""
    video = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\na=rtpmap:96 VP8/90000\r\n"
    lines = answer(OFFER + video).splitlines()
    media = [line for line in lines if line.startswith("m=")]
    assert [line.split()[:2] for line in media] == [["m=audio", "9"], ["m=application", "9"], ["m=video", "0"]]
    assert "a=group:BUNDLE 0 1" in lines
    assert lines.index("a=mid:2") == len(lines) - 2
