"""A call's leg between a session and a media end that a test plays."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import orjson
import pytest
from PIL import Image

from relay.core.close_codes import ABNORMAL, GOING_AWAY, NORMAL, POLICY, TOO_BIG
from relay.core.events import Data  # noqa: TC001 - also of a variable
from relay.core.leg import Closed, Listener
from relay.core.pictures import Pictures
from relay.legs.webrtc.jpeg import STALE_S, photograph
from relay.legs.webrtc.leg import MOST_KEPT_BYTES, CallLeg
from relay.legs.webrtc.media import FRAME_BYTES, LARGEST_MESSAGE_BYTES, MediaListener, Picture, Quality
from relay.legs.webrtc.watching import Watching

CLEAR = '{"type":"output_audio_buffer.clear"}'
CHANNEL_CLOSED = "closed"
SPEECH_STARTED = '{"type":"input_audio_buffer.speech_started"}'


class PlayedEnd:
    """A media end that keeps what it is given."""

    def __init__(self) -> None:
        self.buffered_bytes = 0
        self.shows: Picture | None = None
        self.sent: list[str] = []
        self.played: list[bytes] = []
        self._played_one = asyncio.Event()

    async def answer(self, offer: str, listener: MediaListener, *, watches: bool = False) -> str:
        return ""

    async def restart(self, offer: str) -> str:
        return ""

    async def photograph(self, side: int, quality: int) -> bytes | None:
        return await photograph(self.shows, side, quality)

    def play(self, frame: bytes) -> None:
        self.played.append(frame)
        self._played_one.set()

    def send(self, text: str) -> None:
        self.sent.append(text)

    def close_channel(self) -> None:
        self.sent.append(CHANNEL_CLOSED)

    async def quality(self) -> Quality:
        return Quality()

    async def close(self) -> None: ...

    async def until_played(self, count: int) -> None:
        while len(self.played) < count:
            self._played_one.clear()
            await self._played_one.wait()


class Call:
    """A leg that runs; what it delivered, and how it ended."""

    def __init__(self, connect_within_s: float, pictures: Pictures | None) -> None:
        self.end = PlayedEnd()
        watching = None if pictures is None else Watching(self.end, pictures, 64, 80)
        self.leg = CallLeg(self.end, connect_within_s, watching)
        self.media = self.leg.media_listener
        self.delivered: list[Data] = []
        self.progress: list[int] = []
        self.closed: Closed | None = None

    def _progress(self, waiting_bytes: int, now: float) -> None:
        self.progress.append(waiting_bytes)

    def _close(self, closed: Closed, now: float) -> None:
        self.closed = closed

    async def run(self) -> None:
        await self.leg.run(
            Listener(lambda data, now: self.delivered.append(data), self._close, lambda _: None, self._progress)
        )


@asynccontextmanager
async def running(
    connect_within_s: float = 30.0, pictures: Pictures | None = None
) -> AsyncIterator[tuple[Call, "asyncio.Task[None]"]]:
    call = Call(connect_within_s, pictures)
    task = asyncio.create_task(call.run())
    await asyncio.sleep(0)
    try:
        yield call, task
    finally:
        task.cancel()
        await asyncio.wait({task})


def delta(pcm: bytes) -> str:
    audio = base64.b64encode(pcm).decode()
    return f'{{"type":"response.output_audio.delta","response_id":"r","item_id":"i","delta":"{audio}"}}'


async def test_words_wait_for_the_channel_and_sound_does_not_go_over_it() -> None:
    """What is said before the channel is open is told when it is, in order; the sound of answers is played."""
    async with running() as (call, _):
        assert call.leg.send('{"type":"session.created"}', 0.0) == call.leg.buffered_bytes > 0
        call.leg.send(delta(b"\1" * FRAME_BYTES), 0.0)
        call.leg.send('{"type":"response.done"}', 0.0)
        assert call.end.sent == []
        call.media.on_open()
        assert call.end.sent == ['{"type":"session.created"}', '{"type":"response.done"}']
        call.media.on_connected()
        await call.end.until_played(2)
        assert call.end.played[0] == b"\1" * FRAME_BYTES
        assert call.end.played[1] == bytes(FRAME_BYTES)
        assert call.leg.buffered_bytes == 0


async def test_how_far_a_peer_is_behind_is_for_the_relay_alone() -> None:
    """What it says of its buffer does not go up, and the next cut is at what it had heard by then."""
    async with running() as (call, _):
        call.media.on_connected()
        call.media.on_message('{"type":"relay.playout","buffer_ms":2000}')
        call.leg.send(delta(bytes(20 * FRAME_BYTES)), 0.0)
        await call.end.until_played(5)
        call.leg.send(SPEECH_STARTED, 0.0)
        await asyncio.sleep(0)
        truncate = orjson.loads(call.delivered[-1])
        assert (truncate["type"], truncate["audio_end_ms"]) == ("conversation.item.truncate", 0)
        assert not any("relay.playout" in str(data) for data in call.delivered)


@pytest.mark.parametrize("by", ["the peer's clear", "speech"])
async def test_an_answer_is_cut(by) -> None:
    """When the peer says so, or begins to speak, what has not been played is dropped; the clear does not go up."""
    async with running() as (call, _):
        call.media.on_open()
        call.leg.send(delta(b"\1" * 100_000), 0.0)
        if by == "speech":
            call.leg.send(SPEECH_STARTED, 0.0)
            assert call.end.sent[0] == SPEECH_STARTED
        else:
            call.media.on_message(CLEAR)
        assert call.leg.buffered_bytes == 0
        assert orjson.loads(call.end.sent[-1])["type"] == "output_audio_buffer.cleared"
        await asyncio.sleep(0)
        assert CLEAR not in call.delivered


async def test_an_event_that_no_channel_takes() -> None:
    """Of an event above 256 KiB the peer is told that there was one, and of which type."""
    async with running() as (call, _):
        call.media.on_open()
        call.leg.send('{"type":"conversation.item.retrieved","x":"' + "y" * LARGEST_MESSAGE_BYTES + '"}', 0.0)
        [told] = map(orjson.loads, call.end.sent)
        assert (told["type"], told["error"]["code"]) == ("error", "event_too_large")
        assert "conversation.item.retrieved" in told["error"]["message"]


async def test_a_message_that_is_too_large_ends_the_call() -> None:
    """A peer that sends more in one message than a channel takes has broken the agreement."""
    async with running() as (call, task):
        call.media.on_message("x" * (LARGEST_MESSAGE_BYTES + 1))
        await task
        assert call.closed is not None
        assert (call.closed.code, call.closed.ours) == (TOO_BIG, True)


async def test_a_peer_that_is_not_read_is_kept_for_a_while() -> None:
    """What comes while the session does not read arrives afterwards, in order; too much of it ends the call."""
    async with running() as (call, task):
        call.leg.pause_reading()
        for number in range(3):
            call.media.on_message(f'{{"type":"x","n":{number}}}')
        assert call.delivered == []
        call.leg.resume_reading()
        assert [orjson.loads(data)["n"] for data in call.delivered] == [0, 1, 2]
        call.leg.pause_reading()
        for _ in range(MOST_KEPT_BYTES // LARGEST_MESSAGE_BYTES + 1):
            call.media.on_message("x" * LARGEST_MESSAGE_BYTES)
        await task
        assert call.closed is not None
        assert (call.closed.code, call.closed.ours) == (POLICY, True)


async def test_a_flood_behind_a_commit_is_bounded() -> None:
    """Nor can a peer have more kept by letting it wait behind a commit."""
    async with running() as (call, task):
        call.media.on_connected()
        call.media.on_message('{"type":"input_audio_buffer.commit"}')
        for _ in range(MOST_KEPT_BYTES // LARGEST_MESSAGE_BYTES + 2):
            call.media.on_message("x" * LARGEST_MESSAGE_BYTES)
        await task
        assert call.closed is not None
        assert call.closed.ours


async def test_nonsense_is_a_message_as_any_other() -> None:
    """What is no event goes to the session, which has its rules for such; nothing is raised here."""
    async with running() as (call, _):
        nonsense: list[Data] = [
            "",
            "\0",
            "[" * 50_000,
            "nul",
            b"\xff\xfe",
            '{"type":7}',
            '{"type":"x","type":"y"}',
            "{}",
        ]
        for data in nonsense:
            call.media.on_message(data)
        assert call.delivered == nonsense


async def test_a_network_that_comes_back() -> None:
    """A peer that is out of reach for less time than it may plays on."""
    async with running() as (call, _):
        call.media.on_connected()
        call.media.on_disconnected()
        call.media.on_connected()
        await call.end.until_played(2)
        assert call.closed is None


@pytest.mark.parametrize("was_there", [True, False])
async def test_a_peer_that_does_not_come(was_there) -> None:
    """A peer that is out of reach for longer than it may, at the beginning or in between, is lost."""
    async with running(0.05) as (call, task):
        if was_there:
            call.media.on_connected()
            await call.end.until_played(4)
            call.media.on_disconnected()
        await task
        assert call.closed == Closed(ABNORMAL)


async def test_the_last_words_are_sent_before_the_end() -> None:
    """A session that ends is not cut while its last words wait in the channel; what is said later is not sent."""
    async with running() as (call, task):
        call.media.on_connected()
        call.media.on_open()
        call.end.buffered_bytes = 10
        call.leg.send('{"type":"error"}', 0.0)
        call.leg.close(GOING_AWAY, "time_over")
        call.leg.send('{"type":"late"}', 0.0)
        await call.end.until_played(len(call.end.played) + 2)
        assert call.end.sent == ['{"type":"error"}']
        call.end.buffered_bytes = 0
        await call.end.until_played(len(call.end.played) + 3)
        assert call.end.sent == ['{"type":"error"}', CHANNEL_CLOSED]
        assert not task.done()  # they may still be under way
        call.media.on_gone(Closed(NORMAL))
        await task
        assert call.closed == Closed(GOING_AWAY, "time_over")


async def test_playing_makes_room() -> None:
    """The session is told each second of a long answer, and at its end, how much still waits: neither none nor all."""
    async with running() as (call, _):
        call.media.on_open()
        call.media.on_connected()
        call.leg.send(delta(bytes(2 * 48_000 + FRAME_BYTES)), 0.0)
        await call.end.until_played(105)
        assert 48_000 + FRAME_BYTES >= call.progress[0] > call.progress[1] >= call.progress[-1] == 0
        assert call.leg.played_s >= 2.0


async def test_what_is_cut_no_longer_waits() -> None:
    """Sound that nobody will hear does not count as waiting for anybody."""
    async with running() as (call, _):
        call.media.on_connected()
        call.media.on_open()
        call.leg.send(delta(bytes(480_000)), 0.0)
        call.media.on_message(CLEAR)
        await call.end.until_played(len(call.end.played) + 3)
        assert call.progress == [0]


def red(age_s: float = 0.0) -> Picture:
    return Picture(128, 32, bytes([200, 0, 0, 7]) * (128 * 32), monotonic() - age_s, rotation=90)


async def test_a_picture_at_a_turn() -> None:
    """What the camera shows when the user begins to speak goes up as an item, small and upright."""
    pictures = Pictures("call", when="turn", interval_s=5, most=9, keep=0)
    async with running(pictures=pictures) as (call, _):
        call.media.on_connected()
        call.end.shows = red(STALE_S + 1)
        call.leg.send(SPEECH_STARTED, 0.0)  # of a camera that is off by now
        await call.end.until_played(3)
        call.end.shows = red()
        call.leg.send(SPEECH_STARTED, 0.0)
        while not call.delivered:
            await call.end.until_played(len(call.end.played) + 1)
        [item] = [orjson.loads(data)["item"] for data in call.delivered]
        head, data = item["content"][0]["image_url"].split(",")
        image = Image.open(io.BytesIO(base64.b64decode(data)))
        assert (head, image.size) == ("data:image/jpeg;base64", (16, 64))
        pixel = image.getpixel((8, 32))
        assert isinstance(pixel, tuple)
        assert pixel == pytest.approx((200, 0, 0), abs=8)


async def test_what_goes_wrong_with_a_picture_ends_the_call() -> None:
    """It is told as what it is, and no call stays behind that nobody listens to."""
    pictures = Pictures("call", when="interval", interval_s=5, most=9, keep=0)
    async with running(pictures=pictures) as (call, task):
        call.end.shows = Picture(10, 10, b"too little", monotonic())
        await asyncio.wait({task})
        with pytest.raises(ValueError, match="buffer"):
            task.result()
