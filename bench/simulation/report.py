"""The tables and pictures of docs/scale.md that plan and simulation make."""

from typing import Any

from bench.report.svg import Line, lines
from bench.report.tables import table
from bench.simulation.plan import Costs, breaks, plan

SIZES = (10_000, 100_000)


def plan_words(costs: Costs) -> str:
    """What it takes, and what breaks first."""
    plans = [plan(size, costs) for size in SIZES]
    head = ("talking sessions", *(f"{size:,}" for size in SIZES))
    rows = [[name, *(each[name] for each in plans)] for name in plans[0]]
    first = table(("at", "what breaks", "what helps"), breaks(costs))
    return f"{table(head, rows)}\n{first}"


def storm_words(storms: list[dict[str, Any]]) -> str:
    """A lost zone, for each way of coming back."""
    head = (
        "how peers come again",
        "replicas",
        "busy before",
        "all back after",
        "handshakes at one in 1 s, most",
        "refused",
    )
    rows = [
        [
            storm["backoff"],
            str(storm["count"]),
            f"{storm['full']:.0%}",
            f"{storm['back_s']:.1f} s",
            f"{storm['asked_most']:,}",
            f"{storm['refused']:,}",
        ]
        for storm in storms
    ]
    return table(head, rows)


def storm_picture(storms: list[dict[str, Any]]) -> str:
    """Handshakes a second of a fleet without room, for each way of coming back."""
    tight = min(storm["count"] for storm in storms)
    series = [
        Line(
            storm["backoff"].replace("`", ""),
            [(float(second), float(asked)) for second, asked in enumerate(storm["pace"])],
        )
        for storm in storms
        if storm["count"] == tight
    ]
    return lines("Handshakes a second after a zone is lost, without room", "seconds", series, logarithmic=False)


def deploy_words(deploys: list[dict[str, Any]]) -> str:
    """A deploy of twelve replicas, for groups and patience."""
    head = ("at once", "patience", "took", "fullest replica, of the mean", "cut off", "refused")
    rows = [
        [
            str(each["at_once"]),
            "its turn" if each["patience_s"] is None else f"{each['patience_s']:,.0f} s",
            f"{each['took_s'] / 60:,.0f} min",
            f"{each['fullest']:.2f}",
            f"{each['cut']:.0%}",
            f"{each['refused']:,}",
        ]
        for each in deploys
    ]
    return table(head, rows)


def morning_words(mornings: list[dict[str, Any]]) -> str:
    """A morning and an evening, for each setting of an autoscaler."""
    head = (
        "target",
        "wait before fewer",
        "a replica is ready after",
        "patience",
        "handshakes refused, of all who came",
        "cut off",
        "replica hours",
    )
    rows = [
        [
            f"{each['target']:.0%}",
            f"{each['steady_s']:,.0f} s",
            f"{each['pod_s']:,.0f} s",
            f"{each['patience_s']:,.0f} s",
            f"{each['refused']:.0%}",
            f"{each['cut']:.1%}",
            f"{each['replica_hours']:.1f}",
        ]
        for each in mornings
    ]
    least = mornings[0]["least_hours"]
    return f"{table(head, rows)}\nWith replicas that are always full it would be {least:.1f} hours.\n"
