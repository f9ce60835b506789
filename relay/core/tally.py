"""Counters and histograms of events, without the price of a metrics library for each of them.

These are plain sums that the metrics endpoint reads when it is scraped. The labels come from fixed lists, so ten
thousand sessions make as many series as ten.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from relay.core.events import BINARY, MALFORMED
from relay.core.types import CLIENT_EVENTS, SERVER_EVENTS
from relay.core.usage import ZERO, Usage

OTHER = "other"
"""Stands for every event type that is not in the API's list."""

ADDED_BUCKETS_S = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1.0)
FIRST_AUDIO_BUCKETS_S = (0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)

STAGE_BUCKETS_S = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


class Histogram:
    """Counts of observations at or below each bound; the last count is for what is above them all."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


class Count(Protocol):
    """Messages and bytes of one type."""

    events: int
    octets: int


class Counted(Protocol):
    """What somebody else counts of the same direction, see `relay.core.leg.Lane`."""

    @property
    def by_type(self) -> Mapping[str, Count]: ...

    @property
    def counts(self) -> Sequence[int]: ...

    @property
    def sum(self) -> float: ...


class Direction:
    """What went one way: `[events, bytes]` by type, and the time that the relay added to each event.

    A type that is not in `by_type` counts as `OTHER`.
    """

    __slots__ = ("_beside", "added_s", "by_type")

    def __init__(self, types: Iterable[str]) -> None:
        self.by_type: dict[str, list[int]] = {kind: [0, 0] for kind in sorted({*types, BINARY, MALFORMED, OTHER})}
        self.added_s = Histogram(ADDED_BUCKETS_S)
        self._beside: Any = None

    def beside(self, make: Callable[[], Counted]) -> Any:
        """What is counted elsewhere; made when it is first asked for."""
        if self._beside is None:
            self._beside = make()
        return self._beside

    def totals(self) -> dict[str, tuple[int, int]]:
        """Messages and bytes by type, wherever they were counted."""
        sums = {kind: (events, octets) for kind, (events, octets) in self.by_type.items()}
        for kind, count in {} if self._beside is None else self._beside.by_type.items():
            events, octets = sums[kind]
            sums[kind] = events + count.events, octets + count.octets
        return sums

    def added(self) -> Histogram:
        """How long messages stayed, wherever that was measured."""
        if self._beside is None:
            return self.added_s
        whole = Histogram(self.added_s.bounds)
        whole.counts = [here + there for here, there in zip(self.added_s.counts, self._beside.counts, strict=True)]
        whole.sum = self.added_s.sum + self._beside.sum
        return whole


class Costs:
    """What was used and what it cost, by model; models without a price are one.

    Attributes:
        tokens, seconds, characters, usd: by model; tokens by kind besides.
        unbilled: responses whose session ended before the API said what they cost, or whose price is not known.
    """

    __slots__ = ("characters", "seconds", "tokens", "unbilled", "usd")

    def __init__(self) -> None:
        self.tokens: dict[tuple[str, str], int] = {}
        self.seconds: dict[str, Decimal] = {}
        self.characters: dict[str, int] = {}
        self.usd: dict[str, Decimal] = {}
        self.unbilled = 0

    def add(self, model: str | None, usage: Usage, usd: Decimal) -> None:
        """Count what a model did; `model` is a name from the price table, or None."""
        name = model or OTHER
        for kind, count in usage.tokens.items():
            self.tokens[name, kind] = self.tokens.get((name, kind), 0) + count
        if usage.seconds:
            self.seconds[name] = self.seconds.get(name, ZERO) + usage.seconds
        if usage.characters:
            self.characters[name] = self.characters.get(name, 0) + usage.characters
        self.usd[name] = self.usd.get(name, ZERO) + usd


class StageTally:
    """What a cascade's answers took, and what was begun ahead of a turn's end.

    Attributes:
        seconds: by stage; `turn` is the wait until a turn was surely over, `total` that for the first sound.
        ahead: how many answers that were begun ahead were used, and how many voided.
        failures: counts by stage and fault what went wrong with services; asked when it is read.
    """

    __slots__ = ("ahead", "failures", "seconds")

    def __init__(self) -> None:
        names = ("turn", "hear", "think", "speak", "total")
        self.seconds = {name: Histogram(STAGE_BUCKETS_S) for name in names}
        self.ahead = {"used": 0, "voided": 0}
        self.failures: Callable[[], Mapping[tuple[str, str], int]] = dict


class Tally:
    """The sums of one process."""

    __slots__ = ("costs", "down", "first_audio_s", "stages", "up")

    def __init__(self) -> None:
        self.costs = Costs()
        self.up = Direction(CLIENT_EVENTS)
        self.down = Direction(SERVER_EVENTS)
        self.first_audio_s = Histogram(FIRST_AUDIO_BUCKETS_S)
        self.stages = StageTally()
