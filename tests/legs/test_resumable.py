"""The leg that outlives its connection, between a session and connections that a test plays."""

import asyncio
from collections.abc import Callable
from time import monotonic

import pytest

from relay.core.events import Data
from relay.core.leg import Closed, Listener
from relay.legs.resumable import ASK_BYTES, ResumableLeg
from tests.fakes.legs import FakeLeg

LOST = Closed(1006)


class Connection(FakeLeg):
    """A peer's connection. It remembers its pings in its trace, and says what it is told to say."""

    on_pong: Callable[[bytes], None]
    lane_end = None

    def __init__(self) -> None:
        super().__init__()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.runs = asyncio.Event()

    def ping(self, payload: bytes) -> bool:
        self.trace.append(("ping", int.from_bytes(payload)))
        return True

    def pong(self, number: int) -> None:
        self.on_pong(number.to_bytes(8))

    def abort(self) -> None:
        self.trace.append(("abort",))

    async def run(self, listener: Listener) -> None:
        self.listener = listener
        self.runs.set()
        await self.over

    def end(self, closed: Closed) -> None:
        self.listener.on_closed(closed, monotonic())
        self.over.set_result(None)

    @property
    def pings(self) -> list[object]:
        return [entry[1] for entry in self.trace if entry[0] == "ping"]


class Peer:
    """A leg that runs, and what it has told its session and whoever wants to know."""

    def __init__(self, grace_s: float = 3600.0) -> None:
        self.connection = Connection()
        self.told: list[object] = []
        self.patient = True
        self.leg = ResumableLeg(self.connection, grace_s)
        self.leg.tells = self
        heard = Listener(lambda data, _: self.told.append(data), self._closed, lambda _: self.told.append("drained"))
        self.running = asyncio.ensure_future(self.leg.run(heard))

    def began(self, now: float) -> None:
        self.told.append("began")

    def waits(self) -> bool:
        return self.patient

    def lost(self) -> None:
        self.told.append("lost")

    def arrived(self) -> None:
        """It is alive."""

    def over(self) -> None:
        self.told.append("over")

    def send(self, *messages: Data) -> None:
        for data in messages:
            self.leg.send(data, 0.0)

    async def back(self, received: int) -> Connection:
        """It comes back with so many messages."""
        self.connection = Connection()
        self.leg.connect(self.connection)
        self.leg.send_again(received, 0.0)
        await self.connection.runs.wait()
        return self.connection

    def _closed(self, closed: Closed, now: float) -> None:
        self.told.append(closed)
        self.leg.close(1000, "")  # as a session does


async def started(grace_s: float = 3600.0) -> Peer:
    peer = Peer(grace_s)
    await peer.connection.runs.wait()
    peer.told.clear()
    return peer


async def test_what_a_pong_proves() -> None:
    """One ping at a time carries the latest number; its pong frees what came before, and no other pong does."""
    peer = await started()
    large = "x" * ASK_BYTES
    peer.send("1", large, "3", large)
    assert peer.connection.pings == [1]
    for number in (2, 4, 99):
        peer.connection.pong(number)
    assert peer.leg.sent.has_all_after(0)
    peer.connection.pong(1)
    peer.connection.pong(1)
    peer.send(large)
    assert peer.connection.pings == [1, 5]
    peer.connection.pong(5)
    assert not peer.leg.sent.has_all_after(3)
    assert peer.leg.sent.has_all_after(4)  # which may not have been read yet
    peer.running.cancel()


async def test_a_pause_and_a_close_outlive_the_connection() -> None:
    """A leg that is paused, or was closed meanwhile, is so over the next connection, once it has what was missed."""
    peer = await started()
    peer.send("1", "2")
    peer.leg.pause_reading()
    peer.connection.end(LOST)
    assert peer.told == ["lost", "drained"]
    assert peer.leg.buffered_bytes == 2
    peer.send("3", '{"type":"relay.cost"}')
    assert (await peer.back(1)).trace == [("send", "2"), ("send", "3"), ("ping", 3), ("pause",)]
    peer.connection.end(LOST)
    peer.leg.close(1001, "over")
    for _ in range(2):  # as often as it takes, until it has answered the close
        assert (await peer.back(3)).trace == [("ping", 3), ("close", 1001, "over")]
        peer.connection.end(LOST)
    await peer.back(3)
    assert not peer.leg.is_over
    peer.connection.end(Closed(1001))
    await peer.running
    assert peer.told[-2:] == [Closed(1001), "over"]


async def test_a_connection_that_was_let_go_says_nothing_more() -> None:
    """What comes of a connection is nobody's any more once there is another one."""
    peer = await started()
    first = peer.connection
    first.listener.on_message("a", 0.0)
    second = await peer.back(0)
    assert first.trace == [("abort",)]
    first.listener.on_message("b", 0.0)
    first.end(LOST)
    second.listener.on_message("c", 0.0)
    assert ([told for told in peer.told if told != "drained"], peer.leg.heard) == (["a", "c"], 2)
    peer.running.cancel()


@pytest.mark.parametrize(
    "closed", [Closed(1000), Closed(1001), Closed(1005), Closed(1009, "message too big", ours=True)]
)
async def test_who_says_goodbye_is_not_waited_for(closed: Closed) -> None:
    """A peer that closes, or that was closed for what it sent, has no session to come back to."""
    peer = await started()
    peer.connection.end(closed)
    await peer.running
    assert peer.told == [closed, "over"]


async def test_who_is_not_waited_for() -> None:
    """A process that has to go, and a session that its peer cannot go on with, wait for nobody."""
    peer = await started()
    peer.patient = False
    peer.connection.end(LOST)
    await peer.running
    other = await started()
    other.leg.abandon()
    assert other.leg.is_over
    other.connection.end(LOST)
    await other.running
    assert other.told == peer.told == [LOST, "over"]


async def test_patience_ends() -> None:
    """Nobody is waited for longer than the grace, or once more was missed than is kept."""
    peer = await started(grace_s=0.001)
    peer.connection.end(LOST)
    await peer.running
    other = await started()
    other.connection.end(LOST)
    other.send("x" * 3_000_000, "x" * 3_000_000)
    await other.running
    assert peer.told == other.told == ["lost", "drained", LOST, "over"]


async def test_what_a_session_raises() -> None:
    """What goes wrong while a message is delivered is raised where the leg runs, as any leg does."""
    peer = await started()
    peer.connection.over.set_exception(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await peer.running


async def test_what_a_connection_says_when_all_is_over() -> None:
    """The last connection may still find that what waited has gone, or that it is lost: nobody is told."""
    peer = await started()
    last = peer.connection.listener
    peer.connection.end(Closed(1000))
    await peer.running
    peer.told.clear()
    last.on_message("late", 0.0)
    last.on_drained(0.0)
    last.on_closed(LOST, 0.0)
    assert peer.told == []
