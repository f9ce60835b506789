"""Calls and Live sessions of others: knowing the id of one is not enough."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from starlette.responses import Response
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidStatus

from relay.admission.identity import ANYBODY, Identity
from relay.admission.session_request import AdmittedRequest
from relay.config.kinds import LIVE, LIVE_FORK, LIVE_SIDEBAND, TRANSLATION
from relay.config.profiles import read_profile
from relay.core.causes import Cause
from relay.core.closing import Refused
from relay.core.leg import Closed
from relay.sessions.ownership import Owners
from relay.stand_ins.mock import Pace, serve_mock
from tests.fakes.calls_api import CallsApi, calls_api
from tests.fakes.http_client import http_client
from tests.fakes.legs import Joined
from tests.fakes.process import relay_process
from tests.fakes.running import Running, running
from tests.fakes.upstream import scripted_upstream
from tests.fakes.webrtc import OFFER

ANNA, BERTA, SHOP = "rt_annas-token-0123456789", "rt_bertas-token-012345678", "rt_the-shops-token-012345"
TOKENS = [{"token": ANNA, "subject": "anna"}, {"token": BERTA, "subject": "berta"}, {"token": SHOP}]
PROFILES: dict[str, Any] = {"default": {}, "realtime": {"attach": True}, "live": {"type": "live", "attach": True}}
CONFIG = f"""
tokens = [{{token="{ANNA}", subject="anna"}}, {{token="{BERTA}", subject="berta"}}, {{token="{SHOP}"}}]
[profiles.default]
[profiles.realtime]
attach = true
[profiles.live]
type = "live"
attach = true
"""
ATTACH, FORK = "live/sessions/{}/attach", "live/sessions/{}/fork"
SIDEBAND = "realtime?call_id={}"


def dial(relay: Running, path: str, token: str | None, **headers: str) -> connect:
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    url = relay.url.replace("realtime", path)
    return connect(url, max_size=None, compression=None, proxy=None, additional_headers=headers)


async def gets_in(relay: Running, path: str, token: str | None, **headers: str) -> bool:
    """Whether somebody with this token reaches that; else there is no such call for him, as at the API."""
    try:
        async with dial(relay, path, token, **headers):
            return True
    except InvalidStatus as refusal:
        answer = refusal.response
    assert (answer.status_code, json.loads(answer.body or b"")["error"]["code"]) == (404, "call_id_not_found")
    return False


def by_profile(where: str) -> str:
    """The same address, with the profile that lets its peers attach."""
    return f"{where}{'&' if '?' in where else '?'}profile={where.partition('/')[0].partition('?')[0]}"


async def start(connection: ServerConnection) -> None:
    """An upstream of Live sessions: each that is started is told its id."""
    async for _ in connection:
        await connection.send(json.dumps({"type": "session.started", "session": {"id": "live_of_anna"}}))


@asynccontextmanager
async def annas_live_session(relay: Running) -> AsyncIterator[ClientConnection]:
    async with dial(relay, "live/sessions", ANNA) as anna:
        await anna.send('{"type":"session.start","session":{"model":"gpt-live-1"}}')
        await anna.recv()
        yield anna


@pytest.mark.parametrize("path", [ATTACH, FORK, SIDEBAND, f"{ATTACH}?call_id=live_of_anna"])
async def test_a_live_session_belongs_to_its_subject(path) -> None:
    """Whoever opened a Live session attaches to it and forks it; another subject does not, whatever its profile."""
    where = path.format("live_of_anna")
    async with (
        scripted_upstream(start) as upstream,
        running(upstream.url, tokens=TOKENS, profiles=PROFILES) as relay,
    ):
        async with annas_live_session(relay):
            assert await gets_in(relay, where, ANNA)
            assert not await gets_in(relay, where, BERTA)
            assert not await gets_in(relay, by_profile(where), BERTA)
            assert not await gets_in(relay, where, SHOP)
            assert await gets_in(relay, where, SHOP, **{"OpenAI-Safety-Identifier": "anna"})
        await relay.sessions.empty()
        assert not await gets_in(relay, where, ANNA)


@pytest.mark.parametrize("path", [ATTACH, FORK, SIDEBAND])
async def test_what_nobody_here_knows(path) -> None:
    """An unknown id passes where the credential names nobody, and else only where the profile says `attach`."""
    where = path.format("elsewhere_1")
    async with (
        scripted_upstream() as upstream,
        running(upstream.url, tokens=TOKENS, profiles=PROFILES) as relay,
        running(upstream.url) as open_relay,
    ):
        assert not await gets_in(relay, where, ANNA)
        assert len(upstream.connections) == 0
        assert await gets_in(relay, where, SHOP)
        assert await gets_in(relay, by_profile(where), ANNA)
        assert await gets_in(open_relay, where, None)


async def test_a_call_belongs_to_its_subject() -> None:
    """The sideband of a call that the relay made is its caller's alone, and nobody's who merely knows its id."""
    async with (
        serve_mock(pace=Pace.instant()) as mock,
        running(mock.url, tokens=TOKENS, profiles=PROFILES) as relay,
        http_client(base_url=relay.http, headers={"Authorization": f"Bearer {ANNA}"}, timeout=30) as http,
    ):
        answer = await http.post("/v1/realtime/calls", content=OFFER, headers={"Content-Type": "application/sdp"})
        assert answer.status_code == 201
        where = SIDEBAND.format(answer.headers["location"].rpartition("/")[2])
        assert await gets_in(relay, where, ANNA)
        assert not await gets_in(relay, where, BERTA)
        assert not await gets_in(relay, by_profile(where), BERTA)
        twice = f"{SIDEBAND.format('rtc_of_berta')}&{where.partition('?')[2]}"
        assert not await gets_in(relay, twice, BERTA)
        await http.post(f"{answer.headers['location']}/hangup")
        await relay.sessions.empty()


def asking(identity: Identity, id_: str = "live_1", **profile: Any) -> AdmittedRequest:
    return AdmittedRequest(
        endpoint_kind=LIVE_SIDEBAND, other_id=id_, identity=identity, profile=read_profile("p", profile)
    )


async def busy_workers(address: str) -> set[str]:
    """The workers that have sessions."""
    async with http_client(timeout=None) as http:
        metrics = (await http.get(f"{address}/metrics")).text
    found = re.findall(r'^relay_sessions_open{worker="(\d)"} (\S+)', metrics, re.MULTILINE)
    return {worker for worker, count in found if float(count)}


@pytest.mark.parametrize("path", [ATTACH, FORK, SIDEBAND])
async def test_workers_know_each_others_sessions(path, tmp_path: Path) -> None:
    """Whichever worker is reached, a Live session that another one has is its subject's, and nobody else's."""
    config = tmp_path / "relay.toml"
    config.write_text(CONFIG)
    async with (
        scripted_upstream(start) as upstream,
        relay_process("--config", str(config), "--upstream", upstream.url, "--workers", "2") as (_, address),
        AsyncExitStack() as stack,
    ):

        def asked(where: str, token: str) -> connect:
            headers = {"Authorization": f"Bearer {token}"}
            return connect(f"{address.replace('http', 'ws')}/v1/{where}", proxy=None, additional_headers=headers)

        anna = await stack.enter_async_context(asked("live/sessions", ANNA))
        await anna.send('{"type":"session.start","session":{"model":"gpt-live-1"}}')
        await anna.recv()
        where = path.format("live_of_anna")
        while len(await busy_workers(address)) < 2:
            await stack.enter_async_context(asked(where, ANNA))
        for other in (BERTA, SHOP):
            for attempt in (where, by_profile(where)) * 4:
                with pytest.raises(InvalidStatus) as refusal:
                    await stack.enter_async_context(asked(attempt, other))
                assert refusal.value.response.status_code == 404


async def test_workers_hang_up_for_each_other(tmp_path: Path) -> None:
    """A call is ended through whichever worker its subject reaches, and through none by another one."""
    config = tmp_path / "relay.toml"
    config.write_text(CONFIG)
    async with (
        calls_api(CallsApi()) as api,
        relay_process("--config", str(config), "--upstream", api.url, "--workers", "2") as (_, address),
    ):

        async def post(where: str, token: str, **content: Any) -> httpx.Response:
            """By a connection of its own, which either worker may get."""
            headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {token}"}
            async with http_client(base_url=address, timeout=30) as http:
                return await http.post(where, headers=headers, **content)

        for number in range(6):
            api.made = Response("v=0\r\n", 201, {"Location": f"/v1/realtime/calls/rtc_{number}"})
            made = await post("/v1/realtime/calls", ANNA, content=OFFER)
            where = f"{made.headers['location']}/hangup"
            assert (await post(where, BERTA)).status_code == 404
            assert (await post(where, ANNA)).status_code == 200
            await api.hangups.get()


NAMED, SHARED = Identity("anna"), Identity("token-1", speaks_for_others=True)


@pytest.mark.parametrize(
    ("identity", "profile", "may"),
    [
        (NAMED, {}, False),
        (NAMED, {"attach": True}, True),
        (Identity("anna", is_ticket=True), {}, False),
        (Identity(None, is_ticket=True), {}, True),
        (SHARED, {}, True),
        (ANYBODY, {}, True),
    ],
)
async def test_who_reaches_what_is_unknown(identity, profile, may) -> None:
    """A token or JWT that names somebody, and a ticket for somebody, reach only what is known to be theirs."""
    owners = Owners()
    if may:
        await owners.check(asking(identity, **profile))
    else:
        with pytest.raises(Refused) as refusal:
            await owners.check(asking(identity, **profile))
        assert refusal.value.ended.cause is Cause.CALL_UNKNOWN


async def test_a_session_is_known_while_it_goes_on() -> None:
    """A Live session's id is noted when the upstream tells it, and forgotten at its end; what is another's stays so."""
    owners = Owners()
    for kind in (LIVE, LIVE_FORK):
        claim = owners.claim(asking(NAMED), kind)
        assert claim is not None
        session = Joined(claim).opened()
        session.upstream_says('{"type":"session.started","session":{"id":["odd"]}}')
        session.upstream_says('{"type":"session.started","session":{"id":"live_1"}}')
        await owners.check(asking(NAMED))
        thief = owners.claim(asking(Identity("berta")), LIVE)
        assert thief is not None
        stolen = Joined(thief).opened()
        stolen.upstream_says('{"type":"session.started","session":{"id":"live_1"}}')
        stolen.session.peer_listener.on_closed(Closed(1000), 0.0)
        stolen.session.finish(0.0)
        await owners.check(asking(NAMED))
        session.session.peer_listener.on_closed(Closed(1000), 0.0)
        session.session.finish(0.0)
        with pytest.raises(Refused):
            await owners.check(asking(NAMED))
    assert owners.claim(asking(NAMED), TRANSLATION) is None
