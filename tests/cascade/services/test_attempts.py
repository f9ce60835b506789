"""relay.cascade.services.attempts"""

import pytest

from relay.cascade.orders import (
    Cancel,
    Failed,
    Fault,
    Hear,
    HearMore,
    Speak,
    Spoken,
    SpokenChunk,
    Stage,
    Think,
    Thought,
)
from relay.cascade.services.services import Services, Stages
from relay.stand_ins.services import serve_services
from tests.fakes.orders import cascade_at, ordering
from tests.fakes.sounds import tone

THINK = Think(1, ({"role": "user", "content": "Hello"},))
SPEAK = Speak(1, "Hello there, and welcome.", "marin")
DEAD = "http://127.0.0.1:9/v1"


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 502}, {"cut_after": 0}, {"status": 429, "retry_after": "0"}]
)
async def test_a_service_is_asked_again_before_its_first_result(services, fault) -> None:
    """Before its first result a service that failed is asked once more, and nobody hears of it."""
    services.fault("think", **fault)
    async with ordering(cascade_at(services)) as orderer:
        results = await orderer.carry_out(THINK)
    assert isinstance(results[-1], Thought)
    assert len(services.asked) == 2


async def test_it_is_asked_twice_and_no_more(services) -> None:
    """A service that fails twice has failed, and the failure says how."""
    for _ in range(2):
        services.fault("think", status=500)
    async with ordering(cascade_at(services)) as orderer:
        (failed,) = await orderer.carry_out(THINK)
        assert orderer.stages.think.failures == {Fault.BROKEN: 2}
    assert isinstance(failed, Failed)
    assert (failed.fault, failed.status, failed.code, failed.had_begun) == (Fault.BROKEN, 500, "model_failed", False)
    assert len(services.asked) == 2


@pytest.mark.parametrize("status", [400, 401, 404, 422])
async def test_what_was_refused_is_not_asked_again(services, status) -> None:
    """A request that was refused for what it is would be refused again."""
    services.fault("speak", status=status)
    async with ordering(cascade_at(services)) as orderer:
        (failed,) = await orderer.carry_out(SPEAK)
    assert isinstance(failed, Failed)
    assert (failed.fault, failed.status, failed.code) == (Fault.REFUSED, status, "speech_failed")
    assert len(services.asked) == 1


async def test_a_service_that_wants_to_be_left_alone_is(services) -> None:
    """A 429 with a long `Retry-After` is not asked again, and the failure says for how long."""
    services.fault("think", status=429, retry_after="20")
    async with ordering(cascade_at(services)) as orderer:
        (failed,) = await orderer.carry_out(THINK)
    assert isinstance(failed, Failed)
    assert (failed.fault, failed.retry_after_s) == (Fault.BUSY, 20.0)
    assert len(services.asked) == 1


async def test_a_service_that_hangs_has_failed_in_time(services) -> None:
    """A service that gives no result in `timeout_s` has failed then: without a second address nobody waits twice."""
    services.fault("think", hangs_after=0)
    async with ordering(cascade_at(services, think={"timeout_s": 0.05})) as orderer:
        (failed,) = await orderer.carry_out(THINK)
    assert isinstance(failed, Failed)
    assert (failed.fault, failed.had_begun) == (Fault.TIMEOUT, False)
    assert failed.reason.endswith("gave no result for 0.05 s")
    assert len(services.asked) <= 1  # on a busy machine the time may be over before it was even asked


@pytest.mark.parametrize(
    ("fault", "how"),
    [({"hangs_after": 2}, Fault.TIMEOUT), ({"cut_after": 2}, Fault.CUT_OFF)],
)
async def test_nothing_is_tried_again_after_the_first_result(services, fault, how) -> None:
    """A service that hangs or dies in the middle has failed: what was said cannot be taken back."""
    services.script.chunk_bytes = 4800
    services.fault("speak", **fault)
    async with ordering(cascade_at(services, speak={"timeout_s": 2.0})) as orderer:
        results = await orderer.carry_out(SPEAK)
    assert isinstance(results[-1], Failed)
    assert (results[-1].fault, results[-1].had_begun) == (how, True)
    assert all(isinstance(result, SpokenChunk) for result in results[:-1])
    assert len(services.asked) == 1


async def test_the_second_address_is_asked_instead(services) -> None:
    """Where the first address fails before its first result, the second one is asked, with its own model and voices."""
    async with serve_services() as second:
        instead = {"url": second.url, "model": "other", "voices": {"*": "anna"}}
        services.fault("speak", status=401)
        async with ordering(cascade_at(services, speak={"instead": instead})) as orderer:
            results = await orderer.carry_out(SPEAK)
    assert isinstance(results[-1], Spoken)
    assert results[-1].usage.model == "other"
    assert (second.asked[0].fields["model"], second.asked[0].fields["voice"]) == ("other", "anna")


async def test_an_address_that_is_dead_is_asked_last_for_a_while(services) -> None:
    """An address that cannot be reached is asked behind the other one until it has rested, by all sessions."""
    now = [0.0]
    cascade = cascade_at(services, think={"url": DEAD, "instead": {"url": services.url, "model": "m"}})
    async with ordering(cascade) as orderer:
        attempts = orderer.stages.think
        attempts._clock = lambda: now[0]
        for number in (1, 2):
            await orderer.carry_out(Think(number, THINK.messages))
        assert attempts.failures == {Fault.UNREACHABLE: 2}
        now[0] = 31.0
        await orderer.carry_out(Think(3, THINK.messages))
        assert attempts.failures == {Fault.UNREACHABLE: 4}


async def test_a_service_that_is_not_there_has_failed(services) -> None:
    """Where nobody listens the failure names the address, and the session goes on."""
    async with ordering(cascade_at(services, hear={"url": DEAD})) as orderer:
        (failed,) = await orderer.carry_out(Hear(1, tone(300)))
        assert isinstance((await orderer.carry_out(Think(2, THINK.messages)))[-1], Thought)
    assert isinstance(failed, Failed)
    assert (failed.stage, failed.fault) == (Stage.HEAR, Fault.UNREACHABLE)
    assert "127.0.0.1:9 cannot be reached" in failed.reason


async def test_nobody_is_late_while_one_speaks(services) -> None:
    """The time in which a service has to answer begins when the turn is over."""
    cascade = cascade_at(services, hear={"timeout_s": 0.1, "kind": "vllm", "url": services.sessions_url})
    async with ordering(cascade) as orderer:
        orderer.give(Hear(1, tone(300), is_whole=False))
        await orderer.carry_out(Think(2, THINK.messages))
        assert orderer.of(1) == []
        services.sessions.hangs = 2
        orderer.give(HearMore(1, b"", is_last=True))
        (failed,) = await orderer.until_over(1)
    assert isinstance(failed, Failed)
    assert failed.fault is Fault.TIMEOUT


async def test_an_order_that_is_cancelled_closes_its_connection(services) -> None:
    """A cancelled order has no more results, and the service sees its connection go."""
    services.script.chunk_bytes = 960
    services.fault("speak", hangs_after=3)
    async with ordering(cascade_at(services)) as orderer:
        orderer.give(SPEAK)
        await orderer.until(1)
        orderer.give(Cancel(1))
        await services.until_abandoned()
        orderer.give(Cancel(1))
        results = len(orderer.of(1))
        await orderer.carry_out(Speak(2, "Hello.", "marin"))
        assert len(orderer.of(1)) == results


async def test_closing_cancels_what_goes_on(services) -> None:
    """A session that ends leaves no request behind."""
    services.fault("think", hangs_after=0)
    async with ordering(cascade_at(services)) as orderer:
        orderer.give(THINK)
        await services.until_asked("think")
        await orderer.services.close()
        await services.until_abandoned()
    assert orderer.results == []


async def test_a_fault_of_the_relays_own_is_told(services) -> None:
    """An order that fails by a fault in the relay itself fails like any other, and the log has the trace."""
    async with ordering(cascade_at(services)) as orderer:
        stages = Stages(orderer.stages.cascade, None, None)  # type: ignore[arg-type]
        orderer.services = Services(stages, orderer._told)
        (failed,) = await orderer.carry_out(THINK)
    assert isinstance(failed, Failed)
    assert failed.reason == "the relay itself failed; its log says how"
