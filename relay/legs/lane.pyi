"""What `lane.pyx` has for Python; see there."""

from collections.abc import Mapping, Sequence

from picows import WSFrame, WSListener, WSTransport

from relay.core.flow import Flow

class LaneCount:
    events: int
    octets: int

class LaneTally:
    @property
    def by_type(self) -> Mapping[str, LaneCount]: ...
    @property
    def counts(self) -> Sequence[int]: ...
    @property
    def sum(self) -> float: ...
    def __init__(self, bounds: Sequence[float]) -> None: ...

class LaneListener(WSListener):
    lane_direct: bool
    lane_shut: bool
    heard: bool
    events: int
    octets: int
    def lane_connected(self, transport: WSTransport) -> None: ...
    def join_lane(self, sink: LaneListener, flow: Flow, tally: LaneTally, is_peers: bool, most_bytes: int) -> None: ...
    def leave_lane(self) -> None: ...
    def forget(self) -> None: ...
    def on_frame(self, transport: WSTransport, frame: WSFrame) -> None: ...

def proved_type(message: bytes, is_peers: bool) -> str | None: ...
