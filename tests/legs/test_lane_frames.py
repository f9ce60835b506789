"""What is read in pieces: wherever a read ends, the lane and picows behind it see the same frames."""

import asyncio

import pytest
from websockets.frames import Frame, Opcode

from relay.core.interceptor import EVERY, Interceptor
from tests.fakes.running import end_of, running
from tests.fakes.upstream import echo, scripted_upstream

APPEND = '{"type":"input_audio_buffer.append","audio":"AAAA"}'
DELTA = '{"type":"response.output_text.delta","delta":"AAAA"}'


def frames_of(message: str, *, mask: bool) -> bytes:
    """A message that is whole, after a ping and a message in fragments, whose echo or arrival nobody waits for."""
    return b"".join(
        frame.serialize(mask=mask)
        for frame in (
            Frame(Opcode.PING, b"p"),
            Frame(Opcode.TEXT, b'{"type":"x"', fin=False),
            Frame(Opcode.CONT, b"}"),
            Frame(Opcode.TEXT, message.encode()),
        )
    )


@pytest.mark.usefixtures("carrier")
@pytest.mark.parametrize("text", [APPEND, APPEND.replace("AAAA", "é"), APPEND.replace("AAAA", "A" * 200)])
async def test_a_peers_read_may_end_anywhere(text) -> None:
    """What a peer sends arrives whole and in order, wherever the relay's reads end."""
    framed = frames_of(text, mask=True)
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay, relay.peer() as peer:
        for cut in range(1, len(framed)):
            peer.transport.write(Frame(Opcode.TEXT, APPEND.encode()).serialize(mask=True) + framed[:cut])
            assert await peer.recv() == APPEND  # so the relay has read as far as that
            peer.transport.write(framed[cut:])
            assert [await peer.recv(), await peer.recv()] == ['{"type":"x"}', text]


@pytest.mark.usefixtures("carrier")
@pytest.mark.parametrize("text", [DELTA, DELTA.replace("AAAA", "é"), DELTA.replace("AAAA", "A" * 200)])
async def test_an_upstreams_read_may_end_anywhere(text) -> None:
    """What an upstream says arrives whole and in order, wherever the relay's reads end."""
    framed = frames_of(text, mask=False)
    seen = asyncio.Event()

    async def script(connection) -> None:
        for cut in range(1, len(framed)):
            connection.transport.write(Frame(Opcode.TEXT, DELTA.encode()).serialize(mask=False) + framed[:cut])
            await seen.wait()
            seen.clear()
            connection.transport.write(framed[cut:])
        await connection.wait_closed()

    async with scripted_upstream(script) as upstream, running(upstream.url) as relay, relay.peer() as peer:
        for _ in range(1, len(framed)):
            assert await peer.recv() == DELTA
            heard = asyncio.create_task(peer.recv())
            seen.set()
            assert [await heard, await peer.recv()] == ['{"type":"x"}', text]


@pytest.mark.usefixtures("carrier")
async def test_large_and_small_keep_their_order() -> None:
    """Messages of all sizes, sent without waiting, arrive as they were sent: what is too long for the lane, too."""
    sent = [APPEND.replace("AAAA", "A" * size) for size in [1, 70_000, 3, 65_000, 2, 130_000, 1] * 5]
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay, relay.peer() as peer:
        sending = asyncio.gather(*(peer.send(message) for message in sent))
        assert [await peer.recv() for _ in sent] == sent
        await sending


BROKEN = [
    b"\x81\x00",  # without a mask
    b"\x83\x80\0\0\0\0",  # an opcode that nobody knows
    b"\xc1\x80\0\0\0\0",  # a reserved bit
]
TOO_LONG = [
    b"\x81\xfe\x00\x01\0\0\0\0{",  # a size in more bytes than it needs
    b"\x81\xff\x00\0\0\0\0\0\0\x01\0\0\0\0{",
    b"\x81\xff\xff\0\0\0\0\0\0\x01\0\0\0\0{",
]
CASES = [
    (carrier, frame)
    for carrier in ("fast", "python", "portable")
    for frame in [*BROKEN, *(TOO_LONG if carrier != "portable" else [])]  # which `websockets` takes
]


@pytest.mark.parametrize(("carrier", "broken"), CASES)
async def test_nothing_passes_behind_a_broken_frame(carrier, broken) -> None:
    """A frame that breaks the protocol ends the session with 1002, whatever follows it."""
    framed = Frame(Opcode.TEXT, APPEND.encode()).serialize(mask=True)
    async with (
        scripted_upstream(echo) as upstream,
        running(upstream.url, carrier=carrier) as relay,
        relay.peer() as peer,
    ):
        await peer.send(APPEND)
        assert await peer.recv() == APPEND
        peer.transport.write(broken + framed)
        assert (await end_of(peer))[:2] == ([], 1002)
        await upstream.closes.get()


@pytest.mark.usefixtures("carrier")
async def test_a_fault_on_the_way_ends_the_session() -> None:
    """Where an extension fails to say what it wants, the session ends with 1011 and its upstream is let go."""

    class Failing(Interceptor):
        up = frozenset({EVERY})

        def passes_proved(self, kind):
            raise RuntimeError("it does not know")

        def on_up(self, event, now):
            raise RuntimeError("nor here")

    async with (
        scripted_upstream(echo) as upstream,
        running(upstream.url, [Failing]) as relay,
        relay.peer() as peer,
    ):
        await peer.send(APPEND)
        assert (await end_of(peer))[1] == 1011
        await upstream.closes.get()
