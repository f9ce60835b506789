"""What the relay has set itself, and whether this run shows it. A missed target is told, not failed."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.contestants import NGINX
from bench.report.measures import Measures, cpu_us, kb_per_session, start_mb
from bench.report.tables import figure, growth_percent, table
from bench.scenarios import IDLE, STEADY

OURS = "relay"


@dataclass(frozen=True, slots=True)
class Target:
    """One figure that must not be exceeded.

    Attributes:
        value: what was found; None where it was not measured.
    """

    words: str
    most: float
    value: float | None
    unit: str
    digits: int = 0

    def row(self) -> list[str]:
        """Its line in the table."""
        limit = f"≤ {figure(self.most, self.digits, self.unit)}"
        if self.value is None:
            return [self.words, limit, figure(None), "not measured"]
        return [self.words, limit, figure(self.value, self.digits, self.unit), self.verdict(self.value)]

    def verdict(self, value: float) -> str:
        """In one word."""
        return "met" if value <= self.most else "**missed**"


def targets(measures: Measures) -> Iterator[Target]:
    """All targets, in the order of the table."""
    steady = STEADY.key
    for other, name, most in ((NGINX, "nginx's", 1.4), ("starlette", "Starlette's", 0.5), ("node", "Node's", 0.85)):
        ratio = measures.against(steady, OURS, other, cpu_us)
        yield Target(f"CPU for a round trip, compared with {name}", most, ratio, " times", 2)
    yield Target("p99 added to the bare connection, above what nginx adds", 1000, _above_nginx_us(measures), " µs")
    yield Target("memory for an idle session", 100, measures.median(IDLE.key, OURS, kb_per_session), " KB")
    yield Target("memory at the start", 60, measures.median(steady, OURS, start_mb), " MB")
    yield Target("growth of CPU for a round trip from 10 to 1,000 sessions", 15, growth_percent(measures, OURS), " %")


def targets_table(measures: Measures) -> str:
    """The targets, in Markdown."""
    return table(["target", "limit", "found", ""], [target.row() for target in targets(measures)])


def _above_nginx_us(measures: Measures) -> float | None:
    ours, theirs = (measures.added_us(STEADY.key, key, "p99") for key in (OURS, NGINX))
    return None if ours is None or theirs is None else ours - theirs
