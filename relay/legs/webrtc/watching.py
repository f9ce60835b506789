"""A peer's camera and screen shown to the model: pictures taken, made small beside the event loop, sent upstream."""

import asyncio
from collections.abc import Iterator

from relay.core.events import Data, Event, write_event
from relay.core.pictures import Pictures
from relay.legs.webrtc.media import MediaEnd


class Watching:
    """One call's pictures.

    Args:
        side: how many pixels the longer side of a picture has at most.
        quality: of JPEG, from 1 to 95.
    """

    def __init__(self, end: MediaEnd, pictures: Pictures, side: int, quality: int) -> None:
        self._end = end
        self._pictures = pictures
        self._side = side
        self._quality = quality
        self._encoding: asyncio.Task[bytes | None] | None = None

    def on_event(self, event: Event) -> None:
        """The upstream says something, or the peer."""
        if self._pictures.wanted_at(event):
            self._take()

    def passed(self, now: float) -> Iterator[Data]:
        """Time has passed; what goes up for the picture that is ready."""
        if self._pictures.wanted_by(now):
            self._take()
        if self._encoding is not None and self._encoding.done():
            jpeg, self._encoding = self._encoding.result(), None
            for body in self._pictures.show(jpeg) if jpeg is not None else ():
                yield write_event(body).data

    async def close(self) -> None:
        """Wait for the picture that is being made."""
        if self._encoding is not None:
            await asyncio.wait({self._encoding})

    def _take(self) -> None:
        if self._encoding is None:
            self._encoding = asyncio.create_task(self._end.photograph(self._side, self._quality))
