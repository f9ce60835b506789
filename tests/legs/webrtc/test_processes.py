"""Processes of calls: one that crashes or hangs ends its own calls, and another takes its place."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from relay.core.leg import Closed
from relay.legs.webrtc.media import MediaListener, MediaLost, Network, OfferRefused, Quality
from relay.legs.webrtc.process_end import LOST, ProcessEnd
from relay.legs.webrtc.processes import Loss, MediaProcesses
from tests.fakes.webrtc import OFFER


class Watched:
    """Processes, and what they told of those that were lost."""

    def __init__(self, count: int, look_s: float = 1.0) -> None:
        self.losses: list[Loss] = []
        self.rests_s: list[float] = []
        self.gone: dict[ProcessEnd, Closed] = {}
        self._changed = asyncio.Event()
        self.processes = MediaProcesses(count, "wrtc", Network(), self._lose, look_s)

    async def answered(self) -> ProcessEnd:
        """A call that has its answer."""
        end = ProcessEnd(self.processes)

        def gone(closed: Closed) -> None:
            self.gone[end] = closed
            self._changed.set()

        def nothing(*_: object) -> None: ...

        await end.answer(OFFER, MediaListener(nothing, nothing, nothing, nothing, nothing, nothing, gone))
        return end

    async def until_lost(self, count: int) -> None:
        while len(self.losses) < count:
            self._changed.clear()
            await self._changed.wait()

    def _lose(self, loss: Loss, rest_s: float) -> None:
        self.losses.append(loss)
        self.rests_s.append(rest_s)
        self._changed.set()


@asynccontextmanager
async def watched(count: int = 1, look_s: float = 1.0) -> AsyncIterator[Watched]:
    those = Watched(count, look_s)
    try:
        yield those
    finally:
        await those.processes.close()


async def test_a_crash_ends_its_own_calls_alone() -> None:
    """Its calls are told as what they are, the other process's go on, and the next call has an answer."""
    async with watched(2) as those:
        calls = [await those.answered()]
        while len(those.processes.pids) < 2:  # the second may not be there yet
            calls.append(await those.answered())
        calls += [await those.answered() for _ in range(len(calls) + 1)]  # each goes to where the fewest are
        pids = those.processes.pids
        os.kill(pids[0], signal.SIGSEGV)
        await those.until_lost(1)
        [loss] = those.losses
        assert (loss.reason, loss.pid, loss.exit) == ("crashed", pids[0], "SIGSEGV")
        assert loss.calls == len(those.gone)
        assert {*those.gone.values()} == {LOST}
        assert 0 < loss.calls < len(calls)
        assert {await call.quality() == Quality() for call in calls} == {True}
        assert await (await those.answered()).photograph(64, 80) is None


async def test_a_process_that_hangs_is_killed() -> None:
    """One that answers nothing is given up, as a crash is."""
    async with watched(look_s=0.05) as those:
        await those.answered()
        os.kill(those.processes.pids[0], signal.SIGSTOP)
        await those.until_lost(1)
        assert (those.losses[0].reason, those.losses[0].exit, those.losses[0].calls) == ("hung", "SIGKILL", 1)
        assert await those.answered()


async def test_what_crashes_again_and_again_is_started_later_and_later() -> None:
    """A packet that crashes the library does not keep a core busy with starting."""
    async with watched() as those:
        for count in (1, 2):
            await those.answered()
            os.kill(those.processes.pids[0], signal.SIGKILL)
            await those.until_lost(count)
        assert those.rests_s == [1.0, 2.0]


async def test_a_call_whose_process_goes_while_it_is_answered() -> None:
    """Whoever waits for its answer is told, and does not wait for ever."""
    async with watched() as those:
        await those.answered()
        end = ProcessEnd(those.processes)
        os.kill(those.processes.pids[0], signal.SIGSTOP)
        nothing = MediaListener(*[lambda *_: None] * 7)
        answering = asyncio.create_task(end.answer(OFFER, nothing))
        await asyncio.sleep(0)
        os.kill(those.processes.pids[0], signal.SIGKILL)
        with pytest.raises(MediaLost):
            await answering


async def test_an_offer_that_makes_no_sense_there() -> None:
    """It is refused with the library's words, as it is without processes."""
    async with watched() as those:
        nothing = MediaListener(*[lambda *_: None] * 7)
        with pytest.raises(OfferRefused, match="the offer cannot be answered"):
            await ProcessEnd(those.processes).answer("v=0\r\nnonsense", nothing)


async def test_it_has_no_key(monkeypatch) -> None:
    """What parses strangers' packets has neither the relay's environment nor its memory."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-only-the-relay-has-this")
    async with watched() as those:
        await those.answered()
        environment = await asyncio.to_thread(Path(f"/proc/{those.processes.pids[0]}/environ").read_bytes)
        assert b"sk-only" not in environment
        assert b"PATH=" in environment


async def test_they_end_with_the_relay() -> None:
    """No process stays behind, and none of them is told as lost."""
    async with watched(2) as those:
        await those.answered()
        pids = those.processes.pids
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)  # noqa: ASYNC240 - of memory
    assert those.losses == []
