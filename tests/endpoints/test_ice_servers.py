"""By which servers pages may come to the relay, told by it and tried with a real one."""

import asyncio
from pathlib import Path

import pytest
from aioice import stun, turn
from aiortc import RTCIceServer

from relay.stand_ins.mock import Pace, serve_mock
from tests.endpoints.test_calls import call
from tests.fakes.coturn import PROGRAM, turn_server
from tests.fakes.http_client import http_client
from tests.fakes.running import running
from tests.fakes.webrtc_peer import webrtc_peer

SECRET = "what-the-turn-servers-know"
TOKENS = [{"token": "rt_the-shops-token-ann", "subject": "ann"}]
ANN = {"Authorization": "Bearer rt_the-shops-token-ann"}


@pytest.mark.skipif(PROGRAM is None, reason="there is no coturn here; `make test` installs Debian's where it may")
async def test_a_turn_server_takes_what_the_relay_tells(tmp_path: Path) -> None:
    """coturn, which knows the secret alone, carries the call of whoever was told by the relay, and of nobody else."""
    async with turn_server(SECRET, tmp_path) as port, serve_mock(pace=Pace.instant()) as mock:
        webrtc = {"calls": "relay", "ice_servers": [f"turn:127.0.0.1:{port}?transport=tcp"]}
        async with (
            running(mock.url, webrtc=webrtc, turn_secret=SECRET, tokens=TOKENS) as relay,
            http_client(base_url=relay.http) as http,
        ):
            assert (await http.get("/v1/realtime/ice_servers")).status_code == 401
            told = await http.get("/v1/realtime/ice_servers", headers=ANN)
            assert told.headers["cache-control"] == "no-store"
            [server] = told.json()["ice_servers"]
            async with webrtc_peer(by=RTCIceServer(**server)) as peer:
                answer = await call(relay, offer=await peer.offer(), **ANN)
                await peer.take(answer.text)
                await peer.event("session.created")
        later = server["username"].replace(server["username"][:3], "999", 1)
        with pytest.raises(stun.TransactionFailed):
            await allocate(port, later, server["credential"])


async def allocate(port: int, username: str, credential: str) -> None:
    """Have the server relay, and no more.

    Raises:
        TransactionFailed: it does not.
    """
    where = ("127.0.0.1", port)
    transport, _ = await turn.create_turn_endpoint(
        asyncio.DatagramProtocol, server_addr=where, username=username, password=credential, transport="tcp"
    )
    transport.close()


async def test_nothing_is_told_where_nothing_is_set() -> None:
    """A relay without such servers says so."""
    async with serve_mock(pace=Pace.instant()) as mock, running(mock.url) as relay:
        async with http_client(base_url=relay.http) as http:
            told = await http.get("/v1/realtime/ice_servers")
        assert told.json() == {"ice_servers": [], "expires_at": None, "calls": "api", "video": None}


async def test_how_cameras_are_shown_is_told_for_the_profile_that_is_asked_for() -> None:
    """A page knows before it calls whether somebody watches; a profile that there is not is refused as anywhere."""
    profiles = {"eyes": {"webrtc": {"calls": "relay", "video": {"when": "interval", "interval_s": 2, "most": 9}}}}
    webrtc = {"calls": "api", "video": {"when": "turn"}}
    async with (
        serve_mock(pace=Pace.instant()) as mock,
        running(mock.url, webrtc=webrtc, profiles=profiles) as relay,
        http_client(base_url=relay.http) as http,
    ):
        told = await http.get("/v1/realtime/ice_servers?profile=eyes")
        assert told.json()["video"] == {"when": "interval", "interval_s": 2, "side": 640, "most": 9}
        assert (await http.get("/v1/realtime/ice_servers")).json()["video"] is None  # the API answers these calls
        assert (await http.get("/v1/realtime/ice_servers?profile=ears")).status_code == 404
