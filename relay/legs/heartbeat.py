"""Keepalive: pings, and the end of a connection whose other side vanished without a word."""

import asyncio
from collections.abc import Callable

BEAT_S = 10.0
"""Half the interval at which a quiet end is pinged: load balancers cut sockets that are quiet for 60 to 100 s."""

_PATIENCE_BEATS = 2


class Heartbeat:
    """Pings an end that was quiet for a whole beat, and gives it up when it stays quiet for two more.

    Any byte counts as life, so an end that is busy sending is never pinged. With `BEAT_S` a lost end is noticed after
    30 to 40 s.

    Attributes:
        held: while set, the other end is not being read and cannot be heard.

    Args:
        heard: whether something has come from the other end since it was asked last.
        ping: asks the other end for a sign of life.
        give_up: is called once, when none came.
    """

    __slots__ = ("_beat_s", "_give_up", "_handle", "_heard", "_loop", "_ping", "_quiet_beats", "held")

    def __init__(
        self, heard: Callable[[], bool], ping: Callable[[], None], give_up: Callable[[], None], beat_s: float = BEAT_S
    ) -> None:
        self._heard = heard
        self.held = False
        self._ping = ping
        self._give_up = give_up
        self._beat_s = beat_s
        self._loop = asyncio.get_running_loop()
        self._quiet_beats = 0
        self._handle = self._loop.call_later(beat_s, self._beat)

    def stop(self) -> None:
        """Ping no more, and forget whose connection it was, who knows this heartbeat."""
        self._handle.cancel()
        self._ping = self._give_up = _nothing
        self._heard = _nobody

    def _beat(self) -> None:
        if self._heard() or self.held:
            self._quiet_beats = 0
        else:
            self._quiet_beats += 1
            if self._quiet_beats > _PATIENCE_BEATS:
                self._give_up()
                return
            self._ping()
        self._handle = self._loop.call_later(self._beat_s, self._beat)


def _nothing() -> None:
    """The connection has ended."""


def _nobody() -> bool:
    """Nothing is heard of a connection that has ended."""
    return False
