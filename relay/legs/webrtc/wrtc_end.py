"""A media end on `wrtc`, which is libwebrtc: it conceals what the network loses, and its threads do the work.

Whatever reads or writes a track is referenced here: what nobody holds is collected, and falls silent without a word.
"""

import asyncio
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
import soxr
import webrtc
import wrtc

from relay.core.close_codes import ABNORMAL, NORMAL
from relay.core.leg import Closed
from relay.legs.webrtc.jpeg import photograph
from relay.legs.webrtc.media import (
    FRAME_BYTES,
    MOST_PIXELS,
    RATE,
    MediaListener,
    Network,
    OfferRefused,
    Picture,
    Quality,
)

GATHERING_S = 5.0
"""Addresses of this machine's own are known at once; nothing else is asked for any."""

READ_AHEAD = 50
"""Pieces of 10 ms that may wait for a busy event loop before the oldest is dropped."""


if TYPE_CHECKING:
    Reader = webrtc.ReadableStreamDefaultReader[webrtc.VideoFrame | webrtc.AudioData]


class WrtcEnd:
    """One connection of libwebrtc's."""

    def __init__(self, network: Network) -> None:
        self._pc = webrtc.RTCPeerConnection(webrtc.RTCConfiguration(port_range=network.ports))
        self._player = wrtc.TrackGenerator("audio")
        self._channel: webrtc.RTCDataChannel | None = None
        self._held: list[object] = []
        self._readers: list[Reader] = []
        self._reading: set[asyncio.Task[None]] = set()
        self._listener: MediaListener | None = None
        self._gathered = asyncio.Event()
        self._negotiating = asyncio.Lock()
        self._watches = False
        self._latest: tuple[webrtc.VideoFrame, float] | None = None

    @property
    def buffered_bytes(self) -> int:
        return 0 if self._channel is None else self._channel.buffered_amount

    async def answer(self, offer: str, listener: MediaListener, *, watches: bool = False) -> str:
        self._listener = listener
        self._watches = watches
        self._pc.on("track", self._on_track)
        self._pc.on("datachannel", self._on_channel)
        self._pc.on("connectionstatechange", self._on_state)
        self._pc.on("icegatheringstatechange", self._on_gathering)
        try:
            await self._pc.set_remote_description(webrtc.RTCSessionDescriptionInit("offer", offer))
            for transceiver in self._pc.get_transceivers():
                if transceiver.receiver.track.kind == "video":
                    way = webrtc.RTCRtpTransceiverDirection
                    transceiver.direction = way.recvonly if watches else way.inactive
            track = webrtc.MediaStreamTrack._wrap(self._player.track)
            self._pc.add_track(track, webrtc.MediaStream([track]))  # pages take the stream that a track came with
            await self._pc.set_local_description(await self._pc.create_answer())
        except (webrtc.PythonWebRTCExceptionBase, ValueError, TypeError) as why:
            raise OfferRefused(f"the offer cannot be answered: {why}") from None
        async with asyncio.timeout(GATHERING_S):
            await self._gathered.wait()
        local = self._pc.local_description
        if local is None:
            raise OfferRefused("the offer cannot be answered: the connection is closed")
        return local.sdp

    async def restart(self, offer: str) -> str:
        async with self._negotiating:
            self._gathered.clear()
            try:
                await self._pc.set_remote_description(webrtc.RTCSessionDescriptionInit("offer", offer))
                await self._pc.set_local_description(await self._pc.create_answer())
                async with asyncio.timeout(GATHERING_S):
                    await self._gathered.wait()
            except (webrtc.PythonWebRTCExceptionBase, TimeoutError, TypeError, ValueError) as why:
                raise OfferRefused(f"the connection cannot be restarted: {why}") from None
            local = self._pc.local_description
        if local is None:
            raise OfferRefused("the connection is closed")
        return local.sdp

    def play(self, frame: bytes) -> None:
        self._player.writeAudio(frame, RATE, 1, FRAME_BYTES // 2)

    async def photograph(self, side: int, quality: int) -> bytes | None:
        return await photograph(self._picture(), side, quality)

    def _picture(self) -> Picture | None:
        if self._latest is None:
            return None
        frame, taken_at = self._latest
        rect = frame.visible_rect
        if rect is None or rect.width * rect.height > MOST_PIXELS:
            return None
        width, height = int(rect.width), int(rect.height)
        rgbx = bytearray(4 * width * height)
        frame.copy_to(rgbx, webrtc.VideoFrameCopyToOptions(format="RGBX")).result()
        return Picture(width, height, bytes(rgbx), taken_at, frame.rotation)

    def send(self, text: str) -> None:
        if self._channel is not None and self._channel.ready_state == "open":
            with suppress(webrtc.PythonWebRTCExceptionBase):  # it may close meanwhile, which its event tells
                self._channel.send(text)

    def close_channel(self) -> None:
        if self._channel is not None:
            self._channel.close()

    async def quality(self) -> Quality:
        for entry in (await self._pc.get_stats()).values():
            if isinstance(entry, webrtc.RTCInboundRtpStreamStats) and entry.kind == "audio":
                concealed = (entry.concealed_samples or 0) - (entry.silent_concealed_samples or 0)
                return Quality(
                    entry.packets_received or 0, entry.packets_lost or 0, entry.jitter or 0.0, concealed / 48_000
                )
        return Quality()

    async def close(self) -> None:
        self._listener = None
        for reader in self._readers:
            await reader.cancel()  # unlike its task, which could be given sound that nobody lets go of
        if self._reading:
            await asyncio.wait(self._reading)
        self._keep(None)
        self._pc.close()
        self._player.close()
        self._held.clear()

    def _on_state(self, _: object) -> None:
        if self._listener is None:
            return
        match self._pc.connection_state:
            case "connected":
                self._listener.on_connected()
            case "disconnected":
                self._listener.on_disconnected()
            case "failed" | "closed":
                self._listener.on_gone(Closed(ABNORMAL))

    def _on_gathering(self, _: object) -> None:
        if self._pc.ice_gathering_state == "complete":
            self._gathered.set()

    def _on_track(self, event: webrtc.RTCTrackEvent) -> None:
        if event.track.kind == "audio":
            reader = self._reader_of(event.track, READ_AHEAD)
            self._reading.add(asyncio.create_task(self._read(reader)))
        elif self._watches:
            reader = self._reader_of(event.track, 1)
            self._reading.add(asyncio.create_task(self._watch(reader)))

    def _reader_of(self, track: webrtc.MediaStreamTrack, ahead: int) -> "Reader":
        processor = webrtc.MediaStreamTrackProcessor(webrtc.MediaStreamTrackProcessorInit(track, max_buffer_size=ahead))
        reader = processor.readable.get_reader()
        self._held += [track, processor]
        self._readers.append(reader)
        return reader

    async def _watch(self, reader: "Reader") -> None:
        while (frame := (await reader.read()).value) is not None:
            assert isinstance(frame, webrtc.VideoFrame)  # noqa: S101 - a video track gives no sound
            self._keep(frame)

    def _keep(self, frame: webrtc.VideoFrame | None) -> None:
        if self._latest is not None:
            self._latest[0].close()
        self._latest = None if frame is None else (frame, monotonic())

    async def _read(self, reader: "Reader") -> None:
        resampler, form = None, (0.0, 0)
        while (data := (await reader.read()).value) is not None:
            with data:
                assert isinstance(data, webrtc.AudioData)  # noqa: S101 - an audio track gives no pictures
                if (data.sample_rate, data.number_of_channels) != form:
                    form = data.sample_rate, data.number_of_channels
                    resampler = soxr.ResampleStream(form[0], RATE, 1, dtype="int16", quality="LQ")
                samples = _first_channel(data)
            if self._listener is not None and resampler is not None:
                self._listener.on_audio(resampler.resample_chunk(samples).tobytes())

    def _on_channel(self, event: webrtc.RTCDataChannelEvent) -> None:
        if self._channel is not None:
            event.channel.close()  # events go over one
            return
        self._channel = channel = event.channel
        channel.on("message", self._on_message)
        channel.on("close", self._on_channel_close)
        channel.on("bufferedamountlow", self._on_sent)
        if self._listener is not None:
            self._listener.on_open()

    def _on_message(self, event: webrtc.MessageEvent) -> None:
        data = event.data
        if self._listener is not None and isinstance(data, str | bytes):
            self._listener.on_message(data)

    def _on_channel_close(self, _: object) -> None:
        if self._listener is not None:
            self._listener.on_gone(Closed(NORMAL))

    def _on_sent(self, _: object) -> None:
        if self._listener is not None:
            self._listener.on_sent()


def _first_channel(data: webrtc.AudioData) -> "np.ndarray[Any, np.dtype[np.int16]]":
    pcm = bytearray(2 * data.number_of_frames)
    data.copy_to(pcm, webrtc.AudioDataCopyToOptions(plane_index=0, format="s16-planar"))
    return np.frombuffer(pcm, np.int16)
