"""The load generator against the echo upstream, and against one that does not keep its word."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from picows import WSFrame, WSMsgType, WSTransport, ws_create_server

from bench.echo_upstream import EchoSession
from bench.load import Crowd, come_and_go, sit_idle, talk_steadily
from bench.outcome import Outcome
from bench.sessions import Dialler
from bench.talk import Talk
from bench.usage import Usage
from bench.wire import UPDATED, WRONG, Script

ONE_FOR_ONE = Script(Talk(1300, (1300,)))
IN_BURSTS = Script(Talk(1300, (4096, 8192), answer_every=4))


class Faulty(EchoSession):
    """Answers as the echo does, until a chosen answer: instead of it, it sends what the fault makes of it."""

    def __init__(self, script: Script, fault: Callable[[bytes], list[bytes]]) -> None:
        super().__init__(script)
        self._fault = fault
        self._answers = 0

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            super().on_ws_frame(transport, frame)
            return
        stamp = self._append.read(frame.get_payload_as_bytes())
        assert stamp is not None
        answer = self._deltas[0].write(stamp)
        self._answers += 1
        for message in self._fault(answer) if self._answers == 3 else [answer]:
            transport.send(WSMsgType.TEXT, message)


@asynccontextmanager
async def crowd(
    script: Script, make: Callable[[], EchoSession] | None = None, *, injected: bool = False
) -> AsyncIterator[Crowd]:
    server = await ws_create_server(lambda _: make() if make else EchoSession(script), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield Crowd(Dialler(f"ws://127.0.0.1:{port}/", None), script, 4, 0.1, Usage, injected)


async def talk(crowd: Crowd) -> Outcome:
    return await talk_steadily(crowd, interval_s=0.01, warm_up_s=0.02)


@pytest.mark.parametrize("script", [ONE_FOR_ONE, IN_BURSTS])
async def test_a_steady_talk_is_measured(script) -> None:
    """All that is sent is answered, in order, and each answer has a time."""
    async with crowd(script) as four:
        outcome = await talk(four)
    assert outcome.faults == {}
    assert not outcome.overloaded
    assert outcome.events_up > 0
    assert outcome.events_down > 0
    assert outcome.round_trip_us["p50"] > 0


async def test_idle_sessions_are_alive_at_the_end() -> None:
    """Each is asked once after its silence, and answers."""
    async with crowd(ONE_FOR_ONE) as four:
        assert (await sit_idle(four)).faults == {}


async def test_sessions_come_and_go() -> None:
    """They are opened, greeted, answered and closed, one after another."""
    async with crowd(ONE_FOR_ONE) as four:
        outcome = await come_and_go(four)
    assert outcome.faults == {}
    assert outcome.cycles >= 4
    assert outcome.events_up == outcome.events_down == outcome.cycles


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        pytest.param(lambda answer: [answer, answer], "wrong", id="twice"),
        pytest.param(lambda answer: [answer.replace(b"resp_bench", b"resp_BENCH"), answer], "wrong", id="changed"),
        pytest.param(lambda answer: [answer[:-1] + b" }", answer], "wrong", id="respaced"),
        pytest.param(lambda answer: [WRONG, answer], "wrong", id="the upstream saw a changed append"),
        pytest.param(lambda answer: [UPDATED, answer], "wrongly injected", id="an update that nobody asked for"),
    ],
)
async def test_what_is_wrong_is_found(fault, found) -> None:
    """One wrong message in the middle of many right ones is counted."""
    async with crowd(ONE_FOR_ONE, lambda: Faulty(ONE_FOR_ONE, fault)) as four:
        assert found in (await talk(four)).faults


async def test_a_lost_message_is_found() -> None:
    """An answer that never comes is lost, unlike one that is late on a busy machine, and the next is out of order."""
    async with crowd(ONE_FOR_ONE, lambda: Faulty(ONE_FOR_ONE, lambda _: [])) as four:
        faults = (await talk(replace(four, answer_timeout_s=3.0))).faults
    assert faults["lost"] == 4
    assert "wrong" in faults


async def test_an_injection_that_does_not_happen_is_found() -> None:
    """A relay that leaves out what it should inject is not faster, but wrong."""
    async with crowd(ONE_FOR_ONE, injected=True) as four:
        assert (await talk(four)).faults == {"not injected": 4}


async def test_more_than_can_be_carried_is_told() -> None:
    """Where answers fall too far behind, no more is sent, and the outcome says why."""
    async with crowd(ONE_FOR_ONE) as four:
        outcome = await talk(replace(four, behind_s=-1.0))
    assert outcome.overloaded
    assert outcome.events_up == 0
