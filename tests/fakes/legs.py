"""A leg that is driven line by line and writes down what it was told."""

from relay.core.events import Data
from relay.core.flow import Buffers
from relay.core.interceptor import Interceptor
from relay.core.session import Session
from relay.core.tally import Tally


class FakeLeg:
    """Keeps everything sent as waiting until a test says that it has drained.

    Attributes:
        trace: what it was told, in order: `("send", data)`, `("close", code, reason)`, `("pause",)`, `("resume",)`.
    """

    def __init__(self) -> None:
        self.buffered_bytes = 0
        self.extra_frames = 0
        self.trace: list[tuple[object, ...]] = []

    def send(self, data: Data, received_at: float) -> int:
        self.trace.append(("send", data))
        self.buffered_bytes += len(data)
        return self.buffered_bytes

    def close(self, code: int, reason: str) -> None:
        self.trace.append(("close", code, reason))

    def pause_reading(self) -> None:
        self.trace.append(("pause",))

    def resume_reading(self) -> None:
        self.trace.append(("resume",))

    @property
    def sent(self) -> list[Data]:
        return [entry[1] for entry in self.trace if entry[0] == "send"]  # type: ignore[misc]

    @property
    def closes(self) -> list[tuple[object, ...]]:
        return [entry[1:] for entry in self.trace if entry[0] == "close"]


class Joined:
    """A session between two fake legs, with short words for what happens to it."""

    def __init__(self, *interceptors: Interceptor, buffers: Buffers | None = None) -> None:
        self.peer = FakeLeg()
        self.upstream = FakeLeg()
        self.tally = Tally()
        self.now = 0.0
        self.session = Session("s1", self.peer, self.upstream, interceptors, self.tally, buffers=buffers)

    def opened(self) -> "Joined":
        self.session.open(self.now)
        return self

    def peer_says(self, data: Data) -> None:
        self.session.peer_listener.on_message(data, self.now)

    def upstream_says(self, data: Data) -> None:
        self.session.upstream_listener.on_message(data, self.now)
