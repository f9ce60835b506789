"""Conversations that go on another day, over real sockets, and what the API's own client sees of them."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError, InternalServerError, NotFoundError
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from relay.stand_ins.mock import Pace, serve_mock
from relay.stand_ins.mock.server import MockServer
from tests.fakes.http_client import http_client
from tests.fakes.running import Running, running, until
from tests.fakes.talk import AtFirst

ADA, BEN = "ada-0123456789abcdef", "ben-0123456789abcdef"
TOKENS = [{"token": ADA, "subject": "ada"}, {"token": BEN, "subject": "ben"}]
KEPT = {
    "default": {"history": True, "instructions": "Be kind."},
    "instructed": {"history": True, "replay_as": "instructions"},
}


@pytest.fixture
async def mock() -> AsyncIterator[MockServer]:
    async with serve_mock(pace=Pace.instant()) as mock:
        yield mock


@pytest.fixture
async def relay(mock, tmp_path) -> AsyncIterator[Running]:
    store = {"store": f"sqlite:{tmp_path}/history.db"}
    async with running(mock.url, profiles=KEPT, history=store, tokens=TOKENS) as relay:
        yield relay


@asynccontextmanager
async def peer(relay: Running, query: str, token: str = ADA) -> AsyncIterator[ClientConnection]:
    """A peer, whose session is over when the context is left."""
    before = relay.ended_by("peer_closed")
    async with relay.peer(query, additional_headers={"Authorization": f"Bearer {token}"}) as connection:
        yield connection
    while relay.ended_by("peer_closed") == before:  # noqa: ASYNC110 - metrics tell nobody
        await asyncio.sleep(0)


Api = Callable[..., AsyncOpenAI]


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """Makes clients of a relay's REST interface."""
    async with AsyncExitStack() as stack:
        made: list[AsyncOpenAI] = []

        def client(relay: Running, token: str = ADA) -> AsyncOpenAI:
            made.append(AsyncOpenAI(api_key=token, base_url=f"{relay.http}/v1", max_retries=0))
            stack.push_async_callback(made[-1].close)
            return made[-1]

        yield client


async def say(connection: ClientConnection, text: str, how: str = "text") -> list[dict[str, Any]]:
    """Say something and read the answer: of sound nobody would have heard much so soon."""
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    await connection.send(json.dumps({"type": "conversation.item.create", "item": item}))
    await connection.send(json.dumps({"type": "response.create", "response": {"output_modalities": [how]}}))
    return await until(connection, "response.done")


def words(items: list[Any]) -> list[tuple[str, str]]:
    return [(item.role, item.content[0].text) for item in items]


@pytest.mark.parametrize("carrier", ["fast", "portable"])
async def test_a_conversation_goes_on(mock, tmp_path, carrier, api) -> None:
    """What was said is said to the next upstream before its peer's first word, and the peer sees it."""
    store = {"store": f"sqlite:{tmp_path}/history.db"}
    async with running(mock.url, profiles=KEPT, history=store, tokens=TOKENS, carrier=carrier) as relay:
        async with peer(relay, "?conversation=c1") as first:
            await say(first, "My name is Ada.")
        async with peer(relay, "?conversation=c1&relay_events=1") as second:
            events = await until(second, "session.updated")
            told = [event for event in events if event["type"] == "relay.conversation"]
            assert [(event["id"], event["replayed"]) for event in told] == [("c1", 2)]
            events = await say(second, "What is my name?")
            added = [event["item"] for event in events if event["type"] == "conversation.item.added"]
            assert [item["role"] for item in added] == ["user", "assistant", "user", "assistant"]
            assert added[0]["content"][0]["text"] == "My name is Ada."
        assert mock.sessions[-1].realtime["output_modalities"] == ["audio"]
        assert mock.sessions[-1].realtime["instructions"] == "Be kind."
        kept = (await api(relay).conversations.items.list("c1", order="asc")).data
        assert [role for role, _ in words(kept)] == ["user", "assistant"] * 2
        assert [text for role, text in words(kept) if role == "user"] == ["My name is Ada.", "What is my name?"]


async def test_one_that_outlives_its_upstream(tmp_path, api) -> None:
    """A session whose upstream is lost goes on with what was said before it, too, and no item is kept twice."""
    profiles = {"default": {"history": True, "survive": True}}
    store = {"store": f"sqlite:{tmp_path}/history.db"}
    async with (
        serve_mock(pace=Pace.instant(), disturbance=AtFirst("reset@60")) as mock,
        running(mock.url, profiles=profiles, history=store, tokens=TOKENS) as relay,
    ):
        said = [f"word {number}" for number in range(4)]
        for talk in (said[:3], said[3:]):
            async with peer(relay, "?conversation=c1") as talking:
                for text in talk:
                    await say(talking, text, "audio")
                conversation = mock.sessions[-1].conversation
                known = [item.fields["content"][0]["text"] for item in conversation if item.role == "user"]
        assert len(mock.sessions) == 3
        kept = [item async for item in api(relay).conversations.items.list("c1", order="asc")]
        assert [text for role, text in words(kept) if role == "user"] == said
        assert known == said


async def test_as_instructions(relay, mock) -> None:
    """Where a profile wants it so, the conversation is one block of instructions."""
    async with peer(relay, "?conversation=c1") as first:
        await say(first, "My name is Ada.")
    async with peer(relay, "?conversation=c1&profile=instructed") as second:
        events = await until(second, "session.updated")
        assert "User: My name is Ada." in events[-1]["session"]["instructions"]
        assert mock.sessions[-1].conversation.last_id is None


async def test_somebody_elses(relay, mock, api) -> None:
    """Somebody else's id is a new, empty conversation, and asked for by HTTP it is as if there were none."""
    async with peer(relay, "?conversation=c1") as first:
        await say(first, "My name is Ada.")
    async with peer(relay, "?conversation=c1", BEN) as second:
        events = await until(second, "session.updated")
        assert [event["type"] for event in events] == ["session.created", "session.updated"]
        assert mock.sessions[-1].conversation.last_id is None
        theirs, none = [
            str((await refused(api(relay, BEN).conversations.retrieve(id_))).body) for id_ in ("c1", "none")
        ]
        assert theirs == none
        await refused(api(relay, BEN).conversations.delete("c1"))
        await refused(api(relay, BEN).conversations.items.list("c1"))
    assert (await api(relay).conversations.retrieve("c1")).id == "c1"


async def refused(asked: Any) -> NotFoundError:
    with pytest.raises(NotFoundError) as failure:
        await asked
    return failure.value


async def test_what_the_apis_client_sees(relay, api) -> None:
    """The openai package retrieves, lists page by page and deletes, as at the API."""
    async with peer(relay, "?conversation=c1") as talking:
        for number in range(3):
            await say(talking, f"word {number}")
    conversations = api(relay).conversations
    shown = await conversations.retrieve("c1")
    assert (shown.object, shown.metadata) == ("conversation", {})
    pages = [item async for item in conversations.items.list("c1", limit=2)]
    last = str(pages[0].id)
    assert [text for role, text in words(pages) if role == "user"] == ["word 2", "word 1", "word 0"]
    one = await conversations.items.retrieve(last, conversation_id="c1")
    assert one == pages[0]
    with pytest.raises(BadRequestError):
        await conversations.items.list("c1", limit=0)
    assert (await conversations.items.delete(last, conversation_id="c1")).id == "c1"
    await refused(conversations.items.retrieve(last, conversation_id="c1"))
    await refused(conversations.items.delete(last, conversation_id="c1"))
    gone = await conversations.delete("c1")
    assert (gone.deleted, gone.object) == (True, "conversation.deleted")
    await refused(conversations.retrieve("c1"))


async def listed(relay: Running, token: str | None = ADA, query: str = "") -> list[tuple[str, int, str]]:
    """What the relay lists: ids, how many items, and how each begins."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with http_client(headers=headers) as http:
        answer = (await http.get(f"{relay.http}/v1/conversations{query}")).json()
    assert all(each["said_at"] >= each["created_at"] > 0 for each in answer["data"])
    return [(each["id"], each["items"], each["begins"]) for each in answer["data"]]


async def test_which_are_kept(relay) -> None:
    """A subject is listed its own conversations, the latest first, each with its beginning; nobody else's."""
    for id_, token in (("c1", ADA), ("c2", ADA), ("c3", BEN)):
        async with peer(relay, f"?conversation={id_}", token) as connection:
            await say(connection, f"Hello from {id_}. " + "x" * 100)
    ours = [("c2", 2, "Hello from c2. " + "x" * 65), ("c1", 2, "Hello from c1. " + "x" * 65)]
    assert await listed(relay) == ours
    assert [id_ for id_, *_ in await listed(relay, BEN, "?id=c1")] == ["c3"]
    ticket = {"relay": {"conversation": "c1"}}
    async with http_client(headers={"Authorization": f"Bearer {ADA}"}) as http:
        minted = (await http.post(f"{relay.http}/v1/realtime/client_secrets", json=ticket)).json()["value"]
    assert await listed(relay, minted) == ours[1:]


async def test_which_are_kept_where_nobody_is_named(mock, tmp_path) -> None:
    """On a relay that asks nobody who he is, those are listed whose ids are named."""
    store = {"store": f"sqlite:{tmp_path}/history.db"}
    async with running(mock.url, profiles=KEPT, history=store) as relay:
        for id_ in ("c1", "c2"):
            async with peer(relay, f"?conversation={id_}") as connection:
                await say(connection, f"Hello from {id_}.")
        assert await listed(relay, None) == []
        assert await listed(relay, None, "?id=c1&id=c7") == [("c1", 2, "Hello from c1.")]


async def test_a_conversation_without_a_name(relay, api) -> None:
    """A session that names none is in a new one, whose id a peer that asked for relay events is told."""
    async with peer(relay, "?relay_events=1") as talking:
        [told] = [event for event in await until(talking, "session.updated") if event["type"] == "relay.conversation"]
        await say(talking, "Hello")
    assert [role for role, _ in words((await api(relay).conversations.items.list(told["id"])).data)][-1] == "user"


async def test_a_ticket_for_one_conversation(relay, api) -> None:
    """A ticket that names a conversation opens and shows that one alone."""
    asked = {"relay": {"conversation": "c7"}}
    ticket = (await api(relay).post("/realtime/client_secrets", body=asked, cast_to=dict[str, Any]))["value"]
    async with peer(relay, "", ticket) as talking:
        await say(talking, "Hello")
    assert (await api(relay, ticket).conversations.retrieve("c7")).id == "c7"
    async with peer(relay, "?conversation=c1") as other:
        await say(other, "Hello")
    await refused(api(relay, ticket).conversations.retrieve("c1"))


@pytest.mark.parametrize("query", ["?conversation=../etc", "?conversation=" + "x" * 65])
async def test_an_id_that_none_can_have(relay, query) -> None:
    """An id of other characters, or a long one, is refused with `conversation_refused`."""
    with pytest.raises(InvalidStatus) as refusal:
        await relay.peer(query, additional_headers={"Authorization": f"Bearer {ADA}"})
    answer = refusal.value.response
    assert (answer.status_code, json.loads(answer.body or b"")["error"]["code"]) == (400, "conversation_refused")


async def test_without_history(mock, api) -> None:
    """Nothing is kept that no profile says: there is no address, no file and no event."""
    async with running(mock.url) as relay:
        async with relay.peer("?conversation=c1&relay_events=1") as connection:
            events = await say(connection, "Hello")
            assert "relay.conversation" not in {event["type"] for event in events}
        await refused(api(relay).conversations.retrieve("c1"))


async def test_a_store_that_fails(mock, tmp_path, api) -> None:
    """A store that cannot be read or written costs its rows, which are counted, and no session."""
    path = tmp_path / "history.db"
    async with running(mock.url, profiles=KEPT, history={"store": f"sqlite:{path}"}) as relay:
        with closing(sqlite3.connect(path)) as elsewhere:
            elsewhere.execute("DROP TABLE items")
        async with relay.peer("?conversation=c1") as connection:
            await say(connection, "Hello")
            await say(connection, "Still there?")
        for query in ("c1", "c1/items"):
            with pytest.raises(InternalServerError, match="cannot be read now"):
                await api(relay).get(f"/conversations/{query}", cast_to=dict[str, Any])
        for operation in ("read", "write"):
            assert relay.metrics.registry.get_sample_value("relay_history_failures_total", {"operation": operation})
