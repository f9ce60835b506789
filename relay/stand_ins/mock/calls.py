"""The calls that the mock takes part in: what the API keeps of each.

There is no sound in them. What is said in a call is said over its sidebands, each of which is a conversation of its
own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from websockets.asyncio.server import ServerConnection

from relay.engine.events import new_id
from relay.stand_ins.mock.opening import Opening

KEPT_CALLS = 64
"""Older ones are forgotten."""


@dataclass(eq=False, slots=True)
class Call:
    """One call.

    Attributes:
        opening: the session that it was made with.
        offer: the caller's description of its end.
        sidebands: the connections that watch it.
    """

    opening: Opening
    offer: str
    call_id: str = field(default_factory=lambda: new_id("rtc"))
    sidebands: set[ServerConnection] = field(default_factory=set)

    @contextmanager
    def watched_by(self, connection: ServerConnection) -> Iterator[None]:
        """Count the connection among the sidebands while the context is open."""
        self.sidebands.add(connection)
        try:
            yield
        finally:
            self.sidebands.discard(connection)


class Calls:
    """Those that go on.

    Attributes:
        ended: the ids of those that were hung up, oldest first.
    """

    def __init__(self) -> None:
        self.ended: list[str] = []
        self._calls: dict[str, Call] = {}

    def __iter__(self) -> Iterator[Call]:
        return iter(self._calls.values())

    def add(self, call: Call) -> None:
        """Take part in one more."""
        self._calls[call.call_id] = call
        if len(self._calls) > KEPT_CALLS:
            del self._calls[next(iter(self._calls))]

    def find(self, call_id: str) -> Call | None:
        """The call of that id, if it goes on."""
        return self._calls.get(call_id)

    async def hang_up(self, call_id: str) -> bool:
        """End a call and its sidebands; returns whether there was one."""
        call = self._calls.pop(call_id, None)
        if call is None:
            return False
        self.ended = [*self.ended, call_id][-KEPT_CALLS:]
        for connection in tuple(call.sidebands):
            await connection.close()
        return True
