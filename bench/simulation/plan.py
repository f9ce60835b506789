"""What so many talking sessions take, from what was measured of one core."""

from dataclasses import dataclass
from math import ceil
from typing import Any

from bench.contestants import RELAY
from bench.report.measures import Measures, cpu_ms_per_cycle, cpu_us, kb_per_session, start_mb
from bench.scenarios import CHURN, IDLE, STEADY, THOUSAND, TLS

EVENTS_PER_S = 25
"""Each way: 40 ms of sound in each."""
EVENT_BYTES = 2_600
FULL = 0.5
"""How much of a core sessions may take, so that p99 stays low and a neighbour's end finds room."""
ZONES = 3
STAY_S = 300
SOURCE_PORTS = 28_232
"""`net.ipv4.ip_local_port_range` as Linux has it: 32768 to 60999, for each pair of addresses."""
NAT_PORTS = 64_512
REPLICA_SESSIONS = 1_000
"""`max_sessions`, unless set."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What was measured.

    Attributes:
        relay_us: of a relay's core for an event up and one down.
        tls_us: the same with TLS to the upstream.
        balancer_us: of HAProxy's core.
        session_kb: resident memory of a session that talks.
        start_mb: resident memory of a replica without sessions.
        handshake_ms: of a relay's core for a session that comes and goes.
        redis_us: of Redis's core for a session.
    """

    relay_us: float
    tls_us: float
    balancer_us: float
    session_kb: float
    start_mb: float
    handshake_ms: float
    redis_us: float

    @classmethod
    def of(cls, measures: Measures, replicas: dict[str, Any]) -> "Costs":
        """From the results of `make bench` and `make bench-replicas`."""
        steady = replicas["4"]["steady"]
        return cls(
            _found(measures.median(STEADY.key, RELAY, cpu_us)),
            _found(measures.median(TLS.key, RELAY, cpu_us)),
            _found(measures.median(STEADY.key, "haproxy", cpu_us)),
            _found(measures.median(THOUSAND.key, RELAY, kb_per_session)),
            _found(measures.median(IDLE.key, RELAY, start_mb)),
            _found(measures.median(CHURN.key, RELAY, cpu_ms_per_cycle)),
            steady["redis_us_a_session"],
        )

    def on_a_core(self, us: float) -> int:
        """How many sessions one core carries if it does nothing else."""
        return int(1e6 / (us * EVENTS_PER_S) / 10) * 10


def plan(sessions: int, costs: Costs) -> dict[str, str]:
    """Each resource, and how much of it so many talking sessions take."""
    carried = int(costs.on_a_core(costs.tls_us) * FULL)
    replicas = ceil(sessions / carried)
    in_zones = ceil(replicas * ZONES / (ZONES - 1) / ZONES) * ZONES
    mbit = sessions * EVENTS_PER_S * EVENT_BYTES * 8 / 1e9
    arrivals = sessions / STAY_S
    return {
        f"sessions on a core that is {FULL:.0%} busy": f"{carried:,}",
        "replicas of one core": f"{replicas:,}",
        f"so that one of {ZONES} zones may be lost": f"{in_zones:,}",
        "memory of all": f"{(sessions * costs.session_kb / 1e6) + replicas * costs.start_mb / 1e3:,.1f} GB",
        "bandwidth to the peers, each way": f"{mbit:,.1f} Gbit/s",
        "and as much to the upstream; of one replica": f"{mbit / replicas * 1000:,.0f} Mbit/s each way, twice",
        "descriptors of one replica": f"{2 * carried + 64:,}",
        "source ports to the upstream": f"{sessions:,}, of {SOURCE_PORTS:,} an address",
        f"addresses of a NAT, with {NAT_PORTS:,} each": f"{ceil(sessions / NAT_PORTS):,}",
        "new sessions in a second": f"{arrivals:,.0f}, {arrivals * costs.handshake_ms / 10:.1f} % of a core in all",
        "all of them again at once": f"{carried * costs.handshake_ms / 1000:.1f} s of each core",
        "HAProxy without TLS": f"{sessions / costs.on_a_core(costs.balancer_us):,.1f} cores",
        "Redis": f"{arrivals * costs.redis_us / 10_000:.2f} % of a core",
    }


def breaks(costs: Costs) -> list[tuple[str, str, str]]:
    """What breaks first, at how many sessions, and what helps; the lowest number first."""
    found = [
        (int((1024 - 64) / 2), "1,024 open files, as usual", "the relay raises it to the hard limit, or says so"),
        (costs.on_a_core(costs.tls_us), "a core of the relay with TLS upstream, at 100 %", "`workers`, or replicas"),
        (REPLICA_SESSIONS, "`max_sessions` of a replica", "raise it with the cores"),
        (costs.on_a_core(costs.balancer_us), "a core of HAProxy", "`nbthread`, or a balancer that passes TCP on"),
        (SOURCE_PORTS, "source ports of one address to one upstream address", "more addresses; a wider port range"),
        (NAT_PORTS, "ports of a NAT's address to one upstream address", "more addresses for the NAT"),
        (int(1e6 / costs.redis_us * STAY_S), "a core of Redis", "a store for each region"),
    ]  # fmt: skip
    return [(f"{at:,}", what, helps) for at, what, helps in sorted(found)]


def _found(value: float | None) -> float:
    if value is None:
        raise ValueError("not measured: run `make bench` first")
    return value
