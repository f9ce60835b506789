"""A peer's leg that speaks audio in bytes, in front of any other peer's leg."""

from dataclasses import replace
from typing import Any

from relay.core.binary_audio import BinaryAudio
from relay.core.events import Data
from relay.core.leg import Listener
from relay.legs.choice import RunningLeg
from relay.legs.wrapper import LegWrapper


class BinaryAudioLeg(LegWrapper):
    """Translates at the edge, so that the session and its interceptors see the API's own events alone."""

    def __init__(self, leg: RunningLeg, append: str = "input_audio_buffer.append") -> None:
        super().__init__(leg)
        self._audio = BinaryAudio(append)

    @property
    def lane_end(self) -> Any:
        """The leg that it is in front of, which then does in its lane what is done here."""
        leg = self._leg.lane_end
        if leg is not None:
            leg.speak_bytes(self._audio)
        return leg

    def send(self, data: Data, received_at: float) -> int:
        return self._leg.send(self._audio.down(data), received_at)

    async def run(self, listener: Listener) -> None:
        def on_message(data: Data, now: float) -> None:
            listener.on_message(self._audio.up(data), now)

        await self._leg.run(replace(listener, on_message=on_message))
