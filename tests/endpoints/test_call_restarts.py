"""A caller whose network has changed finds its way anew, in the same call."""

from typing import Any

import httpx2 as httpx
import pytest
import webrtc

from relay.checking.caller import Caller
from relay.legs.webrtc.descriptions import without_candidates
from relay.stand_ins.mock import Pace, serve_mock
from tests.endpoints.test_answered_calls import ANN, RELAY
from tests.endpoints.test_calls import call
from tests.fakes.http_client import http_client
from tests.fakes.lossy_network import LossyNetwork
from tests.fakes.running import Running, running
from tests.fakes.webrtc_peer import webrtc_peer

PATIENCE_S = 100.0
SDP = {"Content-Type": "application/sdp"}


class MovingCaller(Caller):
    """A caller on libwebrtc, as browsers are, that can offer anew."""

    async def offer_anew(self) -> str:
        offer = await self._pc.create_offer(webrtc.RTCOfferOptions(ice_restart=True))
        await self._pc.set_local_description(offer)
        return without_candidates(offer.sdp)

    async def take_anew(self, answer: str) -> None:
        await self._pc.set_remote_description(webrtc.RTCSessionDescriptionInit("answer", answer))


async def patch(relay: Running, place: str, sdp: str, **headers: str) -> httpx.Response:
    async with http_client(base_url=relay.http, headers={**SDP, **headers}) as http:
        return await http.patch(place, content=sdp)


@pytest.mark.parametrize("workers", [0, 1])
async def test_a_call_goes_on_by_another_way(workers) -> None:
    """Where the old way lets nothing through, another offer to the `Location` finds one; session and channel go on."""
    network, caller = LossyNetwork(), MovingCaller()
    webrtc_options = {**RELAY, "workers": workers}
    async with serve_mock(pace=Pace.instant()) as mock, running(mock.url, webrtc=webrtc_options) as relay:
        try:
            answer = await call(relay, offer=await caller.offer())
            await caller.take(await network.answer_through(answer.text))
            assert await caller.until(lambda: caller.is_open and caller.told, PATIENCE_S)
            network.share = 1.0
            again = await patch(relay, answer.headers["location"], await caller.offer_anew())
            assert (again.status_code, again.headers["content-type"]) == (200, "application/sdp")
            await caller.take_anew(again.text)
            caller.say("response.create")
            assert await caller.until(lambda: told(caller, "response.done"), PATIENCE_S)
            assert (len(mock.sessions), len(relay.sessions)) == (1, 1)
        finally:
            network.close()
            await caller.close()
        await relay.sessions.empty()


def told(caller: Caller, kind: str) -> list[dict[str, Any]]:
    return [event for event in caller.told if event["type"] == kind]


async def test_what_restarts_nothing() -> None:
    """Another connection's offer, one that is none, a stranger's and one of no call are refused; the call goes on."""
    tokens = [{"token": f"rt_the-shops-token-{name}", "subject": name} for name in ("ann", "bob")]
    bob = {"Authorization": "Bearer rt_the-shops-token-bob"}
    caller = MovingCaller()
    async with (
        serve_mock(pace=Pace.instant()) as mock,
        running(mock.url, webrtc=RELAY, tokens=tokens) as relay,
        webrtc_peer() as other,
    ):
        try:
            first = await caller.offer()
            answer = await call(relay, offer=first, **ANN)
            place = answer.headers["location"]
            await caller.take(answer.text)
            assert await caller.until(lambda: caller.is_open and caller.told, PATIENCE_S)
            for sdp in (await other.offer(), first, "v=0\r\n"):
                assert (await patch(relay, place, sdp, **ANN)).status_code == 400
            assert (await patch(relay, place, first)).status_code == 401
            assert (await patch(relay, place, first, **bob)).status_code == 404
            assert (await patch(relay, "/v1/realtime/calls/rtc_none", first, **ANN)).status_code == 404
            caller.say("response.create")
            assert await caller.until(lambda: told(caller, "response.done"), PATIENCE_S)
        finally:
            await caller.close()
