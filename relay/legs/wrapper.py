"""The leg wrapper: a leg in front of another one, which sees or changes what passes."""

from typing import Any

from relay.core.events import Data
from relay.core.leg import Listener
from relay.legs.choice import RunningLeg


class LegWrapper:
    """Does as the leg that it is put in front of, except where a subclass does otherwise."""

    def __init__(self, leg: RunningLeg) -> None:
        self._leg = leg

    @property
    def lane_end(self) -> Any:
        """None: what passes has to be seen here."""
        return None

    @property
    def buffered_bytes(self) -> int:
        return self._leg.buffered_bytes

    @property
    def extra_frames(self) -> int:
        return self._leg.extra_frames

    def send(self, data: Data, received_at: float) -> int:
        return self._leg.send(data, received_at)

    def close(self, code: int, reason: str) -> None:
        self._leg.close(code, reason)

    def pause_reading(self) -> None:
        self._leg.pause_reading()

    def resume_reading(self) -> None:
        self._leg.resume_reading()

    async def run(self, listener: Listener) -> None:
        await self._leg.run(listener)
