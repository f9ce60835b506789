"""The fast lane as the legs see it: compiled where it could be built, and nothing at all where it could not.

`relay.legs.lane` is compiled when the package is built. Without a compiler there, or with another picows than it was
built for, everything goes through Python: slower, with the same tests.
"""

import asyncio
from typing import TYPE_CHECKING, Any

from picows import WSFrame, WSListener, WSTransport

if TYPE_CHECKING:
    from relay.core.flow import Flow
    from relay.core.session import Session
    from relay.core.tally import Direction, Tally
    from relay.legs.choice import RunningLeg

try:
    from relay.legs.lane import EDITION, LaneListener, LanePoll, LaneProtocol, LaneTally

    if EDITION != 6:
        raise ImportError("the lane was compiled from other code than this; install the checkout again")
    WHY_NOT = ""
except (ImportError, ValueError) as failure:  # not built, or built for another picows
    WHY_NOT = str(failure)

    class LaneListener(WSListener):  # type: ignore[no-redef]
        """A leg's listener without a lane: every frame goes through Python."""

        lane_direct = lane_shut = lane_unsure = fragmented = heard = False

        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            self.heard = True
            self.on_frame(transport, frame)

        def on_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            raise NotImplementedError

        def lane_connected(self, transport: WSTransport) -> None:
            """The leg's connection is there."""

        def lane_reads(self, on: bool) -> bool:
            """The event loop reads the connection."""
            return False

        def leave_lane(self) -> None:
            """There is none."""

        def speak_dialect(self, heard: object, said: object) -> None:
            """Every message passes the translation as it is."""

    class LanePoll:  # type: ignore[no-redef]
        """Reads nothing."""


if not WHY_NOT:

    class BufferedLane(LaneProtocol, asyncio.BufferedProtocol):
        """The lane's protocol, as a transport knows that it is to be read into its buffer."""

        __slots__ = ()


__all__ = ["WHY_NOT", "LaneListener", "LanePoll", "before_picows", "join_lanes", "lane_in_use", "relink_lanes"]

LANE_LIMIT_BYTES = 64 * 1024
"""A larger message goes through Python, which lets others have their turn behind it."""


def lane_in_use(carrier: str) -> str:
    """`compiled`, or `none` where the settings want none or it could not be built."""
    return "compiled" if carrier == "fast" and not WHY_NOT else "none"


def before_picows(protocol: Any, leg: LaneListener) -> Any:
    """What a transport gets instead of picows' protocol: it offers the lane what is read, before picows sees it."""
    return protocol if WHY_NOT else BufferedLane(protocol, leg)


def join_lanes(session: "Session", peer: "RunningLeg", upstream: "RunningLeg", tally: "Tally", poll: LanePoll) -> None:
    """Open the lanes between two legs, where both have one; the session goes on to decide what goes there.

    Args:
        poll: reads the sockets of all lanes of this event loop.
    """
    if WHY_NOT or (peers := peer.lane_end) is None or (upstreams := upstream.lane_end) is None:
        return
    _join(session.up, peers, upstreams, tally.up, poll, is_peers=True)
    _join(session.down, upstreams, peers, tally.down, poll, is_peers=False)


def relink_lanes(
    session: "Session", peer: "RunningLeg", upstream: "RunningLeg", tally: "Tally", poll: LanePoll
) -> None:
    """Have the lanes of a session lead to its upstream's new connection, where both have one."""
    old: Any = session.down.lane
    if old is not None and (peers := peer.lane_end) is not None and (upstreams := upstream.lane_end) is not None:
        old.unlink()
        peers.relink(upstreams)
        _join(session.down, upstreams, peers, tally.down, poll, is_peers=False)


def _join(
    flow: "Flow", source: LaneListener, sink: LaneListener, direction: "Direction", poll: LanePoll, *, is_peers: bool
) -> None:
    counted = direction.beside(lambda: LaneTally(direction.by_type, direction.added_s.bounds))
    source.join_lane(sink, flow, counted, is_peers, LANE_LIMIT_BYTES, poll)
    flow.lane = source
