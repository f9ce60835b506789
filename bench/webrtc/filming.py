"""A caller with a camera: a picture that moves, so many times a second."""

import asyncio

import numpy as np
import webrtc
import wrtc

from relay.checking.caller import Caller

WIDTH, HEIGHT = 640, 480
_PICTURES = 10


class FilmingCaller(Caller):
    """Shows I420 pictures of coarse noise, each a little further to the side than the one before."""

    def __init__(self, frames_per_s: int) -> None:
        super().__init__()
        self._frames_per_s = frames_per_s
        self._camera = wrtc.TrackGenerator("video")
        self._view = webrtc.MediaStreamTrack._wrap(self._camera.track)
        self._pc.add_track(self._view, webrtc.MediaStream([self._view]))
        self._filming: asyncio.Task[None] | None = None

    async def sent(self) -> int:
        """How many pictures went out so far: those that came too late for the encoder did not."""
        stats = (await self._pc.get_stats()).values()
        out = [each for each in stats if isinstance(each, webrtc.RTCOutboundRtpStreamStats) and each.kind == "video"]
        return sum(each.frames_sent or 0 for each in out)

    async def take(self, answer: str) -> None:
        await super().take(answer)
        self._filming = asyncio.create_task(self._film())

    async def close(self) -> None:
        if self._filming is not None:
            self._filming.cancel()
            await asyncio.wait({self._filming})
        await super().close()
        self._camera.close()

    async def _film(self) -> None:
        pictures, began = moving(), asyncio.get_running_loop().time()
        for number in range(1, 10**9):
            self._camera.writeVideo(pictures[number % _PICTURES], number * 1_000_000 // self._frames_per_s, 0)
            await asyncio.sleep(began + number / self._frames_per_s - asyncio.get_running_loop().time())


def moving() -> list[wrtc.VideoFrameBuffer]:
    """The pictures, in the order in which they are shown."""
    coarse = np.random.default_rng(1).integers(16, 235, (HEIGHT // 16, WIDTH // 16), np.uint8)
    luma = coarse.repeat(16, 0).repeat(16, 1)
    colours = np.full(WIDTH * HEIGHT // 2, 128, np.uint8).tobytes()
    whole, half = WIDTH * HEIGHT, WIDTH * HEIGHT // 4
    layout = [(0, WIDTH), (whole, WIDTH // 2), (whole + half, WIDTH // 2)]
    return [
        wrtc.VideoFrameBuffer.fromData("I420", WIDTH, HEIGHT, np.roll(luma, 4 * n, 1).tobytes() + colours, layout)
        for n in range(_PICTURES)
    ]
