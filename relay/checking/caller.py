"""The caller's end of a call, on libwebrtc: what a browser does to be answered, for `relay check --webrtc`."""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import webrtc
import wrtc

from relay.legs.webrtc.descriptions import without_candidates
from relay.legs.webrtc.media import FRAME_BYTES, FRAME_S, RATE

CHANNEL = "oai-events"

_SILENCE = bytes(FRAME_BYTES)


@dataclass(frozen=True, slots=True)
class Heard:
    """How the answering side's sound has come so far.

    Attributes:
        packets: how many arrived.
        lost: how many did not.
        round_trip_ms: to the other end and back; 0 where it is not known yet.
    """

    packets: int = 0
    lost: int = 0
    round_trip_ms: float = 0.0


class Caller:
    """One call from this side. What it says is silence.

    Attributes:
        told: the events that came, oldest first.
        is_closed: whether the other end has ended it.
    """

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.is_closed = False
        self._pc = webrtc.RTCPeerConnection(webrtc.RTCConfiguration())
        self._microphone = wrtc.TrackGenerator("audio")
        self._track = webrtc.MediaStreamTrack._wrap(self._microphone.track)
        self._pc.add_track(self._track, webrtc.MediaStream([self._track]))
        self._channel = self._pc.create_data_channel(CHANNEL)
        self._changed = asyncio.Event()
        self._speaking: asyncio.Task[None] | None = None
        self._pc.on("connectionstatechange", self._notify)
        self._channel.on("open", self._notify)
        self._channel.on("message", self._on_message)
        self._channel.on("close", self._on_close)

    @property
    def state(self) -> str:
        """The connection's state, as browsers name them."""
        return str(self._pc.connection_state.value)

    @property
    def is_path_found(self) -> bool:
        """Whether packets get through, be they understood or not."""
        return str(self._pc.ice_connection_state.value) in {"connected", "completed"}

    @property
    def is_open(self) -> bool:
        """Whether the channel takes events."""
        return str(self._channel.ready_state.value) == "open"

    async def offer(self) -> str:
        """What is posted: like that of the API's clients it has no candidates."""
        offer = await self._pc.create_offer()
        await self._pc.set_local_description(offer)
        return without_candidates(offer.sdp)

    async def take(self, answer: str) -> None:
        """Go to where the answer says, and speak from now on.

        Raises:
            ValueError: it is no answer.
        """
        try:
            await self._pc.set_remote_description(webrtc.RTCSessionDescriptionInit("answer", answer))
        except (webrtc.PythonWebRTCExceptionBase, TypeError) as why:
            raise ValueError(str(why)) from None
        self._speaking = asyncio.create_task(self._speak())

    def say(self, kind: str, **fields: Any) -> None:
        """Send an event over the open channel."""
        self._channel.send(json.dumps({"type": kind, **fields}))

    async def until(self, happened: Any, patience_s: float) -> bool:
        """Wait until this is so; returns whether it came to that in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while not happened():
                    self._changed.clear()
                    await self._changed.wait()
        return bool(happened())

    async def heard(self) -> Heard:
        """What has come of the other end's sound."""
        packets = lost = 0
        round_trip_s = 0.0
        for entry in (await self._pc.get_stats()).values():
            if isinstance(entry, webrtc.RTCInboundRtpStreamStats) and entry.kind == "audio":
                packets, lost = entry.packets_received or 0, max(0, entry.packets_lost or 0)
            if isinstance(entry, webrtc.RTCIceCandidatePairStats) and entry.nominated:
                round_trip_s = entry.current_round_trip_time or 0.0
        return Heard(packets, lost, 1000 * round_trip_s)

    async def close(self) -> None:
        """Hang up."""
        if self._speaking is not None:
            self._speaking.cancel()
            await asyncio.wait({self._speaking})
        self._pc.close()
        self._microphone.close()

    async def _speak(self) -> None:
        while True:
            self._microphone.writeAudio(_SILENCE, RATE, 1, FRAME_BYTES // 2)
            await asyncio.sleep(FRAME_S)

    def _on_message(self, message: webrtc.MessageEvent) -> None:
        with suppress(ValueError, TypeError):
            event = json.loads(message.data)  # type: ignore[arg-type]
            if isinstance(event, dict):
                self.told.append(event)
        self._notify()

    def _on_close(self, _: object) -> None:
        self.is_closed = True
        self._notify()

    def _notify(self, _: object = None) -> None:
        self._changed.set()
