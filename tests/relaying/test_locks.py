"""Locks as a peer meets them, over real sockets."""

import json

from tests.fakes.running import running
from tests.fakes.upstream import scripted_upstream

PROFILE = {"model": "gpt-realtime-2.1", "instructions": "Be kind.", "lock": ["instructions", "model"]}


async def test_a_locked_profile_holds() -> None:
    """The injected instructions go up, the peer's own do not, and what comes back does not show them."""
    async with (
        scripted_upstream() as upstream,
        running(upstream.url, profiles={"default": PROFILE}) as relay,
        relay.peer() as peer,
    ):
        injected = json.loads(await peer.recv())
        assert injected["session"] == {"type": "realtime", "instructions": "Be kind."}
        await peer.send('{"type":"session.update","session":{"type":"realtime","instructions":"Be rude.","speed":2}}')
        assert json.loads(await peer.recv())["session"] == {"type": "realtime", "speed": 2}
        await peer.send(b"\x00")
        assert json.loads(await peer.recv())["error"]["code"] == "event_refused"
        await peer.send('{"type":"session.updated","session":{"instructions":"Be kind."}}')
        assert json.loads(await peer.recv()) == {"type": "session.updated", "session": {}}


async def test_a_locked_peer_chooses_no_other_kind_of_session() -> None:
    """A call, an intent or a locked model in the peer's address does not reach the upstream."""
    async with (
        scripted_upstream() as upstream,
        running(upstream.url, profiles={"default": PROFILE}) as relay,
        relay.peer("?model=dear&intent=transcription&call_id=rtc_1&other=1"),
    ):
        assert upstream.handshakes[0].path == "/v1/realtime?model=gpt-realtime-2.1&other=1"
