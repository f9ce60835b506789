"""What the relay has set itself, and whether this run shows it. A missed target is told, not failed."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.contestants import BETA, IN_BYTES, NGINX, RECORDING
from bench.report.measures import Measures, cpu_us, kb_per_session, start_mb
from bench.report.tables import figure, growth_percent, table
from bench.scenarios import IDLE, IN_BURSTS, STEADY, STEADY_20_MS, TLS, WAYS, WITH_ID_FIRST

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
    for other, name, most in ((NGINX, "nginx's", 1.15), ("starlette", "Starlette's", 0.45), ("node", "Node's", 0.65)):
        ratio = measures.against(steady, OURS, other, cpu_us)
        yield Target(f"CPU for a round trip, compared with {name}", most, ratio, " times", 2)
    for scenario, most in ((STEADY_20_MS, 1.15), (IN_BURSTS, 1.0), (WITH_ID_FIRST, 1.35), (TLS, 1.4)):
        words = f"{scenario.title}: CPU compared with nginx's"
        yield Target(words, most, measures.against_nginx(scenario.key, OURS), " times", 2)
    yield Target("with locks on, compared with nginx's", 1.2, measures.against_nginx(steady, "locks"), " times", 2)
    for key, words in ((IN_BYTES, "audio in bytes"), (BETA, "peers of the beta"), (RECORDING, "recording")):
        ratio = measures.against(WAYS.key, key, OURS, cpu_us)
        yield Target(f"{words}: CPU compared with JSON that passes as it came", 1.3, ratio, " times", 2)
    yield Target("p99 added to the bare connection, above what nginx adds", 50, _above_nginx_us(measures), " µs")
    yield Target("memory for an idle session", 30, measures.median(IDLE.key, OURS, kb_per_session), " KB")
    yield Target("memory at the start", 45, measures.median(steady, OURS, start_mb), " MB")
    yield Target("growth of CPU from 10 to 1,000 sessions, above nginx's", 5, _growth_above_nginx(measures), " points")


def targets_table(measures: Measures) -> str:
    """The targets, in Markdown."""
    return table(["target", "limit", "found", ""], [target.row() for target in targets(measures)])


def _growth_above_nginx(measures: Measures) -> float | None:
    ours, theirs = growth_percent(measures, OURS), growth_percent(measures, NGINX)
    return None if ours is None or theirs is None else ours - theirs


def _above_nginx_us(measures: Measures) -> float | None:
    ours, theirs = (measures.added_us(STEADY.key, key, "p99") for key in (OURS, NGINX))
    return None if ours is None or theirs is None else ours - theirs
