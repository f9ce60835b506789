"""A network that is gone for five seconds in the middle of a call."""

import asyncio

import pytest

from relay.legs.webrtc.descriptions import candidates_of
from relay.stand_ins.mock import Pace, serve_mock
from tests.endpoints.test_calls import call
from tests.fakes.running import running
from tests.fakes.udp_line import udp_line
from tests.fakes.webrtc_peer import webrtc_peer

pytestmark = pytest.mark.reliability

CUT_S = 5.0


@pytest.mark.parametrize("engine", ["wrtc", "aiortc"])
async def test_a_network_that_is_away_for_five_seconds(engine) -> None:
    """The call goes on where it was: what was said meanwhile arrives, and the next answer is heard."""
    webrtc = {"calls": "relay", "engine": engine}
    async with (
        serve_mock(pace=Pace.instant()) as mock,
        running(mock.url, webrtc=webrtc) as relay,
        webrtc_peer() as peer,
    ):
        peer.microphone.muted = True
        answer = (await call(relay, offer=await peer.offer())).text
        there = next(each for each in candidates_of(answer) if each.transport == "udp" and "." in each.address)
        async with udp_line(there.address, there.port) as line:
            await peer.take(through(answer, there.address, there.port))
            await peer.event("session.created")
            line.is_cut = True
            peer.send(type="response.create")
            await asyncio.sleep(CUT_S)  # which is what is tried
            assert "response.created" not in {event["type"] for event in peer.told}
            line.is_cut = False
            await peer.event("response.done")
            await peer.until(lambda: peer.loudness > 0.02)
            assert not peer.is_closed
            assert line.passed > 0


def through(answer: str, address: str, port: int) -> str:
    """The answer with one candidate, which is the line's."""
    lines = []
    for text in answer.splitlines():
        if not text.startswith("a=candidate"):
            lines.append(text)
        elif f" {address} {port} " in text:
            lines.append(text.replace(address, "127.0.0.1"))
    return "\r\n".join(lines) + "\r\n"
