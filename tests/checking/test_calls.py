"""relay.checking.calls, and `relay check --webrtc`: a call made for real, and what is said where one cannot be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from relay.checking.caller import Caller
from relay.checking.calls import HINTS, STEPS, Call, addresses, calls_url, check_call
from relay.checking.check import Failed, Found, Verdict
from relay.checking.endpoint import Endpoint
from relay.checking.run import Unreachable
from relay.legs.webrtc.descriptions import Candidate
from relay.stand_ins.mock import Pace, serve_mock
from tests.checking.test_command import check
from tests.fakes.http_client import http_client
from tests.fakes.rude import realtime, rude
from tests.fakes.running import running

UNREACHABLE = "198.51.100.1"
"""An address of documentation, where nobody is."""


@asynccontextmanager
async def answering(status: str, head: str, body: str) -> AsyncIterator[str]:
    """A server that answers each request so; gives its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"a=sctp-port:5000")
        writer.write(f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/realtime"


async def verdicts(url: str, patience_s: float = 30.0) -> dict[str, Verdict]:
    return {verdict.name: verdict async for verdict in check_call(Endpoint(url), patience_s)}


async def test_a_call_that_is_answered() -> None:
    """Each step passes, with what was seen, and nobody is left in the call."""
    async with serve_mock(pace=Pace.instant()) as mock, running(mock.url, webrtc={"calls": "relay"}) as relay:
        found = await verdicts(relay.url)
        await relay.sessions.empty()
    assert [(name, verdict.found) for name, verdict in found.items()] == [(name, Found.PASS) for name in STEPS]
    assert found["call-events"].reason == "session.created"
    assert "/udp" in found["call-addresses"].reason
    assert "packets" in found["call-sound"].reason


async def test_a_relay_that_answers_no_calls() -> None:
    """The refusal is told in its own words, with the setting that changes it; the other steps are not applicable."""
    async with serve_mock() as mock, running(mock.url, webrtc={"calls": "off"}) as relay:
        found = await verdicts(relay.url)
    first, *others = found.values()
    assert first.reason.startswith("HTTP 403: ")
    assert first.reason.endswith(HINTS["no_calls"])
    assert {verdict.found for verdict in others} == {Found.NOT_APPLICABLE}
    assert {verdict.reason for verdict in others} == {"call-answered failed"}


async def test_addresses_that_nobody_reaches() -> None:
    """Where nothing comes back the addresses are named, and what to do about them."""
    options = {"calls": "relay", "advertise": [UNREACHABLE]}
    async with serve_mock() as mock, running(mock.url, webrtc=options) as relay:
        found = await verdicts(relay.url, patience_s=1.0)
    assert found["call-addresses"].reason.startswith(UNREACHABLE)
    reason = found["call-connected"].reason
    assert reason.startswith(f"nothing came back from {UNREACHABLE} ")
    assert "webrtc.advertise" in reason
    assert found["call-hung-up"].found is Found.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("status", "head", "body", "step", "words"),
    [
        ("401 X", "", '{"error":{"code":"c","message":"Who?"}}', "call-answered", "HTTP 401: Who?; give a credential"),
        ("502 X", "", "<html>", "call-answered", "HTTP 502: no words that the API would use"),
        ("201 X", "", "v=0", "call-answered", "the answer has no Location"),
        ("201 X", "Location: /c\r\n", "v=0", "call-addresses", "the answer has no candidate"),
        ("201 X", "Location: /c\r\n", "v=0", "call-connected", "the answer is none that WebRTC can take: "),
    ],
)  # fmt: skip
async def test_answers_of_other_servers(status: str, head: str, body: str, step: str, words: str) -> None:
    """What is wrong with an answer is said with the step that finds it."""
    async with answering(status, head, body) as url:
        found = await verdicts(url)
    assert found[step].found is Found.FAIL
    assert found[step].reason.startswith(words)


async def test_an_upstream_that_begins_with_something_else() -> None:
    """The channel is open, and the first event is not the one that clients wait for."""
    async with (
        rude(realtime(first={"type": "error", "error": {"message": "no"}})) as upstream,
        running(upstream, webrtc={"calls": "relay"}) as relay,
    ):
        found = await verdicts(relay.url)
    assert found["call-events"].reason.startswith("the first event is error: ")


@pytest.mark.parametrize(
    ("asked_at", "offered", "is_reached"),
    [
        ("wss://1.1.1.1/v1/realtime", "10.0.0.7", False),
        ("wss://1.1.1.1/v1/realtime", "1.1.1.1", True),
        ("ws://10.0.0.7/v1/realtime", "10.0.0.7", True),
        ("ws://127.0.0.1/v1/realtime", "127.0.0.1", True),
    ],
)
async def test_private_addresses_of_a_public_relay(asked_at: str, offered: str, is_reached: bool) -> None:
    """A relay that the world asks, and whose sound only its own network reaches, is told of before it is tried."""
    caller = Caller()
    async with http_client() as http:
        call = Call(Endpoint(asked_at), http, caller, 1.0, candidates=[Candidate(offered, 40_000, "udp")])
        if is_reached:
            assert await addresses(call) == f"{offered} 40000/udp"
        else:
            with pytest.raises(Failed, match=r"Set webrtc\.advertise to the public address"):
                await addresses(call)
    await caller.close()


async def test_nobody_there() -> None:
    """Where nothing listens there is no verdict, but one sentence and exit code 2."""
    with pytest.raises(Unreachable, match="Is it running there"):
        await verdicts("ws://127.0.0.1:1/v1/realtime")
    code, out, err = await check("--webrtc", "127.0.0.1:1")
    assert (code, out) == (2, "")
    assert "Is it running there" in err


def test_where_calls_are_made() -> None:
    """Below the address of the WebSockets, with its query."""
    assert calls_url("wss://relay/x/v1/realtime?profile=p") == "https://relay/x/v1/realtime/calls?profile=p"
    assert calls_url("ws://relay/v1/realtime/") == "http://relay/v1/realtime/calls"
