"""What runs at once, end to end: an upstream whose answers are dear, and budgets that have to bound them."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from relay.core.events import MOST_VALUES
from tests.fakes.http_client import http_client
from tests.fakes.process import relay_process
from tests.fakes.redis import redis_server
from tests.fakes.running import Running, end_of, running
from tests.fakes.upstream import scripted_upstream

TOKENS = 10_000
ANSWER_USD = Decimal("0.64")
MODEL = "gpt-realtime-2.1"
TOKEN = "rt_the-shops-token-012345"

ASK = '{"type":"response.create","response":{"conversation":"none"}}'
GO_ON = '{"type":"input_audio_buffer.clear"}'


class DearUpstream:
    """Begins an answer for each request that it can read, in whatever frame, and ends all of them when it is told to.

    Attributes:
        asked: how many requests came.
    """

    def __init__(self) -> None:
        self.asked = 0

    async def speak(self, connection: ServerConnection) -> None:
        begun: list[str] = []
        session = {"type": "realtime", "model": MODEL}
        await connection.send(json.dumps({"type": "session.created", "session": session}))
        async for message in connection:
            kind = json.loads(message)["type"]
            if kind == "response.create":
                self.asked += 1
                begun.append(f"resp_{self.asked}")
                await connection.send(json.dumps({"type": "response.created", "response": {"id": begun[-1]}}))
            elif kind == "input_audio_buffer.clear":
                for name in begun:
                    await connection.send(done(name))
                begun.clear()


def done(name: str) -> str:
    usage = {"output_tokens": TOKENS, "output_token_details": {"audio_tokens": TOKENS}}
    return json.dumps({"type": "response.done", "response": {"id": name, "usage": usage}})


async def told(peer: ClientConnection) -> str:
    """What became of a request: the type of the event, or the code of the error."""
    while True:
        event: dict[str, Any] = json.loads(await peer.recv())
        if event["type"] in {"response.created", "error"}:
            return str(event.get("error", {}).get("code", event["type"]))


def spent(*relays: Running) -> Decimal:
    """By all of their sessions."""
    sums = (relay.metrics.registry.get_sample_value("relay_cost_usd_total", {"model": MODEL}) for relay in relays)
    return sum((Decimal(str(usd or 0)) for usd in sums), Decimal(0))


MANY = '{"type":"response.create","x":[' + "0," * MOST_VALUES + "0]}"
HALF = '{"type":"response.create","response":{"metadata":{"a":"\\ud83d"}}}'
DEEP = '{"type":"response.create","x":' + "[" * 300 + "]" * 300 + "}"
TWICE = '{"type":"session.update","type":"response.create"}'


@pytest.mark.parametrize(
    "ask", [ASK, MANY, HALF, DEEP, TWICE, ASK.encode()], ids=["plain", "many", "half", "deep", "twice", "bytes"]
)
async def test_a_hundred_answers_at_once_are_one(carrier, ask) -> None:
    """However a request is written, one goes up of a hundred, and the session has overrun its budget by one answer."""
    upstream_says = DearUpstream()
    async with (
        scripted_upstream(upstream_says.speak) as upstream,
        running(upstream.url, limits={"cost_usd": 0.10}) as relay,
        relay.peer(f"?model={MODEL}") as peer,
    ):
        for _ in range(100):
            await peer.send(ask)
        assert sorted([await told(peer) for _ in range(100)]) == ["budget_spent"] * 99 + ["response.created"]
        await peer.send(GO_ON)
        messages, code, reason = await end_of(peer)
        assert (code, reason) == (4000, "budget_spent")
        assert messages[0] == done("resp_1")
        await relay.sessions.empty()
        assert (upstream_says.asked, spent(relay)) == (1, ANSWER_USD)


@contextlib.asynccontextmanager
async def relays_that_share(url: str, store: str) -> AsyncIterator[list[Running]]:
    """One relay, or with a common store two, in which the shop may spend a dollar a day."""
    given: dict[str, Any] = {
        "tokens": [{"token": TOKEN, "subject": "shop"}],
        "quotas": {"subject": {"usd_per_day": 1}},
    }
    async with AsyncExitStack() as stack:
        if store == "memory":
            yield [await stack.enter_async_context(running(url, **given))]
            return
        redis = await stack.enter_async_context(redis_server())
        yield [await stack.enter_async_context(running(url, quota_store=redis.url, **given)) for _ in range(2)]


@pytest.mark.parametrize("store", ["memory", "redis"])
async def test_ten_sessions_overrun_their_common_budget_by_one_answer(store) -> None:
    """All sessions of one subject ask at once, again and again, in one relay or in two that share a Redis."""
    upstream_says = DearUpstream()
    async with scripted_upstream(upstream_says.speak) as upstream, relays_that_share(upstream.url, store) as relays:
        async with AsyncExitStack() as stack:
            peers = [
                await stack.enter_async_context(
                    relay.peer(f"?model={MODEL}", additional_headers={"Authorization": f"Bearer {TOKEN}"})
                )
                for relay in relays
                for _ in range(10 // len(relays))
            ]
            for asked in (1, 2):
                for peer in peers:
                    await peer.send(ASK)
                verdicts = await asyncio.gather(*map(told, peers))
                assert sorted(verdicts) == ["budget_spent"] * 9 + ["response.created"]
                assert upstream_says.asked == asked
                for peer in peers:
                    await peer.send(GO_ON)
                answered = peers[verdicts.index("response.created")]
                while json.loads(await answered.recv())["type"] != "response.done":
                    pass
                for relay in relays:
                    await relay.app.state.quotas.settled()
            for peer in peers:
                with contextlib.suppress(ConnectionClosed):
                    await peer.send(ASK)
            ends = [await end_of(peer) for peer in peers]
            assert {(code, reason) for _, code, reason in ends} == {(4000, "budget_spent")}
        for relay in relays:
            await relay.sessions.empty()
        assert (upstream_says.asked, spent(*relays)) == (2, 2 * ANSWER_USD)


async def keeps_asking(peer: ClientConnection) -> int:
    """Ask until the session ends, and have each answer come to its end; returns how many there were."""
    answers = 0
    with contextlib.suppress(ConnectionClosed):
        while True:
            await peer.send(ASK)
            if await told(peer) == "response.created":
                answers += 1
                await peer.send(GO_ON)
    return answers


async def busy_workers(address: str) -> set[str]:
    """The workers that have sessions."""
    async with http_client(timeout=None) as http:
        metrics = (await http.get(f"{address}/metrics")).text
    opened = re.findall(r'^relay_sessions_open{worker="(\d)"} (\S+)', metrics, re.MULTILINE)
    return {worker for worker, count in opened if float(count)}


async def test_workers_overrun_their_common_budget_by_one_answer() -> None:
    """Sessions in both workers of one relay ask for answers without end; a Redis is all that the workers share."""
    upstream_says = DearUpstream()
    async with redis_server() as redis, scripted_upstream(upstream_says.speak) as upstream:
        given = {"RELAY_QUOTA_STORE": redis.url, "RELAY_QUOTAS__PROCESS__USD_PER_DAY": "1"}
        async with (
            relay_process("--upstream", upstream.url, "--workers", "2", **given) as (_, address),
            AsyncExitStack() as stack,
        ):
            url = f"{address.replace('http', 'ws')}/v1/realtime?model={MODEL}"
            peers: list[ClientConnection] = []
            while len(peers) < 10 or len(await busy_workers(address)) < 2:
                dialled = connect(url, proxy=None, open_timeout=None)
                peers.append(await stack.enter_async_context(dialled))
            answers = await asyncio.gather(*map(keeps_asking, peers))
    assert (sum(answers), upstream_says.asked) == (2, 2)


class AttentiveUpstream:
    """Takes every append for a turn: it hears it begin, and answers unless it was cleared until the next append.

    Attributes:
        answered: how many answers began.
    """

    def __init__(self) -> None:
        self.answered = 0

    async def listen(self, connection: ServerConnection) -> None:
        detection = {"type": "server_vad", "create_response": True}
        session = {"type": "realtime", "model": MODEL, "audio": {"input": {"turn_detection": detection}}}
        await connection.send(json.dumps({"type": "session.created", "session": session}))
        name = f"resp_{id(connection)}"
        speaks = False
        async for message in connection:
            kind = json.loads(message)["type"]
            if kind == "input_audio_buffer.clear":
                speaks = False
                await connection.send('{"type":"input_audio_buffer.cleared"}')
            elif speaks:
                self.answered += 1
                await connection.send(json.dumps({"type": "response.created", "response": {"id": name}}))
                await connection.send(done(name))
            else:
                speaks = True
                await connection.send('{"type":"input_audio_buffer.speech_started"}')


@pytest.mark.parametrize("store", ["memory", "redis"])
async def test_turns_that_are_answered_unasked_overrun_a_budget_by_one(store) -> None:
    """Ten people of one subject speak at once; of those whose answers nobody could pay for nothing is answered."""
    upstream_hears = AttentiveUpstream()
    append = '{"type":"input_audio_buffer.append","audio":"AAAA"}'
    async with (
        scripted_upstream(upstream_hears.listen) as upstream,
        relays_that_share(upstream.url, store) as relays,
        AsyncExitStack() as stack,
    ):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        peers = [
            await stack.enter_async_context(relay.peer(f"?model={MODEL}", additional_headers=headers))
            for relay in relays
            for _ in range(10 // len(relays))
        ]
        for peer in peers:
            await peer.send(append)
        for peer in peers:
            while json.loads(await peer.recv())["type"] != "input_audio_buffer.speech_started":
                pass
        for relay in relays:
            await relay.app.state.quotas.settled()
        for peer in peers:
            await peer.send(append)
        for peer in peers:
            while json.loads(await peer.recv())["type"] not in {"response.done", "input_audio_buffer.cleared"}:
                pass
    assert upstream_hears.answered == 1


async def test_an_answer_after_voice_detection_is_cancelled_where_nothing_pays_for_it() -> None:
    """Of two answers that the upstream begins by itself the one that could not be paid for beside the other ends."""

    async def hear(connection: ServerConnection) -> None:
        await connection.send('{"type":"response.created","response":{"id":"r1"}}')
        await connection.send('{"type":"response.created","response":{"id":"r2"}}')
        cancel = json.loads(await connection.recv())
        assert (cancel["type"], cancel["response_id"]) == ("response.cancel", "r2")
        await connection.send(done("r2"))

    async with (
        scripted_upstream(hear) as upstream,
        running(upstream.url, limits={"cost_usd": 0.10}) as relay,
        relay.peer(f"?model={MODEL}") as peer,
    ):
        types = [json.loads(await peer.recv())["type"] for _ in range(4)]
        assert types == ["response.created", "response.created", "error", "response.done"]
