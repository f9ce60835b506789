"""What came for one order over a connection that it shares with others."""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

from relay.cascade.services.failures import ServiceFailed


class Inbox:
    """Events for one order, in order.

    Attributes:
        is_wanted: whether anybody waits for them.
    """

    def __init__(self) -> None:
        self.is_wanted = True
        self._events: deque[Mapping[str, Any]] = deque()
        self._failure: ServiceFailed | None = None
        self._changed = asyncio.Event()

    def put(self, event: Mapping[str, Any]) -> None:
        """Something came."""
        if self.is_wanted:
            self._events.append(event)
            self._changed.set()

    def fail(self, failure: ServiceFailed) -> None:
        """Nothing more will come."""
        self._failure = failure
        self._changed.set()

    def sent(self, sending: asyncio.Task[None]) -> None:
        """All that was to be said of the order was sent, or could not be."""
        if not sending.cancelled() and isinstance(failure := sending.exception(), ServiceFailed):
            self.fail(failure)

    async def next_event(self) -> Mapping[str, Any]:
        """What came next.

        Raises:
            ServiceFailed: nothing will.
        """
        while not self._events:
            if self._failure is not None:
                raise self._failure
            self._changed.clear()
            await self._changed.wait()
        return self._events.popleft()
