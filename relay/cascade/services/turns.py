"""The sound of a turn, which may still be coming while it is listened to."""

import asyncio
from collections.abc import AsyncIterator, Callable


class Turn:
    """What was said so far. It can be read several times, from the beginning each time.

    Args:
        pcm: what there is of it.
        is_whole: whether that is all.

    Attributes:
        is_whole: whether all of it has come.
        on_whole: called when it has.
    """

    def __init__(self, pcm: bytes, *, is_whole: bool) -> None:
        self._pieces = [pcm] if pcm else []
        self.is_whole = is_whole
        self.on_whole: Callable[[], None] | None = None
        self._changed = asyncio.Event()

    def add(self, pcm: bytes, *, is_last: bool) -> None:
        """More of it."""
        if pcm:
            self._pieces.append(pcm)
        self._changed.set()
        if is_last and not self.is_whole:
            self.is_whole = True
            if self.on_whole is not None:
                self.on_whole()

    async def until_whole(self) -> bytes:
        """Wait for the end of the turn; all of it."""
        return b"".join([piece async for piece in self.pieces()])

    async def pieces(self) -> AsyncIterator[bytes]:
        """What there is, and then what comes, up to the end of the turn."""
        read = 0
        while True:
            while read < len(self._pieces):
                read += 1
                yield self._pieces[read - 1]
            if self.is_whole:
                return
            self._changed.clear()
            await self._changed.wait()
