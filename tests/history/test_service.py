"""Conversations in a service of the operator's own: the one of the manual, and some that are not as they should be."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from openai import AsyncOpenAI

from relay.config.errors import SettingsError
from relay.config.history_options import HistoryOptions
from relay.core.remembered import Remembered
from relay.history.history import open_file
from relay.history.rows import Key, Row
from relay.history.service import MOST_ANSWER_BYTES, Service
from relay.history.store import StoreFailed
from relay.stand_ins.mock import Pace, serve_mock
from tests.fakes.documents import examples
from tests.fakes.running import running

SECRET = "a-secret-of-32-characters-or-more"
KEY = Key("ada & ben/ü", "c1")


@pytest.fixture
async def url(tmp_path, monkeypatch) -> AsyncIterator[str]:
    """The address of the manual's service."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(examples("history.md")["service"], names)
    server = uvicorn.Server(uvicorn.Config(names["app"], port=0, log_config=None, lifespan="off", loop="none"))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup()
    serving = asyncio.create_task(server.main_loop())
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/turns"
    server.should_exit = True
    await serving
    await server.shutdown()
    names["db"].close()


def rows(count: int) -> list[Row]:
    """A talk with a call in it."""
    items = [
        Remembered("item_1", "message", "user", "What time is it?"),
        Remembered("item_2", "function_call", text="{}", call_id="call_1", name="time"),
        Remembered("item_3", "function_call_output", text="noon", call_id="call_1"),
        Remembered("item_4", "message", "assistant", "It is noon."),
    ]
    return [Row(KEY, number, item, 1000.0 + number) for number, item in enumerate(items[:count], 1)]


async def test_the_service_of_the_manual(url) -> None:
    """It keeps what it is told, each item once, and tells, lists and deletes it."""
    service = Service(url, SECRET)

    def ask() -> None:
        assert service.newest(KEY, 0.0, 10) == []
        assert service.summary(KEY, 0.0) is None
        service.write(rows(3))
        service.write(rows(4))
        assert service.newest(KEY, 0.0, 10) == rows(4)
        assert service.newest(KEY, 1003.0, 10) == rows(4)[2:]
        assert service.newest(KEY, 0.0, 1) == rows(4)[3:]
        assert service.newest(Key("ben", "c1"), 0.0, 10) == []
        assert service.page(KEY, 0.0, 2, after="item_1", newest_first=False) == rows(4)[1:3]
        assert service.page(KEY, 0.0, 2, after=None, newest_first=True) == [rows(4)[3], rows(4)[2]]
        assert service.page(KEY, 0.0, 2, after="item_9", newest_first=True) == []
        assert service.item(KEY, 0.0, "item_2") == rows(4)[1]
        summary = service.summary(KEY, 0.0)
        assert summary is not None
        assert service.listed(KEY.subject, 0.0, 10) == service.listed(KEY.subject, 0.0, 10, ["c1"]) == [summary]
        assert service.listed(KEY.subject, 0.0, 10, ["c2"]) == []
        assert (service.delete_item(KEY, "item_2"), service.delete_item(KEY, "item_2")) == (True, False)
        assert service.item(KEY, 0.0, "item_2") is None
        assert (service.delete(KEY), service.delete(KEY)) == (True, False)
        assert (service.newest(KEY, 0.0, 10), service.expire(0.0, 1), service.clean()) == ([], False, True)

    await asyncio.to_thread(ask)
    await asyncio.to_thread(service.close)


@pytest.mark.parametrize(("secret", "at"), [("x" * 32, None), (SECRET, 1000.0)])
async def test_who_cannot_sign(url, secret, at) -> None:
    """Who does not know the secret, or says again what was said long ago, is told nothing."""
    service = Service(url, secret) if at is None else Service(url, secret, lambda: at)
    with pytest.raises(StoreFailed, match="401"):
        await asyncio.to_thread(service.newest, KEY, 0.0, 10)
    await asyncio.to_thread(service.close)


async def test_a_conversation_goes_on(url) -> None:
    """A session opens with what the service tells, and what is said in it is told the service."""
    history, profiles = {"url": url, "secret": SECRET}, {"default": {"history": True}}
    tokens = [{"token": "ada-0123456789abcdef", "subject": "ada"}]
    async with (
        serve_mock(pace=Pace.instant()) as mock,
        running(mock.url, profiles=profiles, history=history, tokens=tokens) as relay,
        AsyncOpenAI(api_key="ada-0123456789abcdef", base_url=f"{relay.http}/v1", max_retries=0) as api,
    ):
        headers = {"Authorization": "Bearer ada-0123456789abcdef"}
        for words in ("My name is Ada.", "What is my name?"):
            async with relay.peer("?conversation=c1", additional_headers=headers) as peer:
                item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": words}]}
                await peer.send(json.dumps({"type": "conversation.item.create", "item": item}))
                await peer.send('{"type":"response.create","response":{"output_modalities":["text"]}}')
                while json.loads(await peer.recv())["type"] != "response.done":
                    pass
            await relay.sessions.empty()
        said = [item.words for item in mock.sessions[-1].conversation if item.role == "user"]
        assert said == ["My name is Ada.", "What is my name?"]
        kept = (await api.conversations.items.list("c1", order="asc")).data
        assert [item.role for item in kept] == ["user", "assistant"] * 2  # type: ignore[union-attr]
        assert (await api.conversations.delete("c1")).deleted


@asynccontextmanager
async def saying(answer: bytes) -> AsyncIterator[Service]:
    """A service that always says this, and closes."""

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(answered, "127.0.0.1", 0) as server:
        service = Service(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/?of=us", SECRET)
        yield service
        await asyncio.to_thread(service.close)


async def test_a_service_that_drips() -> None:
    """An answer that comes byte by byte is waited for no longer than one that does not come, and the next is asked."""
    answers: list[asyncio.Task[None] | None] = []

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers.append(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nX: " if len(answers) == 1 else told(b'{"items": []}'))
        while len(answers) == 1 and not reader.at_eof() and not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.05)
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        service = Service(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", SECRET)
        with pytest.raises(StoreFailed, match="TimeoutError"):
            await asyncio.to_thread(READ, service)
        assert await asyncio.to_thread(READ, service) == []
        await asyncio.to_thread(service.close)
        await asyncio.gather(*filter(None, answers))


def told(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, len(body), body)


READ: Callable[[Service], object] = lambda service: service.newest(KEY, 0.0, 10)  # noqa: E731
LIST: Callable[[Service], object] = lambda service: service.listed("ada", 0.0, 10)  # noqa: E731
WRITE: Callable[[Service], object] = lambda service: service.write(rows(1))  # noqa: E731


@pytest.mark.parametrize(
    ("asks", "answer", "why"),
    [
        (READ, b"", "cannot be asked"),
        (READ, told(b"", b"503 Busy"), "answers 503"),
        (READ, told(b"", b"302 Found"), "answers 302"),
        (READ, told(b"[]"), "no JSON object"),
        (READ, told(b"{"), "no JSON object"),
        (READ, told(b'{"items":"' + b"x" * MOST_ANSWER_BYTES), "too long"),
        (WRITE, told(b"", b"404 Not Found"), "answers 404"),
    ],
)
async def test_a_service_that_fails(asks, answer, why) -> None:
    """What a service does not do is told by its status alone; what was said, and whose it is, is in no word of it."""
    async with saying(answer) as service:
        with pytest.raises(StoreFailed, match=why) as failure:
            await asyncio.to_thread(asks, service)
        assert "ada" not in str(failure.value)


@pytest.mark.parametrize(
    ("asks", "answer"),
    [
        (READ, b'{"items": 5}'),
        (READ, b'{"items": [5, {}, {"item": {"id": "a", "type": "message", "role": "user"}, "position": 1}]}'),
        (READ, b'{"items": [{"item": {"id": "a", "type": "made_up"}, "position": 1, "said_at": 1}]}'),
        (LIST, b'{"conversations": [5, {"id": 5}, {"id": "c1"}, {"id": "c1", "created_at": 1, "said_at": "2"}]}'),
        (LIST, b"{}"),
    ],
)
async def test_a_service_that_tells_something_else(asks, answer) -> None:
    """What is no item or conversation is passed over."""
    async with saying(told(answer)) as service:
        assert await asyncio.to_thread(asks, service) == []


def test_the_command_has_nothing_to_do_with_it() -> None:
    """What a service keeps is looked after there, and not by `relay history`."""
    options = HistoryOptions.model_validate({"url": "https://app.example", "secret": SECRET})
    with pytest.raises(SettingsError, match="looked after there"):
        open_file(options)
