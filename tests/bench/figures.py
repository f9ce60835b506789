"""Made-up outcomes, with round figures."""

from collections.abc import Mapping

from bench.outcome import Outcome
from bench.report.results import Results
from bench.scenarios import CHURN, GROWTH, IDLE
from bench.usage import Usage

TITLES = {"bare": "bare connection", "nginx": "nginx tunnel", "node": "Node `ws` relay", "relay": "Realtime Relay"}


def outcome(cpu_us: float = 0.0, p99_us: float = 100.0, *, kb_per_session: float = 50.0, cycles: int = 0) -> Outcome:
    """100 sessions with 1,000 round trips in a second, of that price and that p99."""
    cpu_ns = int(cpu_us * 1000 * 1000)
    start = 50_000_000
    return Outcome(
        sessions=100,
        window_s=1.0,
        used=Usage(cpu_ns, cpu_ns // 4, cpu_ns * 3 // 4),
        at_start=Usage(rss_bytes=start),
        at_end=Usage(rss_bytes=start + int(kb_per_session * 1000 * 100)),
        events_up=1000,
        events_down=1000,
        round_trip_us={"p50": p99_us / 2, "p99": p99_us, "p99_9": p99_us * 2, "max": p99_us * 3},
        cycles=cycles,
    )


def results(
    cpu_us: Mapping[str, float], added_us: Mapping[str, float] | None = None, capacity: Mapping[str, int] | None = None
) -> Results:
    """The same outcome in two rounds of each scenario.

    Args:
        added_us: at p99, 0 where not given.
    """
    keys = ("bare", *cpu_us)
    outcomes = {
        scenario.key: {
            key: [outcome(cpu_us.get(key, 0.0), 100 + (added_us or {}).get(key, 0), cycles=500)] * 2 for key in keys
        }
        for scenario in (*GROWTH, IDLE, CHURN)
    }
    titles = {key: TITLES[key] for key in keys}
    return Results("2026-11-20", {"processor": "fast, 2 cores"}, titles, outcomes, capacity or {})
