"""A browser's side of a call, played by aiortc: a tone into the microphone, an ear, and the channel `oai-events`."""

import array
import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any

import numpy as np
import orjson
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame

MIC_RATE = 48_000
_FRAME = MIC_RATE // 50


class Microphone(MediaStreamTrack):
    """A tone of 1 kHz, in frames of 20 ms, by the clock; silence where it is muted."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.muted = False
        self._sent = 0
        self._began_at: float | None = None

    async def recv(self) -> AudioFrame:
        loop = asyncio.get_running_loop()
        self._began_at = self._began_at or loop.time()
        await asyncio.sleep(self._began_at + self._sent / MIC_RATE - loop.time())
        level = 0 if self.muted else 12_000
        samples = (round(level * math.sin(2 * math.pi * 1000 * (self._sent + n) / MIC_RATE)) for n in range(_FRAME))
        frame = AudioFrame(format="s16", layout="mono", samples=_FRAME)
        frame.planes[0].update(array.array("h", samples).tobytes())
        frame.sample_rate, frame.time_base, frame.pts = MIC_RATE, Fraction(1, MIC_RATE), self._sent
        self._sent += _FRAME
        return frame


class Camera(VideoStreamTrack):
    """One colour, as RGB, 30 times a second."""

    def __init__(self, colour: tuple[int, int, int]) -> None:
        super().__init__()
        self._image = np.full((120, 160, 3), colour, np.uint8)

    async def recv(self) -> VideoFrame:
        frame = VideoFrame.from_ndarray(self._image, format="rgb24")
        frame.pts, frame.time_base = await self.next_timestamp()
        return frame


class WebRtcPeer:
    """What it heard, as 48 kHz stereo samples, and the events that it was told, in order.

    Args:
        colour: what its camera shows; None for no camera.
        by: the TURN server by which alone it comes; None for straight ways.
    """

    def __init__(self, colour: tuple[int, int, int] | None = None, by: RTCIceServer | None = None) -> None:
        self.pc = RTCPeerConnection(
            None if by is None else RTCConfiguration([by], iceTransportPolicy=RTCIceTransportPolicy.RELAY)
        )
        self.microphone = Microphone()
        self.channel: RTCDataChannel = self.pc.createDataChannel("oai-events")
        self.heard = array.array("h")
        self.told: list[Any] = []
        self.is_closed = False
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self.pc.addTrack(self.microphone)
        if colour is not None:
            self.pc.addTrack(Camera(colour))
        self.pc.on("track", self._listen)
        self.channel.on("message", self._on_message)
        self.channel.on("open", self._notify)
        self.channel.on("close", self._on_close)

    async def offer(self) -> str:
        """Its offer, as the API's clients send it: without candidates."""
        await self.pc.setLocalDescription(await self.pc.createOffer())
        lines = self.pc.localDescription.sdp.splitlines()
        return "\r\n".join(line for line in lines if not line.startswith(("a=candidate", "a=end-of-"))) + "\r\n"

    async def take(self, answer: str) -> None:
        """Take the answer, and wait until the channel is open."""
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await self.until(lambda: self.channel.readyState == "open")

    def send(self, **event: Any) -> None:
        self.channel.send(orjson.dumps(event).decode())

    async def until(self, happened: Any) -> Any:
        """Wait until this is so, and return what it is."""
        async with self._changed:
            return await self._changed.wait_for(happened)

    async def event(self, kind: str) -> Any:
        """The first event of this type."""
        return await self.until(lambda: next((event for event in self.told if event.get("type") == kind), None))

    @property
    def loudness(self) -> float:
        """Of the last 100 ms that it heard, from 0 to 1."""
        last = self.heard[-9600:]
        return math.sqrt(sum(n * n for n in last) / len(last)) / 32768 if last else 0.0

    async def close(self) -> None:
        await self.pc.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _listen(self, track: MediaStreamTrack) -> None:
        async def listen() -> None:
            try:
                while True:
                    frame = await track.recv()
                    assert isinstance(frame, AudioFrame)
                    self.heard.frombytes(bytes(frame.planes[0])[: frame.samples * 4])
                    self._notify()
            except MediaStreamError:
                pass

        self._start(listen())

    def _on_message(self, data: str | bytes) -> None:
        try:
            self.told.append(orjson.loads(data))
        except orjson.JSONDecodeError:
            self.told.append(data)
        self._notify()

    def _on_close(self) -> None:
        self.is_closed = True
        self._notify()

    def _notify(self) -> None:
        async def notify() -> None:
            async with self._changed:
                self._changed.notify_all()

        self._start(notify())

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@asynccontextmanager
async def webrtc_peer(
    colour: tuple[int, int, int] | None = None, by: RTCIceServer | None = None
) -> AsyncIterator[WebRtcPeer]:
    """A peer, closed at the end."""
    peer = WebRtcPeer(colour, by)
    try:
        yield peer
    finally:
        await peer.close()


def pitch_hz(samples: Sequence[int], rate: int) -> float:
    """The pitch of a tone, by the zeros that it crosses upwards."""
    rising = [n for n in range(1, len(samples)) if samples[n - 1] < 0 <= samples[n]]
    return (len(rising) - 1) * rate / (rising[-1] - rising[0])
