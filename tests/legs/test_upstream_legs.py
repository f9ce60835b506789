"""One contract for both upstream legs, against real sockets: what only the connection itself can tell."""

import asyncio
from time import monotonic

import pytest
from websockets.asyncio.server import ServerConnection

from relay.core.causes import Cause
from relay.core.closing import Refused
from relay.core.leg import Closed, Listener
from relay.legs import picows_upstream, websocket
from relay.legs.intake import SLICE_S
from relay.legs.target import DialOptions, Target
from tests.fakes.upstream import echo, scripted_upstream

LIMIT = 2**20


@pytest.fixture(params=[picows_upstream.dial, websocket.dial], ids=["picows", "websockets"])
def dial(request):
    """Each way to dial."""
    return request.param


async def stall(connection: ServerConnection) -> None:
    """Take nothing and answer nothing."""
    connection.transport.pause_reading()
    await connection.wait_closed()


class Recorder:
    """A listener that writes down what it hears."""

    def __init__(self) -> None:
        self._heard: asyncio.Queue[str | bytes] = asyncio.Queue()
        self.closed: list[Closed] = []
        self.listener = Listener(
            lambda data, now: self._heard.put_nowait(data),
            lambda closed, now: self.closed.append(closed),
            lambda now: None,
        )

    async def heard(self, count: int) -> list[str | bytes]:
        """Wait for so many messages more."""
        return [await self._heard.get() for _ in range(count)]

    @property
    def nothing_heard(self) -> bool:
        return self._heard.empty()


async def test_an_upstream_that_answers_no_ping_is_lost(dial) -> None:
    """An upstream that stops answering pings ends the leg as one that was lost."""
    recorder = Recorder()

    async with scripted_upstream(stall) as upstream:
        options = DialOptions(LIMIT, beat_s=0.01)
        leg = await dial(Target(upstream.url), options, lambda _: None, str)
        await leg.run(recorder.listener)
    assert recorder.closed == [Closed(1006)]


async def test_what_was_sent_goes_before_the_close(dial) -> None:
    """A close waits for the messages before it, and the times that they took are observed."""
    recorder = Recorder()
    added: list[float] = []
    received: list[str | bytes] = []

    async def keep(connection: ServerConnection) -> None:
        async for message in connection:
            received.append(message)  # noqa: PERF401 - the close ends it by an exception, which would lose a list

    async with scripted_upstream(keep) as upstream:
        leg = await dial(Target(upstream.url), DialOptions(LIMIT), added.append, str)
        for n in range(100):
            leg.send(str(n), 0.0)
        leg.close(4000, "enough")
        leg.send("too late", 0.0)
        await leg.run(recorder.listener)
        assert await upstream.closes.get() == (4000, "enough")
    assert received == [str(n) for n in range(100)]
    assert len(added) == 100
    assert leg.buffered_bytes == 0


async def test_a_close_does_not_wait_for_ever(dial) -> None:
    """An upstream that takes nothing is let go when its time to take what was sent is over."""
    recorder = Recorder()

    async with scripted_upstream(stall) as upstream:
        leg = await dial(Target(upstream.url), DialOptions(LIMIT), lambda _: None, str)
        leg.send(b"x" * (64 * LIMIT), 0.0)
        leg.close(1000, "")
        await leg.run(recorder.listener)
    assert recorder.closed == [Closed(1006)]


async def test_a_paused_leg_delivers_when_it_resumes(dial) -> None:
    """While paused nothing is delivered; afterwards everything is, in order."""
    recorder = Recorder()
    echoed = asyncio.Event()

    async def echo_fifty(connection: ServerConnection) -> None:
        for _ in range(50):
            await connection.send(await connection.recv())
        echoed.set()

    async with scripted_upstream(echo_fifty) as upstream:
        leg = await dial(Target(upstream.url), DialOptions(LIMIT), lambda _: None, str)
        running = asyncio.create_task(leg.run(recorder.listener))
        for n in range(50):
            leg.send(str(n), 0.0)
        leg.pause_reading()
        await echoed.wait()
        assert recorder.nothing_heard
        leg.resume_reading()
        assert await recorder.heard(50) == [str(n) for n in range(50)]
        leg.close(1000, "")
        await running
    assert recorder.closed == [Closed(1000)]


async def test_an_aborted_leg_leaves_nothing_open(dial) -> None:
    """A leg that is cancelled and aborted leaves no connection."""
    async with scripted_upstream(echo) as upstream:
        leg = await dial(Target(upstream.url), DialOptions(LIMIT), lambda _: None, str)
        running = asyncio.create_task(leg.run(Recorder().listener))
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        leg.abort()
        assert (await upstream.closes.get())[0] == 1006


async def test_a_bad_address_is_unreachable(dial) -> None:
    """An address that cannot be dialled is refused without its words."""
    with pytest.raises(Refused) as refusal:
        await dial(Target("ws://127.0.0.1:1/"), DialOptions(LIMIT), lambda _: None, str)
    assert refusal.value.ended.cause is Cause.UPSTREAM_UNREACHABLE


BURST = [str(n) for n in range(5000)]


async def burst(connection: ServerConnection) -> None:
    """Send something large, so that read buffers grow, then much that is small, and leave."""
    await connection.recv()
    for message in ["x" * (LIMIT - 1), *BURST]:
        await connection.send(message)
    await connection.close(4321)


async def test_nothing_comes_while_paused(dial) -> None:
    """A paused leg tells nothing, not what it had read already nor its end, and loses nothing."""
    heard: list[str | bytes] = []
    closed: list[tuple[int, int]] = []
    paused = False

    def pause(data: str | bytes, now: float) -> None:
        nonlocal paused
        assert not paused
        paused = True
        heard.append(data)
        leg.pause_reading()
        asyncio.get_running_loop().call_soon(resume)

    def resume() -> None:
        nonlocal paused
        paused = False
        leg.resume_reading()

    async with scripted_upstream(burst) as upstream:
        leg = await dial(Target(upstream.url), DialOptions(LIMIT), lambda _: None, str)
        leg.send("go", 0.0)
        await leg.run(Listener(pause, lambda how, _: closed.append((how.code, len(heard))), lambda _: None))
    assert heard[1:] == BURST
    assert closed == [(4321, 1 + len(BURST))]


async def test_a_burst_does_not_hold_up_the_loop(dial) -> None:
    """Messages that take long are not taken in a row, however many came at once: others have their turn in between."""
    loop = asyncio.get_running_loop()
    slow = 100
    in_this_turn = 0
    most = 0

    def take_long(data: str | bytes, now: float) -> None:
        nonlocal in_this_turn, most, slow
        if slow == 0:
            return
        slow -= 1
        in_this_turn += 1
        most = max(most, in_this_turn)
        while monotonic() < now + SLICE_S:
            pass

    async def others() -> None:
        nonlocal in_this_turn
        while True:
            in_this_turn = 0
            await asyncio.sleep(0)

    async with scripted_upstream(burst) as upstream:
        leg = await dial(Target(upstream.url), DialOptions(LIMIT), lambda _: None, str)
        leg.send("go", 0.0)
        task = loop.create_task(others())
        await leg.run(Listener(take_long, lambda *_: None, lambda _: None))
        task.cancel()
    assert slow == 0
    assert 0 < most <= 5
