"""Quotas by themselves, with a clock that stands still, and with a real Redis between two relays."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from redis.asyncio import Redis

from relay.admission.daily_budget import DailyBudget
from relay.admission.quotas import Quotas, make_quotas
from relay.admission.shared_money import LAPSES_S
from relay.config.quotas import Quota
from relay.core.causes import Cause
from relay.core.closing import Refused
from tests.fakes.redis import Redis as RedisServer
from tests.fakes.redis import redis_server

ANNA = {"process": "all", "subject": "anna", "profile": "default"}
BERT = {"process": "all", "subject": "bert", "profile": "default"}
NOBODY = {"process": "all", "subject": None, "profile": "default"}


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Where quotas are counted."""
    if request.param == "memory":
        yield "memory"
        return
    async with redis_server() as redis:
        yield redis.url


def answers() -> None:
    raise AssertionError("the store did not answer")


@asynccontextmanager
async def quotas(
    store: str = "memory", on_failure: Callable[[], None] = answers, **by_scope: Quota
) -> AsyncIterator[Quotas]:
    made = make_quotas(by_scope, store, on_failure)
    try:
        yield made
    finally:
        await made.close()


async def refusal(of: Quotas, names: Mapping[str, str | None]) -> Refused:
    with pytest.raises(Refused) as refused:
        async with of.reserve(names):
            pass
    return refused.value


async def test_sessions_at_one_time() -> None:
    """A subject that has as many sessions as it may gets no more until one ends; others are not concerned."""
    async with quotas(subject=Quota(sessions=2)) as some, some.reserve(ANNA):
        async with some.reserve(ANNA):
            assert (await refusal(some, ANNA)).ended.cause is Cause.TOO_MANY_SESSIONS
            async with some.reserve(BERT), some.reserve(NOBODY), some.reserve(NOBODY), some.reserve(NOBODY):
                pass
        async with some.reserve(ANNA):
            pass


async def test_a_place_is_given_back_however_it_ends() -> None:
    """A session that fails gives its place back, and nothing is kept of subjects that are gone."""
    async with quotas(subject=Quota(sessions=1)) as some:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                async with some.reserve(ANNA):
                    raise ZeroDivisionError
        assert not some._open


async def test_a_profiles_own_quota_goes_first() -> None:
    """A profile that has a quota of its own is not measured by that of the others."""
    some = make_quotas({"profile": Quota(sessions=1), ("profile", "big"): Quota(sessions=2)}, "memory", lambda: None)
    big = {"profile": "big"}
    async with some.reserve(big), some.reserve(big), some.reserve({"profile": "small"}):
        assert (await refusal(some, big)).ended.cause is Cause.TOO_MANY_SESSIONS
        assert (await refusal(some, {"profile": "small"})).ended.cause is Cause.TOO_MANY_SESSIONS


async def test_new_sessions_in_a_minute(store) -> None:
    """Beyond its sessions a minute a subject is told when to come again, though all have ended."""
    async with quotas(store, subject=Quota(sessions_per_minute=3)) as some:
        for _ in range(3):
            async with some.reserve(ANNA):
                pass
        refused = (await refusal(some, ANNA)).ended
        assert (refused.cause, refused.status) == (Cause.TOO_FREQUENT, 429)
        assert refused.retry_after_s is not None
        assert 0 < refused.retry_after_s <= 60
        async with some.reserve(BERT):
            pass


async def test_money_for_a_day(store) -> None:
    """What a subject spends counts for all of its sessions, and each knows of it; when it is spent it gets no more."""
    async with quotas(store, subject=Quota(usd_per_day=Decimal("0.10"))) as some:
        async with some.reserve(ANNA) as (first,), some.reserve(ANNA) as (second,):
            first.spend(Decimal("0.06"))
            await some.settled()
            assert first.spent_share == second.spent_share == Decimal("0.6")
            second.spend(Decimal("0.0400000001"))
            await some.settled()
            assert first.spent_share >= 1
        assert (await refusal(some, ANNA)).ended.cause is Cause.BUDGET_SPENT
        async with some.reserve(BERT) as (budget,):
            assert budget.spent_share == 0


async def told(of: Quotas, budget: DailyBudget, name: str, usd: str) -> bool:
    """What a budget says when money is to be set aside."""
    verdicts: list[bool] = []
    budget.reserve(name, Decimal(usd), verdicts.append)
    await of.settled()
    (verdict,) = verdicts
    return verdict


async def test_money_is_set_aside_for_all_sessions_of_a_subject(store) -> None:
    """One answer may be under way whatever it costs; a further one, of any session, where both can be paid for."""
    async with (
        quotas(store, subject=Quota(usd_per_day=Decimal(1))) as some,
        some.reserve(ANNA) as (first,),
        some.reserve(ANNA) as (second,),
        some.reserve(BERT) as (other,),
    ):
        assert await told(some, first, "1", "5")
        assert not await told(some, second, "1", "0.01")
        assert await told(some, other, "1", "5")
        first.spend(Decimal("0.5"), "1")
        assert await told(some, second, "2", "0.2")
        assert await told(some, first, "2", "0.3")
        assert not await told(some, first, "3", "0.01")
        second.spend(Decimal("0.5"), "2")
        first.spend(Decimal(0), "2")
        assert not await told(some, first, "4", "0.01")


async def test_what_is_kept_leaves_less_for_answers(store) -> None:
    """What cannot be refused, as a transcript, counts against what is left for all sessions of a subject."""
    async with (
        quotas(store, subject=Quota(usd_per_day=Decimal(1))) as some,
        some.reserve(ANNA) as (first,),
        some.reserve(ANNA) as (second,),
    ):
        first.keep("t", Decimal("0.4"))
        assert await told(some, second, "1", "0.3")
        assert not await told(some, second, "2", "0.4")
        first.tick(1000.0)
        assert await told(some, second, "3", "0.3")
        first.keep("u", Decimal("0.6"))
        second.spend(Decimal(0), "1")
        second.spend(Decimal(0), "3")
        assert not await told(some, second, "4", "0.1")
        first.spend(Decimal(0), "u")
        assert await told(some, second, "5", "5")


async def test_what_a_session_had_set_aside_is_free_when_it_ends(store) -> None:
    """A session that ends, however it does, holds up no other session's answers."""
    async with quotas(store, subject=Quota(usd_per_day=Decimal(1))) as some, some.reserve(ANNA) as (mine,):
        with contextlib.suppress(ZeroDivisionError):
            async with some.reserve(ANNA) as (gone,):
                assert await told(some, gone, "1", "5")
                raise ZeroDivisionError
        assert await told(some, mine, "1", "5")


async def test_nothing_is_kept_of_a_scope_that_is_settled(store) -> None:
    """When a subject's sessions are gone and paid for, only the sum of its day is remembered."""
    async with quotas(store, subject=Quota(usd_per_day=Decimal(1))) as some:
        async with some.reserve(ANNA) as (budget,):
            budget.spend(Decimal("0.1"))
        await some.settled()
        assert not some._money


async def test_relays_share_a_store() -> None:
    """What one relay counts in the common store, the other one knows."""
    one = Quota(sessions_per_minute=1)
    async with (
        redis_server() as redis,
        quotas(redis.url, subject=one) as ours,
        quotas(redis.url, subject=one) as theirs,
    ):
        async with ours.reserve(ANNA):
            pass
        assert (await refusal(theirs, ANNA)).ended.cause is Cause.TOO_FREQUENT


async def test_a_handshake_is_counted_in_all_windows_or_in_none(store) -> None:
    """Who is refused by one quota takes no room in another one, and is told which it was."""
    three, one = Quota(sessions_per_minute=3), Quota(sessions_per_minute=1)
    async with quotas(store, process=three, subject=one) as some:
        async with some.reserve(ANNA):
            pass
        for _ in range(3):
            assert (await refusal(some, ANNA)).ended.named == (("quota", "subject.sessions_per_minute"),)
        async with some.reserve(BERT), some.reserve({**NOBODY, "subject": "carl"}):
            pass
        refused = await refusal(some, {**NOBODY, "subject": "dora"})
        assert refused.ended.named == (("quota", "process.sessions_per_minute"),)


async def test_a_handshake_asks_the_store_once() -> None:
    """However many quotas it has to meet, in minutes and in money."""
    both = Quota(sessions_per_minute=1000, usd_per_day=Decimal(5))
    async with (
        redis_server() as redis,
        quotas(redis.url, process=both, subject=both, profile=both) as some,
        Redis.from_url(redis.url) as connection,
    ):
        async with some.reserve(ANNA):
            await some.settled()
        before: Any = await connection.info("commandstats")
        async with some.reserve(BERT) as budgets:
            assert len(budgets) == 3
            after: Any = await connection.info("commandstats")
    assert after["cmdstat_evalsha"]["calls"] - before["cmdstat_evalsha"]["calls"] == 1


async def test_relays_set_aside_in_the_store() -> None:
    """What one relay has set aside the other one respects, and each learns what the other spends."""
    one = Quota(usd_per_day=Decimal(1))
    async with (
        redis_server() as redis,
        quotas(redis.url, subject=one) as ours,
        quotas(redis.url, subject=one) as theirs,
        ours.reserve(ANNA) as (mine,),
        theirs.reserve(ANNA) as (yours,),
    ):
        assert await told(ours, mine, "1", "0.7")
        assert not await told(theirs, yours, "1", "0.4")
        assert await told(theirs, yours, "2", "0.3")
        mine.spend(Decimal(1), "1")
        await ours.settled()
        yours.tick(1000.0)
        await theirs.settled()
        assert yours.spent_share == 1


async def test_what_a_killed_relay_had_set_aside_lapses() -> None:
    """What is set aside in the store is renewed by the relay that lives, and counts no more when its time is over."""
    one = Quota(usd_per_day=Decimal(1))
    async with (
        redis_server() as redis,
        quotas(redis.url, subject=one) as some,
        some.reserve(ANNA) as (mine,),
        some.reserve(ANNA) as (yours,),
        Redis.from_url(redis.url, decode_responses=True) as connection,
    ):
        store: Any = connection
        assert await told(some, mine, "1", "0.7")
        (place,) = [key for key in await store.keys() if key.endswith("/aside")]
        ((name, kept),) = (await store.hgetall(place)).items()
        nanos = kept.split()[1]
        assert 0 < await store.ttl(place) <= 2 * LAPSES_S
        await store.hset(place, name, f"{int(kept.split()[0]) - 5} {nanos}")
        mine.tick(1000.0)
        await some.settled()
        assert int((await store.hget(place, name)).split()[0]) >= int(kept.split()[0])
        await store.hset(place, name, f"1 {nanos}")
        assert await told(some, yours, "1", "5")
        assert await store.hlen(place) == 1


async def test_without_the_store_each_relay_sets_aside_by_itself() -> None:
    """When the store is gone the bound is this relay's own, with all that it has spent itself, and it is told later."""
    failures: list[None] = []
    one = Quota(usd_per_day=Decimal(1))
    async with redis_server() as redis, quotas(redis.url, lambda: failures.append(None), subject=one) as some:
        async with some.reserve(ANNA) as (mine,), some.reserve(ANNA) as (yours,):
            mine.spend(Decimal("0.5"))
            await some.settled()
            await stopped(redis, signal.SIGKILL)
            assert await told(some, mine, "1", "0.4")
            assert not await told(some, yours, "1", "0.2")
            mine.spend(Decimal("0.5"), "1")
            assert yours.spent_share == 1
            await some.settled()
            assert some._money
        assert (await refusal(some, ANNA)).ended.cause is Cause.BUDGET_SPENT
        assert len(failures) == 1


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_store_that_is_gone_or_hangs(fault) -> None:
    """Without the common store each relay counts by itself, says so, and makes nobody wait again for some seconds."""
    failures: list[None] = []
    one = Quota(sessions_per_minute=1)
    async with redis_server() as redis, quotas(redis.url, lambda: failures.append(None), subject=one) as some:
        await stopped(redis, fault)
        async with some.reserve(ANNA):
            pass
        assert (await refusal(some, ANNA)).ended.cause is Cause.TOO_FREQUENT
        assert len(failures) == 1


async def test_a_store_that_takes_connections_and_says_nothing() -> None:
    """A handshake with six questions to a store that hangs waits for one answer, and the next handshake for none."""
    questions: list[bytes] = []
    failures: list[None] = []
    both = Quota(sessions_per_minute=1000, usd_per_day=Decimal(5))

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            questions.append(data)
        writer.close()

    async with await asyncio.start_server(swallow, "127.0.0.1", 0) as server:
        url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        shop = quotas(url, lambda: failures.append(None), process=both, subject=both, profile=both)
        async with shop as some:
            async with some.reserve(ANNA) as budgets:
                assert len(budgets) == 3
            asked = len(questions)
            async with some.reserve(BERT):
                pass
    assert len(failures) == 1
    assert asked == len(questions) == 1


async def stopped(redis: RedisServer, fault: signal.Signals) -> None:
    redis.process.send_signal(fault)
    if fault is signal.SIGKILL:
        await redis.process.wait()


def test_the_library_is_loaded_only_for_those_who_count() -> None:
    """Quotas of sessions at one time need no store, not even one that cannot be reached."""
    assert make_quotas({"subject": Quota(sessions=1)}, "redis://127.0.0.1:1", answers)._counters is None
