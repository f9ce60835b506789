"""A leg whose end speaks another dialect, in front of any other leg.

It translates at the edge, so that the session and its interceptors, with what they themselves send, have GA alone.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from relay.core.dialect import BETA, Table, Translation
from relay.core.dialect.translation import OneWay
from relay.core.events import Data
from relay.core.leg import Listener
from relay.legs.choice import RunningLeg, UpstreamLeg
from relay.legs.wrapper import LegWrapper


class DialectLeg(LegWrapper):
    """Passes on what its translation makes of each message: mostly the message itself.

    Args:
        sent: what is made of what the session sends.
        heard: what is made of what arrives.
    """

    def __init__(self, leg: RunningLeg, sent: OneWay, heard: OneWay) -> None:
        super().__init__(leg)
        self._sent = sent
        self._heard = heard
        self._send = leg.send

    @property
    def lane_end(self) -> Any:
        """The leg that it is in front of, which then does in its lane what is done here to frequent events."""
        leg = self._leg.lane_end
        if leg is not None and not self._heard.is_stopped:
            leg.speak_dialect(self._heard, self._sent)
        return leg

    def send(self, data: Data, received_at: float) -> int:
        waiting = 0
        for message in self._sent(data):
            waiting = self._send(message, received_at)
        return waiting

    async def run(self, listener: Listener) -> None:
        heard, tell = self._heard, listener.on_message

        def on_message(data: Data, now: float) -> None:
            was_stopped = heard.is_stopped
            for message in heard(data):
                tell(message, now)
            if heard.is_stopped and not was_stopped:
                self._speak_ga()

        await self._leg.run(replace(listener, on_message=on_message))

    def _speak_ga(self) -> None:
        """The end has turned out to speak GA."""
        leg = self._leg.lane_end
        if leg is not None:
            leg.speak_dialect(None, None)


class DialectUpstream(DialectLeg):
    """The same for an upstream, which can be let go."""

    def __init__(self, leg: UpstreamLeg, translation: Translation) -> None:
        super().__init__(leg, translation.to_upstream, translation.from_upstream)
        self.abort = leg.abort


class Interpreter:
    """Puts a translation before each end of one session that speaks another dialect than GA.

    Both share it, so that what GA has no words for still gets from one end to the other.

    Args:
        of_peer, of_upstream: what they speak; None for GA.
        is_peer_sure: whether the peer cannot turn out to speak GA; see `Translation`.
    """

    def __init__(self, of_peer: Table | None, of_upstream: Table | None, *, is_peer_sure: bool = True) -> None:
        translation = None
        if of_peer is not None or of_upstream is not None:
            translation = Translation(of_peer or BETA, of_upstream or BETA, is_peer_sure=is_peer_sure)
        self._for_peer = None if of_peer is None else translation
        self._for_upstream = None if of_upstream is None else translation

    def at_peer(self, leg: RunningLeg) -> RunningLeg:
        """The peer's leg, as the session can talk to it."""
        spoken = self._for_peer
        return leg if spoken is None else DialectLeg(leg, spoken.to_peer, spoken.from_peer)

    def at_upstream(self, leg: UpstreamLeg) -> UpstreamLeg:
        """The upstream's leg, as the session can talk to it."""
        return leg if self._for_upstream is None else DialectUpstream(leg, self._for_upstream)

    def heard(self, messages: Iterable[Data]) -> Iterable[Data]:
        """What the peer said before its leg was there, as the session understands it."""
        if self._for_peer is None:
            return messages
        return [out for data in messages for out in self._for_peer.from_peer(data)]
