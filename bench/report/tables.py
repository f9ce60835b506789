"""The page's tables, in Markdown. What was not measured is a dash."""

from collections.abc import Sequence

from bench.contestants import BARE, CONTESTANTS, RELAY
from bench.latency import SHARES
from bench.report.measures import (
    Measures,
    cpu_ms_per_cycle,
    cpu_us,
    cycles_per_s,
    kb_per_session,
    start_mb,
    system_share,
)
from bench.scenarios import CHURN, GROWTH, IDLE, STEADY, TEN, THOUSAND, WAYS, Scenario

DASH = "-"
TITLES = {contestant.key: contestant.title for contestant in CONTESTANTS}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table: the first column to the left, figures to the right."""
    rule = ["---"] + ["--:"] * (len(head) - 1)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows)) + "\n"


def figure(value: float | None, digits: int = 0, unit: str = "", sign: str = "-") -> str:
    """A figure with thousands apart, or a dash.

    Args:
        sign: `+` shows the sign of what is positive, too.
    """
    return DASH if value is None else f"{value:{sign},.{digits}f}{unit}"


def steady_table(measures: Measures, scenario: Scenario) -> str:
    """Processor time and latency for a steady load; the bare connection's times, and what others add to them."""
    rows = [_steady_row(measures, scenario, key) for key in measures.results.titles]
    return table(
        ["", "CPU µs", "user + system", "nginx = 1", "of rounds", "user: nginx = 1", "p50 µs", "p99 µs", "p99.9 µs"],
        rows,
    )


def _steady_row(measures: Measures, scenario: Scenario, key: str) -> list[str]:
    title = measures.results.titles[key]
    if key == BARE:
        return [title, *[DASH] * 5, *(figure(_round_trip(measures, scenario, key, name)) for name in SHARES)]
    if any(outcome.overloaded for outcome in measures.rounds(scenario.key, key)):
        title += " (overloaded)"
    cpu = measures.median(scenario.key, key, cpu_us)
    added = (measures.added_us(scenario.key, key, name) for name in SHARES)
    ratio = figure(measures.against_nginx(scenario.key, key), 2)
    user = figure(measures.user_against_nginx(scenario.key, key), 1)
    spread = measures.spread(scenario.key, key, cpu_us)
    rounds = DASH if spread is None else " to ".join(figure(each, 2) for each in spread)
    split = _split(measures, scenario, key, cpu)
    return [title, figure(cpu, 1), split, ratio, rounds, user, *(figure(us, sign="+") for us in added)]


def ways_table(measures: Measures) -> str:
    """Processor time of the relay's other ways through, compared with its own for JSON that is forwarded as it came."""
    rows = []
    for key in WAYS.only:
        ratio = measures.against(WAYS.key, key, RELAY, cpu_us)
        cpu = measures.median(WAYS.key, key, cpu_us)
        rows.append([TITLES[key], figure(cpu, 1), _split(measures, WAYS, key, cpu), figure(ratio, 2)])
    return table(["", "CPU µs", "user + system", "JSON = 1"], rows)


def memory_table(measures: Measures) -> str:
    """Resident memory at the start and for each session."""
    rows = [
        [
            title,
            figure(measures.median(STEADY.key, key, start_mb), 1),
            figure(measures.median(IDLE.key, key, kb_per_session), 1),
            figure(measures.median(THOUSAND.key, key, kb_per_session), 1),
        ]
        for key, title in _relays(measures)
    ]
    return table(["", "at start, MB", "idle session, KB", "talking session, KB"], rows)


def growth_table(measures: Measures) -> str:
    """Processor time for a round trip with ever more sessions."""
    rows = [
        [
            title,
            *(figure(measures.median(scenario.key, key, cpu_us), 1) for scenario in GROWTH),
            figure(growth_percent(measures, key), 0, " %"),
        ]
        for key, title in _relays(measures)
    ]
    return table(["CPU µs for a round trip", *(f"{each.sessions:,} sessions" for each in GROWTH), "10 to 1,000"], rows)


def growth_percent(measures: Measures, key: str) -> float | None:
    """By how much a round trip's processor time grows from 10 to 1,000 sessions."""
    few, many = (measures.median(scenario.key, key, cpu_us) for scenario in (TEN, THOUSAND))
    return None if few is None or many is None else (many / few - 1) * 100


def churn_table(measures: Measures) -> str:
    """Sessions that come and go."""
    rows = [
        [
            title,
            figure(measures.median(CHURN.key, key, cycles_per_s)),
            figure(measures.median(CHURN.key, key, cpu_ms_per_cycle) if key != BARE else None, 2),
            *(figure(_round_trip(measures, CHURN, key, name), 0) for name in ("p50", "p99")),
        ]
        for key, title in measures.results.titles.items()
    ]
    return table(["", "sessions a second", "CPU ms a session", "open p50 µs", "open p99 µs"], rows)


def capacity_table(measures: Measures) -> str:
    """Sessions that one core carries."""
    capacity = measures.results.capacity
    most = capacity.get(BARE)
    rows = [
        [title, f"{capacity[key]:,} or more" if capacity[key] == most else f"{capacity[key]:,}"]
        for key, title in _relays(measures)
        if key in capacity
    ]
    return table(["", "sessions on one core"], rows)


def machine_table(measures: Measures) -> str:
    """Where it was measured, and how often."""
    rounds = max(len(each) for by in measures.results.outcomes.values() for each in by.values())
    rows = [["rounds", str(rounds)], *measures.results.machine.items()]
    return table(["", measures.results.date], [list(row) for row in rows])


def _relays(measures: Measures) -> list[tuple[str, str]]:
    return [(key, title) for key, title in measures.results.titles.items() if key != BARE]


def _split(measures: Measures, scenario: Scenario, key: str, cpu: float | None) -> str:
    if cpu is None:
        return DASH
    system = cpu * system_share(measures.rounds(scenario.key, key))
    return f"{cpu - system:.0f} + {system:.0f}"


def _round_trip(measures: Measures, scenario: Scenario, key: str, name: str) -> float | None:
    return measures.median(scenario.key, key, lambda outcome: outcome.round_trip_us[name])
