"""A media end on `aiortc`: WebRTC in Python, without a library of C++ code, and without concealment.

What the network loses is missing in the sound, and each session takes half as much again of a core.
"""

import asyncio
from collections import deque
from contextlib import suppress
from fractions import Fraction
from time import monotonic

from aiortc import MediaStreamTrack, RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import InvalidStateError
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, AudioResampler, VideoFrame

from relay.core.close_codes import ABNORMAL, NORMAL
from relay.core.leg import Closed
from relay.legs.webrtc.jpeg import photograph
from relay.legs.webrtc.media import MOST_PIXELS, RATE, MediaListener, Network, OfferRefused, Picture, Quality

PLAY_AHEAD = 25
"""Frames that may wait for the encoder, half a second, before the oldest is dropped."""

_NO_SENSE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    InvalidStateError,
)
"""What reading a strange description raises in it."""


class Player(MediaStreamTrack):
    """The track that is sent: what is put in comes out, and whoever puts it in keeps the time."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._frames: deque[AudioFrame] = deque(maxlen=PLAY_AHEAD)
        self._something = asyncio.Event()
        self._position = 0

    def put(self, pcm: bytes) -> None:
        """Have a frame sent."""
        frame = AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
        frame.planes[0].update(pcm)
        frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), self._position
        self._position += len(pcm) // 2
        self._frames.append(frame)
        self._something.set()

    async def recv(self) -> AudioFrame:
        """The next frame; waits for it."""
        while not self._frames:
            self._something.clear()
            await self._something.wait()
        return self._frames.popleft()


class AiortcEnd:
    """One connection of aiortc's. `network.ports` it does not know, and takes any."""

    def __init__(self, network: Network) -> None:
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._player = Player()
        self._channel: RTCDataChannel | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: MediaListener | None = None
        self._watches = False
        self._latest: tuple[VideoFrame, float] | None = None

    @property
    def buffered_bytes(self) -> int:
        return 0 if self._channel is None else self._channel.bufferedAmount

    async def answer(self, offer: str, listener: MediaListener, *, watches: bool = False) -> str:
        self._listener = listener
        self._watches = watches
        self._pc.on("track", self._on_track)
        self._pc.on("datachannel", self._on_channel)
        self._pc.on("connectionstatechange", self._on_state)
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
            for transceiver in self._pc.getTransceivers():
                if transceiver.kind == "video":
                    transceiver.direction = "recvonly" if watches else "inactive"
            self._pc.addTrack(self._player)
            await self._pc.setLocalDescription(await self._pc.createAnswer())
        except _NO_SENSE as why:
            raise OfferRefused(f"the offer cannot be answered: {why}") from None
        return str(self._pc.localDescription.sdp)

    async def restart(self, offer: str) -> str:
        raise OfferRefused("the engine aiortc knows no restart; make a new call")

    def play(self, frame: bytes) -> None:
        self._player.put(frame)

    async def photograph(self, side: int, quality: int) -> bytes | None:
        return await photograph(self._picture(), side, quality)

    def _picture(self) -> Picture | None:
        if self._latest is None:
            return None
        frame, taken_at = self._latest
        if frame.width * frame.height > MOST_PIXELS:
            return None
        return Picture(frame.width, frame.height, frame.to_ndarray(format="rgba").tobytes(), taken_at)

    def send(self, text: str) -> None:
        if self._channel is not None and self._channel.readyState == "open":
            self._channel.send(text)

    def close_channel(self) -> None:
        if self._channel is not None:
            self._channel.close()

    async def quality(self) -> Quality:
        for entry in (await self._pc.getStats()).values():
            if entry.type == "inbound-rtp" and entry.kind == "audio":
                return Quality(entry.packetsReceived, max(0, entry.packetsLost), entry.jitter / 48_000)
        return Quality()

    async def close(self) -> None:
        self._listener = None
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._player.stop()
        with suppress(*_NO_SENSE):  # of a description that it could make no sense of it has but half a connection
            await self._pc.close()

    def _on_state(self) -> None:
        if self._listener is None:
            return
        match self._pc.connectionState:
            case "connected":
                self._listener.on_connected()
            case "failed":
                self._listener.on_gone(Closed(ABNORMAL))
            case "closed":
                self._listener.on_gone(Closed(NORMAL))

    def _on_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            self._tasks.add(asyncio.create_task(self._read(track)))
        elif self._watches:
            self._tasks.add(asyncio.create_task(self._watch(track)))

    async def _watch(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                if isinstance(frame, VideoFrame):
                    self._latest = frame, monotonic()
        except MediaStreamError:
            return

    async def _read(self, track: MediaStreamTrack) -> None:
        resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
        try:
            while True:
                frame = await track.recv()
                if self._listener is not None and isinstance(frame, AudioFrame):
                    for part in resampler.resample(frame):
                        self._listener.on_audio(bytes(part.planes[0])[: part.samples * 2])
        except MediaStreamError:
            return  # the connection's state tells how it ended

    def _on_channel(self, channel: RTCDataChannel) -> None:
        if self._channel is not None:
            channel.close()  # events go over one
            return
        self._channel = channel
        channel.on("message", self._on_message)
        channel.on("close", self._on_channel_close)
        channel.on("bufferedamountlow", self._on_sent)
        if self._listener is not None:
            self._listener.on_open()

    def _on_message(self, data: str | bytes) -> None:
        if self._listener is not None:
            self._listener.on_message(data)

    def _on_channel_close(self) -> None:
        if self._listener is not None:
            self._listener.on_gone(Closed(NORMAL))

    def _on_sent(self) -> None:
        if self._listener is not None:
            self._listener.on_sent()
