"""Quotas by themselves, with a clock that stands still, and with a real Redis between two relays."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from relay.admission.quotas import Quotas, make_quotas
from relay.config.quotas import Quota
from relay.core.closing import Cause, Refused
from tests.fakes.redis import Redis, redis_server

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
    """What a subject spends counts for all of its sessions; when it is spent it gets no more."""
    async with quotas(store, subject=Quota(usd_per_day=Decimal("0.10"))) as some:
        async with some.reserve(ANNA) as (first,), some.reserve(ANNA) as (second,):
            first.spend(Decimal("0.06"))
            await some.settled()
            assert first.spent_share == Decimal("0.6")
            assert second.spent_share == 0
            second.spend(Decimal("0.0400000001"))
            await some.settled()
            assert second.spent_share >= 1
        assert (await refusal(some, ANNA)).ended.cause is Cause.BUDGET_SPENT
        async with some.reserve(BERT) as (budget,):
            assert budget.spent_share == 0


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


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_store_that_is_gone_or_hangs(fault) -> None:
    """Without the common store each relay counts by itself, without making anybody wait for long, and says so."""
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


async def stopped(redis: Redis, fault: signal.Signals) -> None:
    redis.process.send_signal(fault)
    if fault is signal.SIGKILL:
        await redis.process.wait()


def test_the_library_is_loaded_only_for_those_who_count() -> None:
    """Quotas of sessions at one time need no store, not even one that cannot be reached."""
    assert make_quotas({"subject": Quota(sessions=1)}, "redis://127.0.0.1:1", answers)._counters is None
