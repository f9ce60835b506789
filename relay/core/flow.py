"""One direction of a session, and what may wait in it."""

from collections.abc import Callable, Iterable

from relay.core.causes import Cause
from relay.core.events import Data, Event
from relay.core.interceptor import EVERY
from relay.core.leg import Lane, Leg
from relay.core.tally import OTHER, Direction

HIGH_WATER_BYTES = 8 * 1024 * 1024
"""About two minutes of base64 audio: answers come far ahead of real time, so less would pause healthy peers."""

ALL_HIGH_WATER_BYTES = 256 * 1024 * 1024
"""Some dozen peers that stopped reading at the same time."""

Hook = Callable[[Event, float], Event | None]


class Buffers:
    """What waits for ends that read slowly, in all sessions of a process.

    Attributes:
        session_bytes: how much may wait for one end of a session.
        process_bytes: how much may wait in all sessions together; beyond it each slow end is waited for.
        waiting: how much waits.
    """

    def __init__(self, session_bytes: int = HIGH_WATER_BYTES, process_bytes: int = ALL_HIGH_WATER_BYTES) -> None:
        self.session_bytes = session_bytes
        self.process_bytes = process_bytes
        self.waiting = 0


class Flow:
    """One direction: who sends, who receives, who looks at what, and since when the receiver is too slow.

    Attributes:
        read: makes an event of a message, as far as this direction's sender is trusted.
        hooks: what interceptors want to see, by event type; `otherwise` for the types that none of them names.
        lane: what passes messages that nobody wants without telling; None where nothing does.
        last_type: the type of the event that arrived last.
        full_since: when too much waited for the receiver; None while that is not so.
        most_waiting: how many bytes may wait for the receiver.
        held: the policies that keep the sender from being read.
        most_events, most_octets: how many may have arrived before a policy does.
    """

    __slots__ = (
        "_buffers", "_exempt", "_lane", "_waiting", "by_type", "full_since", "held", "hooks", "last_type",
        "most_events", "most_octets", "most_waiting", "other", "otherwise", "read", "sink", "source", "told_events",
        "told_octets", "too_slow",
    )  # fmt: skip

    def __init__(
        self,
        source: Leg,
        sink: Leg,
        read: Callable[[Data], Event],
        direction: Direction,
        buffers: Buffers,
        too_slow: Cause,
    ) -> None:
        self.source = source
        self.sink = sink
        self.read = read
        self.by_type = direction.by_type
        self.other = direction.by_type[OTHER]
        self.too_slow = too_slow
        self.most_waiting = buffers.session_bytes
        self._buffers = buffers
        self._waiting = 0
        self.hooks: dict[str, tuple[Hook, ...]] = {}
        self.otherwise: tuple[Hook, ...] = ()
        self.told_events = 0
        self.told_octets = 0
        self._exempt: dict[Hook, Callable[[str], bool]] = {}
        self._lane: Lane | None = None
        self.most_events = self.most_octets = float("inf")
        self.last_type = ""
        self.full_since: float | None = None
        self.held: set[object] = set()

    @property
    def spent(self) -> bool:
        """Whether as much has arrived as may."""
        return self.events >= self.most_events or self.octets >= self.most_octets

    @property
    def events(self) -> int:
        """How many messages have arrived."""
        return self.told_events + (0 if self._lane is None else self._lane.events)

    @property
    def octets(self) -> int:
        """How many bytes they had."""
        return self.told_octets + (0 if self._lane is None else self._lane.octets)

    def let(self, most_events: float, most_octets: float) -> None:
        """Bound what may have arrived before a policy holds the sender."""
        self.most_events, self.most_octets = most_events, most_octets
        if self._lane is not None:
            self._lane.let(most_events - self.events, most_octets - self.octets)

    @property
    def lane(self) -> Lane | None:
        return self._lane

    @lane.setter
    def lane(self, lane: Lane) -> None:
        if self._lane is not None:  # whose end is another one now
            self.told_events += self._lane.events
            self.told_octets += self._lane.octets
        self._lane = lane
        self.let(self.most_events, self.most_octets)

    def wants(self, kind: str) -> bool:
        """Whether anybody wants to see events of this type that are proved to have one meaning; see `Lane`."""
        return not all(
            hook in self._exempt and self._exempt[hook](kind) for hook in self.hooks.get(kind, self.otherwise)
        )

    def label(self, kind: str) -> str:
        """What events of this type are counted as."""
        return kind if kind in self.by_type else OTHER

    def hook(self, types: Iterable[str], hook: Hook, exempt: Callable[[str], bool] | None = None) -> None:
        """Let `hook` see the events of these types, after those that asked before.

        Args:
            exempt: says for which types it need not see those that are proved to have one meaning.
        """
        if exempt is not None:
            self._exempt[hook] = exempt
        if self._lane is not None:
            self._lane.forget()
        if EVERY in types:
            self.otherwise = (*self.otherwise, hook)
            self.hooks = {kind: (*hooks, hook) for kind, hooks in self.hooks.items()}
            return
        for kind in types:
            self.hooks[kind] = (*self.hooks.get(kind, self.otherwise), hook)

    def unhook(self, types: Iterable[str], hook: Hook) -> None:
        """Let `hook` see the events of these types no more."""
        if self._lane is not None:
            self._lane.forget()
        for kind in types:
            self.hooks[kind] = tuple(other for other in self.hooks.get(kind, self.otherwise) if other != hook)

    def unhook_all(self) -> None:
        """Let nobody see anything more."""
        self.hooks.clear()
        self._exempt.clear()
        self.otherwise = ()

    def waits(self, count: int) -> bool:
        """Note how many bytes wait for the receiver now; returns whether they are too many, here or in the process."""
        self._buffers.waiting += count - self._waiting
        self._waiting = count
        return count > self.most_waiting or (count > 0 and self._buffers.waiting > self._buffers.process_bytes)
