"""The relay's addresses in other spellings: which are the API's own, and how a session is opened at them."""

import pytest
import structlog
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from relay.config.kinds import API, KINDS_BY_PATH
from relay.endpoints.addresses import Address, read_address
from tests.fakes.http_client import http_client
from tests.fakes.running import running
from tests.fakes.upstream import scripted_upstream

TOKEN = "rt_the-token-of-this-test-0123"

PREVIEW = "api-version=2025-04-01-preview"


@pytest.mark.parametrize(
    ("path", "query", "own"),
    [
        ("/v1/realtime", "model=a&x=%20", Address("/v1/realtime", b"model=a&x=%20")),
        ("/v1/realtime/", "", Address("/v1/realtime", b"")),
        ("/v1/live/sessions/s_1/attach/", "", Address("/v1/live/sessions/s_1/attach", b"")),
        ("/openai/v1/realtime/", "model=a", Address("/v1/realtime", b"model=a")),
        ("/openai/v1/realtime", f"model=a&{PREVIEW}", Address("/v1/realtime", b"model=a")),
        ("/openai/v1/realtime", "deployment=a", Address("/v1/realtime", b"model=a")),
        ("/openai/v1/realtime/calls", "", Address("/v1/realtime/calls", b"")),
        ("/openai/v1/realtime/client_secrets", PREVIEW, Address("/v1/realtime/client_secrets", b"")),
        ("/openai/v1/live", "", Address("/v1/live/sessions", b"")),
        ("/openai/v1/live/sessions/s_1/attach", "", Address("/v1/live/sessions/s_1/attach", b"")),
        ("/openai/realtime", f"{PREVIEW}&deployment=a", Address("/v1/realtime", b"model=a", speaks_beta=True)),
        ("/openai/realtime/", "Deployment=a&API-Version=x&p=1", Address("/v1/realtime", b"model=a&p=1", True)),
        ("/openai/realtime", "deployment=a&model=b&deployment=c", Address("/v1/realtime", b"model=a", True)),
        ("/openai/realtime", "deployment=&model=b", Address("/v1/realtime", b"model=b", True)),
        ("/openai/realtime", "", Address("/v1/realtime", b"", True)),
        ("/openai/realtimeapi/sessions", PREVIEW, Address("/v1/realtime/sessions", b"")),
        ("/v1/realtime", f"{PREVIEW}&deployment=a", Address("/v1/realtime", b"model=a", True)),
        ("/v1/realtime", "deployment=a", Address("/v1/realtime", b"deployment=a")),
        ("/v1/realtime", PREVIEW, Address("/v1/realtime", PREVIEW.encode())),
        ("/v1/realtime/translations", "deployment=a", Address("/v1/realtime/translations", b"deployment=a")),
        ("/openai/deployments/a/realtime", "", Address("/openai/deployments/a/realtime", b"")),
        ("/web/", "", Address("/web/", b"")),
        ("/", "", Address("/", b"")),
    ],
)  # fmt: skip
def test_an_address_is_read_as_the_apis_own(path, query, own) -> None:
    """A trailing slash is taken, Azure's paths are the API's, its `deployment` is the model, and its version goes."""
    assert read_address(path, query.encode()) == own


@pytest.mark.usefixtures("carrier")
@pytest.mark.parametrize("root", ["", "/voice"])
async def test_a_slash_at_the_end(root) -> None:
    """Every WebSocket and every REST path of the API is served with a slash behind it, too."""
    async with scripted_upstream() as upstream, running(upstream.url, root_path=root) as relay:
        for path in KINDS_BY_PATH:
            there = f"ws://127.0.0.1:{relay.port}{root}{API}{path.replace('{session_id}', 'sess_1')}/"
            async with connect(there, proxy=None) as peer:
                await peer.send("hello")
                assert await peer.recv() == "hello"
        assert [handshake.path.partition("?")[0].endswith("/") for handshake in upstream.handshakes] == [False] * 5
        async with http_client(base_url=relay.http) as http:
            assert (await http.post(f"{root}/v1/realtime/client_secrets/")).status_code == 200
            assert (await http.get(f"{root}/v1/realtime/")).status_code == 426
            assert (await http.get(f"{root}/v1/realtime/calls/")).status_code == 405


@pytest.mark.usefixtures("carrier")
async def test_what_goes_upstream_from_azures_addresses() -> None:
    """The upstream is asked for the deployment as its model, and hears neither a version nor a key."""
    asked = f"deployment=gpt-realtime-mini&{PREVIEW}&api-key=secret&voice=alloy"
    async with scripted_upstream() as upstream, running(upstream.url) as relay:
        for path, query in (
            ("/openai/realtime", asked),
            ("/openai/v1/realtime", "model=gpt-realtime-mini&api-key=secret&voice=alloy"),
        ):
            async with connect(f"ws://127.0.0.1:{relay.port}{path}?{query}", proxy=None):
                pass
        assert [handshake.path for handshake in upstream.handshakes] == [
            "/v1/realtime?model=gpt-realtime-mini&voice=alloy"
        ] * 2


@pytest.mark.parametrize(
    ("path", "query", "rest", "keys"),
    [
        ("/openai/v1/realtime", "model=a&api-key=k", b"model=a", ("k",)),
        ("/openai/realtime", "API-Key=k&deployment=a&api-key=l", b"model=a", ("k", "l")),
        ("/v1/realtime", f"{PREVIEW}&deployment=a&api-key=k", b"model=a", ("k",)),
        ("/openai/v1/realtime", "model=a&api-key=+", b"model=a", ()),
        ("/v1/realtime", "model=a&api-key=k", b"model=a&api-key=k", ()),
    ],
)
def test_a_key_in_an_address_of_azures(path, query, rest, keys) -> None:
    """It is taken out of a WebSocket's address; in another request's, and at the API's own, it stays what it is."""
    asked = read_address(path, query.encode(), is_websocket=True)
    assert (asked.query, asked.keys) == (rest, keys)
    assert read_address(path, query.encode()).keys == ()


@pytest.mark.usefixtures("carrier")
@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/openai/v1/realtime", f"api-key={TOKEN}", None),
        ("/openai/realtime", f"api-key={TOKEN}&deployment=gpt-realtime", None),
        ("/openai/realtime", f"api-key={TOKEN}&api-key={TOKEN}", None),
        ("/openai/realtime", "api-key=another-key-0123456789", 401),
        ("/openai/realtime", f"api-key={TOKEN}&api-key=another-key-0123456789", 401),
    ],
)
async def test_a_page_made_for_azure_brings_its_key_in_the_address(path, query, status) -> None:
    """It opens a session, is passed on to nobody, and stands in no line of the log, however much that tells."""
    async with (
        scripted_upstream() as upstream,
        running(upstream.url, tokens=TOKEN, log_level="debug") as relay,
    ):
        with structlog.testing.capture_logs() as logs:
            there = connect(f"ws://127.0.0.1:{relay.port}{path}?{query}", proxy=None)
            if status is None:
                async with there as peer:
                    await peer.send('{"type":"relay.test"}')
                    assert await peer.recv() == '{"type":"relay.test"}'
                handshake = upstream.handshakes[0]
                assert TOKEN not in str([handshake.path, *handshake.headers.raw_items()])
            else:
                with pytest.raises(InvalidStatus) as refusal:
                    await there
                assert refusal.value.response.status_code == status
            await relay.sessions.empty()
        assert "0123" not in str(logs)


@pytest.mark.usefixtures("carrier")
@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"api-key": TOKEN}, "", None),
        ({"API-Key": TOKEN, "Authorization": f"Bearer {TOKEN}"}, "", None),
        ({"api-key": "wrong"}, "", 401),
        ({"api-key": TOKEN, "Authorization": "Bearer other"}, "", 401),
        ({}, "", 401),
    ],
)
@pytest.mark.parametrize("path", ["/openai/realtime", "/openai/v1/realtime", "/v1/realtime"])
async def test_azures_key_is_a_credential(path, headers, query, status) -> None:
    """A token, JWT or ticket may stand in the header `api-key`."""
    async with scripted_upstream() as upstream, running(upstream.url, tokens=TOKEN) as relay:
        async with http_client(base_url=relay.http) as http:
            minted = await http.post(f"{path}/client_secrets?{query}", headers=headers)
        there = connect(f"ws://127.0.0.1:{relay.port}{path}?{query}", additional_headers=headers, proxy=None)
        if status is None:
            async with there as peer:
                await peer.send('{"type":"relay.test"}')
                assert await peer.recv() == '{"type":"relay.test"}'
        else:
            with pytest.raises(InvalidStatus) as refusal:
                await there
            assert refusal.value.response.status_code == status
        if path != "/openai/realtime":
            assert minted.status_code == (status or 200)
