"""The mock over real sockets: how it is opened, kept, and closed."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from relay.stand_ins.exchange import MAX_BACKLOG
from relay.stand_ins.mock import MockServer, Pace, serve_mock
from relay.stand_ins.mock.server import KEPT_SESSIONS
from tests.stand_ins.mock.conformance import conforms
from tests.stand_ins.mock.talk import SPOKEN_ANSWER, SPOKEN_TURN, silence, tone, trace

MODEL = "?model=gpt-realtime-2.1"


@asynccontextmanager
async def instant(**options: Any) -> AsyncIterator[MockServer]:
    async with serve_mock(pace=Pace.instant(), **options) as mock:
        yield mock


def dial(mock: MockServer, query: str = MODEL, **options: Any) -> connect:
    return connect(mock.url + query, compression=None, max_size=None, proxy=None, **options)


async def send(client: ClientConnection, kind: str, **fields: Any) -> None:
    await client.send(orjson.dumps({"type": kind, **fields}), text=True)


async def events_until(client: ClientConnection, kind: str) -> list[dict[str, Any]]:
    """What comes, up to the first event of this type."""
    came: list[dict[str, Any]] = []
    while not came or came[-1]["type"] != kind:
        message = await client.recv()
        assert isinstance(message, str)
        came.append(orjson.loads(message))
        conforms(came[-1])
    return came


async def end_of(client: ClientConnection) -> tuple[list[str], int | None, str | None]:
    """The codes of the errors that come before the close, its code and its reason."""
    codes: list[str] = []
    with suppress(ConnectionClosed):
        while True:
            codes.append(orjson.loads(await client.recv())["error"]["code"])
    return codes, client.close_code, client.close_reason


async def test_a_conversation_over_a_socket() -> None:
    """A spoken turn and its answer, at the pace of the API, in text frames and in order."""
    async with serve_mock(pace=Pace(latency_s=0.01, speedup=1000)) as mock, dial(mock) as client:
        assert trace(await events_until(client, "session.created")) == ["session.created"]
        pcm = silence(300) + tone(1500) + silence(400)
        for start in range(0, len(pcm), 1920):
            await send(client, "input_audio_buffer.append", audio=b64encode(pcm[start : start + 1920]).decode())
        assert trace(await events_until(client, "rate_limits.updated")) == [*SPOKEN_TURN, *SPOKEN_ANSWER]


async def test_a_session_keeps_what_it_heard() -> None:
    """`sessions` shows what a test wants to know of a connection, also after it has ended."""
    async with instant(record_s=10) as mock:
        async with dial(mock) as client:
            await send(client, "input_audio_buffer.append", audio=b64encode(tone(500)).decode())
            await mock.wait_until(lambda mock: bool(mock.sessions and mock.sessions[0].heard))
            assert mock.open_connections == 1
        await mock.wait_until(lambda mock: mock.open_connections == 0)
        assert mock.sessions[0].heard == tone(500)


async def test_only_the_last_sessions_are_remembered() -> None:
    """A mock that runs for long does not grow by its sessions."""
    async with instant() as mock:
        for _ in range(KEPT_SESSIONS + 3):
            async with dial(mock) as client:
                await events_until(client, "session.created")
        assert len(mock.sessions) == KEPT_SESSIONS


async def test_another_path_is_not_found() -> None:
    """Only the API's paths are there; anything else is 404 before any socket is open."""
    async with instant() as mock:
        with pytest.raises(InvalidStatus) as refused:
            await connect(mock.url.replace("/realtime", "/realtime/elsewhere"), proxy=None)
        assert refused.value.response.status_code == 404


@pytest.mark.parametrize(
    ("query", "headers", "codes", "close_code"),
    [
        ("", {}, ["missing_model"], 4000),
        (MODEL, {"OpenAI-Beta": "realtime=v1"}, ["beta_api_shape_disabled"], 4000),
        ("?intent=transcription&model=m", {}, ["invalid_model"], 4000),
    ],
)
async def test_a_refusal_comes_after_the_upgrade(
    query: str, headers: dict[str, str], codes: list[str], close_code: int
) -> None:
    """As at the API, 101 is not yet success: an error event says why, and the close says it again."""
    async with instant() as mock, dial(mock, query, additional_headers=headers) as client:
        assert await end_of(client) == (codes, close_code, f"invalid_request_error.{codes[0]}")
        assert not mock.sessions


async def test_a_key_opens_by_header_or_subprotocol() -> None:
    """With `api_key` the right key is let in either way, and another closes with 3000."""
    async with instant(api_key="sk-right") as mock:
        async with dial(mock, additional_headers={"Authorization": "Bearer sk-right"}) as client:
            await events_until(client, "session.created")
        browser = [Subprotocol("realtime"), Subprotocol("openai-insecure-api-key.sk-right")]
        async with dial(mock, subprotocols=browser) as client:
            assert client.subprotocol == "realtime"
            await events_until(client, "session.created")
        async with dial(mock, additional_headers={"Authorization": "Bearer sk-wrong"}) as client:
            assert await end_of(client) == (["invalid_api_key"], 3000, "invalid_request_error.invalid_api_key")


async def test_only_realtime_is_echoed() -> None:
    """A subprotocol that carries a key is never selected."""
    async with instant() as mock:
        async with dial(mock, subprotocols=[Subprotocol("openai-insecure-api-key.sk-any")]) as client:
            assert client.subprotocol is None
        async with dial(mock) as client:
            assert client.subprotocol is None


async def test_the_key_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG the library would log the headers, and the key in them; the mock does not let it."""
    caplog.set_level("DEBUG")
    async with instant() as mock, dial(mock, additional_headers={"Authorization": "Bearer sk-secret"}) as client:
        await events_until(client, "session.created")
    told = [record for record in caplog.records if record.name != "websockets.client"]
    assert "sk-secret" not in str([record.getMessage() for record in told])


async def test_a_session_ends_after_its_time() -> None:
    """session_expired, then 1001 with the same words, as the API does it."""
    async with instant(session_seconds=0.0) as mock, dial(mock) as client:
        await events_until(client, "session.created")
        assert await end_of(client) == (
            ["session_expired"], 1001, "Your session hit the maximum duration of 0 minutes.",
        )  # fmt: skip


async def test_leaving_the_mock_closes_its_connections() -> None:
    """When the server stops, clients are told with 1001."""
    async with instant() as mock:
        client = await dial(mock)
        await events_until(client, "session.created")
    assert await end_of(client) == ([], 1001, "")
    assert mock.open_connections == 0


async def test_messages_may_be_large() -> None:
    """Fifteen MiB of audio in one event go in, and come back in one."""
    async with instant() as mock, dial(mock) as client:
        await send(client, "session.update", session={"type": "realtime", "audio": {"input": {"turn_detection": None}}})
        audio = b64encode(tone(1000) * 300).decode()
        await send(client, "input_audio_buffer.append", audio=audio)
        await send(client, "input_audio_buffer.commit")
        done = (await events_until(client, "conversation.item.done"))[-1]
        await send(client, "conversation.item.retrieve", item_id=done["item"]["id"])
        retrieved = (await events_until(client, "conversation.item.retrieved"))[-1]
        assert retrieved["item"]["content"][0]["audio"] == audio


async def pile_up(client: ClientConnection, count: int) -> None:
    """Have this many long errors made, without reading them, until the mock stops reading."""
    padding = "x" * 2000
    for number in range(count):
        await send(client, "conversation.item.delete", item_id=f"{number}{padding}")


async def test_a_client_that_does_not_read_is_not_read() -> None:
    """Who only sends is read no further once its answers pile up; when it reads, everything is there."""
    asked = 20 * MAX_BACKLOG
    async with instant() as mock, dial(mock, max_queue=1, write_limit=1) as client:
        await events_until(client, "session.created")
        asking = asyncio.create_task(pile_up(client, asked))
        await mock.wait_until(lambda mock: mock.sessions[0].backlog > MAX_BACKLOG)
        assert mock.sessions[0].backlog <= MAX_BACKLOG + 1
        codes = [orjson.loads(await client.recv())["error"]["code"] for _ in range(asked)]
        await asking
        assert set(codes) == {"item_delete_invalid_item_id"}


async def test_a_client_that_does_not_read_may_vanish() -> None:
    """A reader that waits for room does not wait for a client that has gone."""
    async with instant() as mock:
        client = await dial(mock, max_queue=1, write_limit=1)
        asking = asyncio.create_task(pile_up(client, 1_000_000))
        await mock.wait_until(lambda mock: bool(mock.sessions) and mock.sessions[0].backlog > MAX_BACKLOG)
        client.transport.abort()
        await mock.wait_until(lambda mock: mock.open_connections == 0)
        with pytest.raises(ConnectionClosed):
            await asking


async def test_a_client_that_vanishes_leaves_nothing_behind() -> None:
    """A connection that is cut in the middle of an answer ends its session at once."""
    async with serve_mock() as mock:
        client = await dial(mock)
        await send(client, "response.create")
        await events_until(client, "response.created")
        client.transport.abort()
        await mock.wait_until(lambda mock: mock.open_connections == 0)
        assert list(mock.sessions[0].conversation) == []


async def test_an_ipv6_address_makes_an_url() -> None:
    """The address in `url` can be dialled whatever its family."""
    async with instant(host="::1") as mock:
        assert mock.url.startswith("ws://[::1]:")
        async with dial(mock) as client:
            await events_until(client, "session.created")
