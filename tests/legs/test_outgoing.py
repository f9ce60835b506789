"""Large messages leave in fragments, one in each turn of the event loop."""

import asyncio

import pytest

from relay.legs.outgoing import FRAGMENT, Outgoing
from tests.fakes.running import end_of, running
from tests.fakes.upstream import echo, scripted_upstream

LARGE = 24 * 1024 * 1024 - 1024
IMAGE = '{"type":"conversation.item.create","item":{"content":[{"image_url":"%s"}]}}'


class Sent:
    """What an `Outgoing` did, turn by turn."""

    def __init__(self) -> None:
        self.turns: list[list[tuple[str | bytes, bool, bool]]] = [[]]
        self.left: list[float] = []
        self.over = asyncio.Event()
        self.outgoing = Outgoing(self._send, self.left.append, self.over.set)
        asyncio.get_running_loop().call_soon(self._turn)

    def _send(self, piece, first, last) -> None:
        self.turns[-1].append((piece, first, last))

    def _turn(self) -> None:
        self.turns.append([])
        if not self.over.is_set():
            asyncio.get_running_loop().call_soon(self._turn)


async def test_a_turn_sends_one_fragment() -> None:
    """No turn of the loop sends more than a fragment, and what comes behind a large message keeps its place."""
    sent = Sent()
    large, small = "é" * (3 * FRAGMENT + 10), [f"{number}" for number in range(5)]
    messages: list[str | bytes] = [large, *small, b"x" * (FRAGMENT + 1), ""]
    for at, message in enumerate(messages):
        sent.outgoing.put(message, float(at))
    assert sent.outgoing.waiting == len(large) + 5 + FRAGMENT + 1
    await sent.over.wait()
    assert all(sum(len(piece) for piece, _, _ in turn) <= FRAGMENT for turn in sent.turns)
    pieces = [piece for turn in sent.turns for piece in turn]
    assert "".join(piece for piece, _, _ in pieces if isinstance(piece, str)) == large + "".join(small)
    assert [first for _, first, _ in pieces].count(True) == [last for _, _, last in pieces].count(True) == 8
    assert (sent.left, sent.outgoing.waiting) == ([float(at) for at in range(8)], 0)


async def test_what_is_held_waits() -> None:
    """While the connection takes no more, nothing is sent; afterwards it goes on where it was."""
    sent = Sent()
    sent.outgoing.put("x" * (2 * FRAGMENT), 0.0)
    sent.outgoing.hold(True)
    for _ in range(3):
        await asyncio.sleep(0)
    assert not any(sent.turns)
    sent.outgoing.hold(False)
    await sent.over.wait()
    assert sum(map(len, sent.turns)) == 2


async def test_what_is_dropped_is_not_sent() -> None:
    """Of a connection that ends, nothing more is sent."""
    sent = Sent()
    sent.outgoing.put("x" * FRAGMENT * 2, 0.0)
    sent.outgoing.drop()
    for _ in range(3):
        await asyncio.sleep(0)
    assert not any(sent.turns)
    sent.over.set()


@pytest.mark.parametrize("carrier", ["fast", "python"])
async def test_24_mib_either_way(carrier) -> None:
    """A message of 24 MiB goes up and comes down in fragments, with every byte, and others keep their place."""
    large = IMAGE % ("A" * LARGE)
    async with (
        scripted_upstream(echo) as upstream,
        running(upstream.url, carrier=carrier) as relay,
        relay.peer() as peer,
    ):
        for message in ('{"type":"a"}', large, '{"type":"input_audio_buffer.append","audio":"AAAA"}'):
            await peer.send(message)
        assert await peer.recv() == '{"type":"a"}'
        fragments = [fragment async for fragment in peer.recv_streaming()]
        assert max(map(len, fragments)) <= FRAGMENT
        assert "".join(map(str, fragments)) == large
        assert await peer.recv() == '{"type":"input_audio_buffer.append","audio":"AAAA"}'


@pytest.mark.parametrize("carrier", ["fast", "python"])
async def test_a_close_waits_for_what_was_sent_before(carrier) -> None:
    """A peer whose upstream closes behind a large message gets all of it, and then the close."""
    large = IMAGE % ("A" * 3 * FRAGMENT)

    async def script(connection) -> None:
        await connection.send(large)
        await connection.close(4001, "enough")

    async with (
        scripted_upstream(script) as upstream,
        running(upstream.url, carrier=carrier) as relay,
        relay.peer() as peer,
    ):
        messages, code, reason = await end_of(peer)
        assert messages[0] == large
        assert (code, reason) == (4001, "enough")


@pytest.mark.parametrize("carrier", ["fast", "python"])
async def test_a_peer_that_leaves_in_the_middle(carrier) -> None:
    """A peer that closes while a large message is on its way ends its session as any other."""
    async with scripted_upstream(echo) as upstream, running(upstream.url, carrier=carrier) as relay:
        async with relay.peer() as peer:
            await peer.send(IMAGE % ("A" * LARGE))
            async for _ in peer.recv_streaming():
                break
            await peer.close()
        await relay.sessions.empty()
        assert relay.ended_by("peer_closed") == 1
