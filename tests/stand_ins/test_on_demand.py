import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from relay.stand_ins.on_demand import OnDemand
from relay.upstreams.targets import Upstream, upstream_at


class StandIn:
    """What is run: counts how often it was started and ended, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.started = self.ended = 0
        self.may_start = asyncio.Event()
        self._failures = failures

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[Upstream]:
        self.started += 1
        await self.may_start.wait()
        if self.started <= self._failures:
            raise OSError("no port is free")
        try:
            yield upstream_at("ws://127.0.0.1:1", {})
        finally:
            self.ended += 1


async def test_it_is_started_once_for_all_who_ask() -> None:
    """The first who asks starts it, and whoever asks meanwhile or later gets the same."""
    stand_in = StandIn()
    on_demand = OnDemand(stand_in.serve)
    assert stand_in.started == 0
    asking = [asyncio.create_task(on_demand.upstream()) for _ in range(3)]
    await asyncio.sleep(0)
    asking[0].cancel()
    stand_in.may_start.set()
    one, other = await asyncio.gather(*asking[1:])
    assert one is other is await on_demand.upstream()
    assert stand_in.started == 1
    await on_demand.close()


@pytest.mark.parametrize("asked", [True, False])
async def test_it_can_be_closed(asked) -> None:
    """Closing ends it where it runs, and starts nothing where it does not; asked for again it is started again."""
    stand_in = StandIn()
    stand_in.may_start.set()
    on_demand = OnDemand(stand_in.serve)
    for times in (1, 2):
        if asked:
            await on_demand.upstream()
        await on_demand.close()
        await on_demand.close()
        assert stand_in.started == stand_in.ended == times * asked


async def test_a_start_that_fails() -> None:
    """Whoever waits is told why it did not start, and whoever asks then has it tried again."""
    stand_in = StandIn(failures=1)
    stand_in.may_start.set()
    on_demand = OnDemand(stand_in.serve)
    failed = await asyncio.gather(on_demand.upstream(), on_demand.upstream(), return_exceptions=True)
    assert [str(failure) for failure in failed] == ["no port is free"] * 2
    await on_demand.upstream()
    assert stand_in.started == 2
    await on_demand.close()


def test_each_loop_has_its_own() -> None:
    """It ends with the loop that it runs in, and in another loop it is started anew."""

    async def ask() -> None:
        stand_in.may_start = asyncio.Event()
        stand_in.may_start.set()
        await on_demand.upstream()

    stand_in = StandIn()
    on_demand = OnDemand(stand_in.serve)
    for times in (1, 2):
        asyncio.run(ask())
        assert stand_in.started == stand_in.ended == times
