"""How a peer connects: what goes upstream of its request, and what comes first in each direction. Over real sockets."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from relay.config.loading import load_settings
from relay.endpoints import pending_peer
from tests.fakes.running import end_of, running
from tests.fakes.upstream import echo, read_all, scripted_upstream

pytestmark = pytest.mark.usefixtures("carrier")

UPDATE = {"type": "session.update", "session": {"type": "realtime", "model": "gpt-x", "instructions": "Be brief."}}
OTHER_MODEL: dict[str, Any] = {"profiles": {"default": {"model": "gpt-realtime-2.1-mini"}}}
KNOWN_HEADERS = {
    "host", "user-agent", "authorization", "openai-safety-identifier", "upgrade", "connection",
    "sec-websocket-version", "sec-websocket-key",
}  # fmt: skip


def query_of(request: Request) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(request.path).query, keep_blank_values=True)


@pytest.mark.parametrize(
    ("query", "dialled"),
    [
        ("?model=gpt-x", [("model", "gpt-x")]),
        ("?intent=transcription", [("intent", "transcription")]),
        ("?call_id=rtc_1", [("call_id", "rtc_1")]),
        ("", [("model", "gpt-realtime-2.1")]),
        ("?model=m&reasoning.effort=low&duplex=", [("model", "m"), ("reasoning.effort", "low"), ("duplex", "")]),
        ("?model=m&api_key=s&api-key=s&token=s&profile=default", [("model", "m")]),
    ],
)
async def test_the_query_goes_upstream(query, dialled) -> None:
    """A model, an intent, a call or none of them, and what the relay does not know, but no credential."""
    async with scripted_upstream(read_all) as upstream, running(upstream.url) as relay, relay.peer(query):
        assert query_of(upstream.handshakes[0]) == dialled


async def test_only_known_headers_go_upstream() -> None:
    """No header or subprotocol of a peer goes upstream: it may hold a secret, or choose who pays."""
    sent = {
        "Authorization": "Bearer theirs",
        "Cookie": "a=b",
        "OpenAI-Organization": "org-1",
        "OpenAI-Project": "proj-1",
        "OpenAI-Beta": "realtime=v1",
        "OpenAI-Safety-Identifier": "somebody",
        "X-Stainless-Lang": "python",
        "X-Api-Key": "theirs",
    }
    offered = ["realtime", "openai-insecure-api-key.theirs", "openai-organization.org-1"]
    async with (
        scripted_upstream(read_all) as upstream,
        running(upstream.url, OPENAI_API_KEY="sk-ours") as relay,
        relay.peer(additional_headers=sent, subprotocols=offered),
    ):
        headers = upstream.handshakes[0].headers
        assert {name.lower() for name in headers} <= KNOWN_HEADERS
        assert headers["Authorization"] == "Bearer sk-ours"
        assert not any("theirs" in value for value in headers.values())


@pytest.mark.parametrize(
    ("offered", "echoed"),
    [
        (["realtime"], "realtime"),
        (["realtime", "openai-insecure-api-key.ek_x"], "realtime"),
        (["openai-insecure-api-key.ek_x", "realtime"], "realtime"),
        (["realtime", "openai-insecure-api-key.ek_x", "openai-organization.o", "openai-project.p"], "realtime"),
        (["realtime", "openai-insecure-api-key.ek_x", "openai-agents-sdk.0.20.0"], "realtime"),
        (["xai-client-secret.x"], "xai-client-secret.x"),
        (["never-heard-of"], "never-heard-of"),
        (None, None),
    ],
)
async def test_exactly_one_subprotocol_is_echoed(offered, echoed) -> None:
    """Whatever list a client offers, one of it comes back: `realtime` where it is offered, a credential only alone."""
    async with (
        scripted_upstream(echo) as upstream,
        running(upstream.url) as relay,
        relay.peer("?model=m", subprotocols=offered) as peer,
    ):
        assert peer.subprotocol == echoed


async def test_early_messages_keep_their_order() -> None:
    """What a peer sends before its upstream has said anything goes up in order, behind what the relay injects."""
    wordy = [json.dumps({"type": "input_audio_buffer.append", "audio": "AAAA" * n}) for n in range(200)]
    async with (
        scripted_upstream(read_after(len(wordy) + 1)) as upstream,
        running(upstream.url, profiles={"default": {"voice": "marin"}}) as relay,
        relay.peer() as peer,
    ):
        for message in wordy:
            await peer.send(message)
        first, *rest = [json.loads(message) for message in json.loads(str(await peer.recv()))["read"]]
        assert first["session"]["audio"]["output"]["voice"] == "marin"
        assert rest == [json.loads(message) for message in wordy]


def read_after(count: int) -> Any:
    """Read this many messages in silence, and then say them all."""

    async def script(connection: ServerConnection) -> None:
        read = [await connection.recv() for _ in range(count)]
        await connection.send(json.dumps({"read": read}))

    return script


@pytest.mark.parametrize("query", ["", "?relay_events=1"])
async def test_the_first_message_is_the_upstreams_own(query) -> None:
    """A peer hears nothing of the relay's before the upstream speaks, though the relay has much to say."""
    first = '{ "type":"session.created", "never":"heard" }'

    async def script(connection: ServerConnection) -> None:
        await connection.recv()  # the injected update
        await connection.send(first)

    profiles = {"default": {"voice": "marin", "lock": ["voice"]}}
    async with (
        scripted_upstream(script) as upstream,
        running(upstream.url, profiles=profiles) as relay,
        relay.peer(query) as peer,
    ):
        assert await peer.recv() == first


@pytest.mark.parametrize("opcode", [str, bytes])
async def test_a_message_of_24_mib_passes(opcode) -> None:
    """The largest message that the relay takes by default, 24 MiB to the byte, passes both ways."""
    size = load_settings().max_message_bytes
    assert size >= 24 * 1024 * 1024
    message = "x" * size if opcode is str else b"x" * size
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay, relay.peer() as peer:
        await peer.send(message)
        assert await peer.recv() == message


# The model of peers that name none in their address.

AGENTS: list[dict[str, Any]] = [
    {"additional_headers": {"x-openai-agents-sdk": "openai-agents-sdk.0.20.0"}},
    {"user_agent_header": "Agents/Python 0.24.0"},
    {"subprotocols": ["realtime", "openai-insecure-api-key.ek_x", "openai-agents-sdk.0.20.0"]},
]


@pytest.mark.parametrize("sdk", AGENTS)
async def test_an_agents_sdk_names_its_model_first(sdk) -> None:
    """Where nobody else names a model, the one in an Agents SDK's first update is dialled, and the update goes up."""
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay, relay.peer(**sdk) as peer:
        said = [json.dumps(UPDATE), '{"type":"response.create"}', "last"]
        for message in said:
            await peer.send(message)
        assert [await peer.recv() for _ in said] == said
        assert query_of(upstream.handshakes[0]) == [("model", "gpt-x")]


@pytest.mark.parametrize(
    ("first", "settings", "query", "model"),
    [
        ("no event", {}, "", "gpt-realtime-2.1"),
        ('{"type":"session.update","session":[]}', {}, "", "gpt-realtime-2.1"),
        ('{"type":"session.update","session":{"model":1}}', {}, "", "gpt-realtime-2.1"),
        (json.dumps(UPDATE), {"profiles": {"default": {"lock": ["model"]}}}, "", "gpt-realtime-2.1"),
        (json.dumps(UPDATE), OTHER_MODEL, "", "gpt-realtime-2.1-mini"),
        (json.dumps(UPDATE), {}, "?model=asked", "asked"),
    ],
)
async def test_whose_model_counts(first, settings, query, model) -> None:
    """The address's model counts first, then the profile's, then the first update's, then the relay's default."""
    async with (
        scripted_upstream(echo) as upstream,
        running(upstream.url, **settings) as relay,
        relay.peer(query, **AGENTS[0]) as peer,
    ):
        await peer.send(first)
        await peer.recv()
        assert query_of(upstream.handshakes[0]) == [("model", model)]


async def test_an_update_with_another_model_still_counts() -> None:
    """Where the relay chose the model, another one is taken out of an update, which the API would discard whole."""
    async with (
        scripted_upstream(echo) as upstream,
        running(upstream.url, **OTHER_MODEL) as relay,
        relay.peer() as peer,
    ):
        await peer.send(json.dumps(UPDATE))
        without = {"type": "realtime", "instructions": "Be brief."}
        assert json.loads(await peer.recv()) == {**UPDATE, "session": without}
        same = ' {"type":"session.update", "session":{"model":"gpt-realtime-2.1-mini"}}'
        await peer.send(same)
        assert await peer.recv() == same


async def test_an_agents_sdk_that_is_refused() -> None:
    """A peer that was listened to before the dial is told of a refusal by an error event and a close code."""
    async with running("ws://127.0.0.1:1/") as relay, relay.peer(**AGENTS[0]) as peer:
        await peer.send(json.dumps(UPDATE))
        messages, code, reason = await end_of(peer)
        assert json.loads(messages[0])["error"]["code"] == "upstream_unreachable"
        assert (code, reason) == (1013, "upstream_unreachable")


async def test_an_agents_sdk_that_leaves_at_once() -> None:
    """A peer that leaves without a word frees its place, and nothing is dialled."""
    async with scripted_upstream(read_all) as upstream, running(upstream.url, max_sessions=1) as relay:
        async with relay.peer(**AGENTS[0]):
            pass
        await relay.sessions.empty()
        assert upstream.handshakes == []


async def test_an_agents_sdk_that_says_nothing(monkeypatch) -> None:
    """A peer that does not name its model in time gets the relay's default."""
    monkeypatch.setattr(pending_peer, "FIRST_MESSAGE_S", 0.01)
    async with (
        scripted_upstream(read_after(0)) as upstream,
        running(upstream.url) as relay,
        relay.peer(**AGENTS[0]) as peer,
    ):
        assert await peer.recv() == '{"read": []}'
        assert query_of(upstream.handshakes[0]) == [("model", "gpt-realtime-2.1")]
