"""What every media end does, whichever library is behind it, with an independent peer at the other side."""

import array
import asyncio
import io
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from PIL import Image

from relay.core.close_codes import NORMAL
from relay.core.leg import Closed
from relay.legs.webrtc.descriptions import checked_offer
from relay.legs.webrtc.engines import make_end
from relay.legs.webrtc.media import FRAME_BYTES, RATE, MediaEnd, MediaListener, Network, OfferRefused
from relay.legs.webrtc.process_end import ProcessEnd
from relay.legs.webrtc.processes import MediaProcesses
from tests.fakes.webrtc import OFFER
from tests.fakes.webrtc_peer import WebRtcPeer, pitch_hz, webrtc_peer

TONE = array.array("h", (round(12_000 * math.sin(2 * math.pi * 1000 * n / RATE)) for n in range(FRAME_BYTES // 2)))
"""20 whole periods of 1 kHz: one frame after another is one tone."""


class Ear:
    """Keeps what a media end says, and lets a test wait for it."""

    def __init__(self) -> None:
        self.sound = array.array("h")
        self.said: list[str | bytes] = []
        self.gone: Closed | None = None
        self.connected = asyncio.Event()
        self.open = asyncio.Event()
        self._changed = asyncio.Event()

    @property
    def listener(self) -> MediaListener:
        return MediaListener(
            self.connected.set, lambda: None, self._hear, self.open.set, self._hear_message, lambda: None, self._end
        )

    async def until(self, happened) -> None:
        while not happened():
            self._changed.clear()
            await self._changed.wait()

    def _hear(self, pcm: bytes) -> None:
        self.sound.frombytes(pcm)
        self._changed.set()

    def _hear_message(self, data: str | bytes) -> None:
        self.said.append(data)
        self._changed.set()

    def _end(self, closed: Closed) -> None:
        self.gone = closed
        self._changed.set()


IN_A_PROCESS = "wrtc in a process of its own"


@asynccontextmanager
async def made(engine: str) -> AsyncIterator[MediaEnd]:
    """A media end of this sort, closed at the end."""
    processes = MediaProcesses(1, "wrtc", Network(), lambda *_: None)
    end: MediaEnd = ProcessEnd(processes) if engine == IN_A_PROCESS else make_end(engine, Network())
    try:
        yield end
    finally:
        await end.close()
        await processes.close()


@pytest.fixture(params=["wrtc", "aiortc", IN_A_PROCESS])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@asynccontextmanager
async def joined(engine: str) -> AsyncIterator[tuple[WebRtcPeer, MediaEnd, Ear]]:
    """A peer and a media end that are connected."""
    ear = Ear()
    async with made(engine) as end, webrtc_peer() as peer:
        answer = await end.answer(checked_offer((await peer.offer()).encode()), ear.listener)
        assert "a=msid:- " not in answer  # pages take the stream that a track came with
        await peer.take(answer)
        await asyncio.wait_for(ear.open.wait(), None)
        yield peer, end, ear


async def test_sound_and_text_go_both_ways(engine) -> None:
    """A tone of 1 kHz stays one in both directions, and what is said over the channel arrives as it was said."""
    async with joined(engine) as (peer, end, ear):
        assert ear.connected.is_set()
        peer.channel.send('{"type":"response.create"}')
        await ear.until(lambda: ear.said == ['{"type":"response.create"}'])
        end.send('{"type":"session.created"}')
        await peer.event("session.created")
        await ear.until(lambda: len(ear.sound) > RATE // 2)
        heard_before = len(peer.heard)
        for _ in range(25):
            end.play(TONE.tobytes())
            await asyncio.sleep(0.02)
        await peer.until(lambda: len(peer.heard) > heard_before and peer.loudness > 0.1)
        assert pitch_hz(ear.sound[-RATE // 4 :], RATE) == pytest.approx(1000, abs=5)
        assert (await end.quality()).packets > 0


async def test_the_peer_hangs_up(engine) -> None:
    """A peer that closes its connection is told as one that has closed, at once."""
    async with joined(engine) as (peer, _, ear):
        await peer.close()
        await ear.until(lambda: ear.gone is not None)
        assert ear.gone == Closed(NORMAL)


async def test_the_relay_hangs_up(engine) -> None:
    """When the media end closes, the peer's channel does."""
    async with joined(engine) as (peer, end, _):
        await end.close()
        await peer.until(lambda: peer.is_closed)


async def test_the_last_words_arrive(engine) -> None:
    """A channel is closed when the peer has all that was said over it, however long it took."""
    async with joined(engine) as (peer, end, ear):
        for number in range(40):
            end.send(f'{{"type":"x","n":{number},"filling":"{"y" * 20_000}"}}')
            assert end.buffered_bytes > 0
        end.close_channel()
        await ear.until(lambda: ear.gone is not None)
        assert ear.gone == Closed(NORMAL)
        assert [event["n"] for event in peer.told] == [*range(40)]


@pytest.mark.parametrize("watches", [True, False])
async def test_a_camera(engine, watches) -> None:
    """Its colours arrive where the relay watches; elsewhere the answer declines it, and nothing of it comes."""
    ear = Ear()
    async with made(engine) as end, webrtc_peer((180, 60, 20)) as peer:
        answer = await end.answer(checked_offer((await peer.offer()).encode()), ear.listener, watches=watches)
        *_, video = answer.partition("m=video")
        assert ("a=recvonly" in video, "a=inactive" in video) == (watches, not watches)
        await peer.take(answer)
        if not watches:
            await ear.until(lambda: len(ear.sound) > RATE)
            assert await end.photograph(640, 95) is None
            return
        while (jpeg := await end.photograph(640, 95)) is None:
            heard = len(ear.sound)
            await ear.until(lambda: len(ear.sound) > heard)  # noqa: B023 - it is waited for here
        image = Image.open(io.BytesIO(jpeg))
        assert image.size == (160, 120)
        assert image.getpixel((80, 60)) == pytest.approx([180, 60, 20], abs=12)


@pytest.mark.parametrize(
    "broken",
    [
        OFFER.replace("a=fingerprint:sha-256 " + ":".join(["7B"] * 32), "a=fingerprint:sha-256 nothing"),
        OFFER.replace("m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=audio x UDP/TLS/RTP/SAVPF y"),
        OFFER.replace("a=mid:1", "a=mid:0"),
        OFFER.replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 7 8 9"),
        OFFER.replace("o=-", "o=\0"),
        OFFER.replace("a=sctp-port:5000", "a=sctp-port:-1"),
    ],
)
async def test_an_offer_that_makes_no_sense(engine, broken) -> None:
    """It is refused with words, or answered as far as it makes sense; nothing else is raised."""
    async with made(engine) as end:
        try:
            answer = await end.answer(checked_offer(broken.encode()), Ear().listener)
            assert answer.startswith("v=0")
        except OfferRefused:
            pass
