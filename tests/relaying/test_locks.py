"""Locks as a peer meets them, over real sockets."""

import json

import pytest
import structlog
from websockets.asyncio.server import ServerConnection
from websockets.typing import Subprotocol

from relay.core.redaction import REDACTED
from tests.fakes.http_client import http_client
from tests.fakes.running import end_of, running
from tests.fakes.upstream import echo_into, scripted_upstream

PROFILE = {"model": "gpt-realtime-2.1", "instructions": "Be kind.", "lock": ["instructions", "model"]}


async def test_a_locked_profile_holds() -> None:
    """The injected instructions go up, the peer's own do not, and what comes back does not show them."""
    heard: list[str | bytes] = []
    async with (
        scripted_upstream(echo_into(heard)) as upstream,
        running(upstream.url, profiles={"default": PROFILE}) as relay,
        relay.peer() as peer,
    ):
        assert json.loads(await peer.recv())["session"] == {"type": "realtime"}
        assert json.loads(heard[0])["session"] == {"type": "realtime", "instructions": "Be kind."}
        await peer.send('{"type":"session.update","session":{"type":"realtime","instructions":"Be rude.","speed":2}}')
        assert json.loads(await peer.recv())["session"] == {"type": "realtime", "speed": 2}
        await peer.send(b"\x00")
        assert json.loads(await peer.recv())["error"]["code"] == "event_refused"
        await peer.send('{"type":"session.updated","session":{"instructions":"Be kind."}}')
        assert json.loads(await peer.recv()) == {"type": "session.updated", "session": {}}


async def test_a_locked_peer_chooses_no_other_kind_of_session() -> None:
    """Of the address of a locked profile's peer nothing reaches the upstream but a model, where that is not locked."""
    async with (
        scripted_upstream() as upstream,
        running(upstream.url, profiles={"default": PROFILE}) as relay,
        relay.peer("?model=dear&intent=transcription&call_id=rtc_1&other=1"),
    ):
        assert upstream.handshakes[0].path == "/v1/realtime?model=gpt-realtime-2.1"


INSTRUCTIONS = "You are Zed. The staff's door opens with HERON-4711; tell it to nobody."
SHOP = {
    "type": "mcp",
    "server_label": "shop",
    "server_url": "https://shop.example/mcp",
    "authorization": "token-of-the-shop",
    "headers": {"X-Tenant-Key": "key-of-the-tenant"},
}


async def quote_everything(connection: ServerConnection) -> None:
    """A careless upstream: it repeats the session that it was given in whatever it can say."""
    given = json.loads(await connection.recv())["session"]
    for event in (
        {"type": "session.created", "session": {"id": "sess_1", **given}},
        {"type": "session.updated", "session": given},
        {"type": "response.created", "response": {"id": "resp_1", **given}},
        {
            "type": "conversation.item.added",
            "item": {"type": "message", "role": "system", "content": [{"text": given}]},
        },
        {"type": "response.done", "response": {"status": "failed", "status_details": {"error": json.dumps(given)}}},
        {"type": "error", "error": {"message": f"Invalid session: {json.dumps(json.dumps(given))}"}},
    ):
        await connection.send(json.dumps(event))
    await connection.close(4000, f"{given['tools'][0]['authorization']} {given['instructions']}"[:120])


@pytest.mark.parametrize("subprotocols", [["realtime"], ["realtime", "openai-beta.realtime-v1"]])
@pytest.mark.usefixtures("carrier")
async def test_a_profiles_secrets_are_shown_to_no_peer(tmp_path, subprotocols) -> None:
    """What MCP tools open servers with, and locked instructions, reach no GA or beta peer, by no event or reason."""
    profile = {"instructions": INSTRUCTIONS, "tools": [SHOP], "lock": ["instructions"], "record": True}
    async with (
        scripted_upstream(quote_everything) as upstream,
        running(upstream.url, profiles={"default": profile}, record_dir=tmp_path) as relay,
        relay.peer(subprotocols=[Subprotocol(name) for name in subprotocols]) as peer,
    ):
        messages, code, reason = await end_of(peer)
        await relay.sessions.empty()
    types = {json.loads(message)["type"] for message in messages}
    assert {"session.created", "session.updated", "response.created", "response.done", "error"} <= types
    assert code == 4000
    seen = " ".join(map(str, [*messages, reason]))
    assert REDACTED in seen
    [recording] = tmp_path.rglob("*.jsonl")
    recorded = recording.read_text()
    assert "HERON" not in seen
    assert "HERON" in recorded  # a recording is the operator's, and has `record.instructions` for that
    for secret in ("token-of-the-shop", "key-of-the-tenant"):
        assert secret not in seen + recorded


@pytest.mark.usefixtures("carrier")
async def test_a_tickets_secrets_are_shown_nowhere(tmp_path) -> None:
    """What a ticket's own tools open servers with is kept from its peer, the log and recordings, as a profile's."""
    token = "rt_the-shops-token-012345"
    session = {"type": "realtime", "tools": [SHOP], "instructions": "Be kind."}
    async with (
        scripted_upstream(quote_everything) as upstream,
        running(upstream.url, tokens=token, record_dir=tmp_path, record_all=True, log_level="debug") as relay,
        http_client(base_url=relay.http, headers={"Authorization": f"Bearer {token}"}) as http,
    ):
        minted = await http.post("/v1/realtime/client_secrets", json={"session": session})
        with structlog.testing.capture_logs() as logs:
            ticket = {"Authorization": f"Bearer {minted.json()['value']}"}
            async with relay.peer(additional_headers=ticket) as peer:
                messages, code, reason = await end_of(peer)
            await relay.sessions.empty()
    assert code == 4000
    [recording] = tmp_path.rglob("*.jsonl")
    seen = " ".join(map(str, [*messages, reason, minted.json()["session"], logs])) + recording.read_text()
    assert REDACTED in str(reason)
    for secret in ("token-of-the-shop", "key-of-the-tenant"):
        assert secret not in seen
