"""Replicas on bad days: what is counted, what is said of it, and that a fleet shares its limit to one."""

import json
from pathlib import Path

from websockets.asyncio.client import connect

from bench.replicas import __main__ as command
from bench.replicas.fleet import fleet
from bench.replicas.peers import Tally, admitted
from bench.replicas.report import words
from bench.replicas.trial import most_in_a_second, summary, sums

ROOT = Path(__file__).parents[2]


def test_the_most_in_a_second() -> None:
    """A window of one second, wherever it begins."""
    assert most_in_a_second([]) == 0
    assert most_in_a_second([5.0, 0.1, 0.9, 1.05, 1.2]) == 3


def test_a_tally_is_told() -> None:
    """Who was cut off how, and for how long."""
    tally = Tally(opened=3, refused=["InvalidStatus: 503"], cut=[(1.0, "1012"), (2.0, "1012"), (3.0, "lost")])
    tally.away_s = [0.2, 0.6, 1.0]
    told = summary(tally)
    assert told["cut"] == {"1012": 2, "lost": 1}
    assert told["away_s"] == {"median": 0.6, "most": 1.0}
    assert told["refused"] == ["InvalidStatus: 503"]
    assert summary(Tally())["away_s"] is None


async def test_replicas_share_a_limit_to_one_and_stand_in_for_each_other(tmp_path: Path) -> None:
    """Of a hundred handshakes at once, spread over two relays, exactly as many are let in as the limit says.

    A handshake that a replica took and does not answer is answered by the other one. Where the machine is so busy that
    Redis did not answer within half a second, each relay keeps the limit by itself.
    """
    async with fleet(2, tmp_path) as relays:
        let_in = await admitted(f"{relays.url}?profile=limited", 100)
        failures = sum(
            [(await replica.metrics())["relay_quota_store_failures_total", ()] for replica in relays.replicas]
        )
        assert relays.shared_limit <= let_in <= relays.shared_limit * (2 if failures else 1)
        assert (await sums(relays))["down", "session.created"] == let_in
        relays.replicas[0].hang()
        for _ in range(2):  # one of them is sent to the replica that hangs
            async with connect(relays.url, proxy=None, open_timeout=None) as peer:
                assert "session.created" in str(await peer.recv())


def test_the_page_says_what_was_found() -> None:
    """docs/scale.md has the tables of the committed results; no rolling deploy refused anybody."""
    results = json.loads((ROOT / "bench" / "results" / "replicas.json").read_text())
    assert words(results) in (ROOT / "docs" / "scale.md").read_text()
    for count in map(str, command.COUNTS):
        assert results[count]["admitted"] == results[count]["limit"]
        assert results[count]["steady"]["differences"] == {}
        assert results[count]["drained"]["refused"] == results[count]["hung"]["refused"] == []
        assert [roll["refused"] for roll in results[count]["rolled"]] == [[]] * 5
