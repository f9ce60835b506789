"""A fleet that is simulated: the same each time, and the page says what came of it."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bench.simulation import __main__ as command
from bench.simulation.autoscaling import morning
from bench.simulation.clock import Clock
from bench.simulation.crowd import PEOPLE, even
from bench.simulation.fleet import DIAL_S, HANDSHAKES_PER_S, Fleet, Session
from bench.simulation.peers import BACKOFFS, page
from bench.simulation.plan import SOURCE_PORTS, Costs, breaks, plan
from bench.simulation.rollout import REPLICAS, deploy
from bench.simulation.storm import lost_zone

ROOT = Path(__file__).parents[2]
COSTS = Costs(40.0, 80.0, 20.0, 60.0, 50.0, 1.0, 100.0)


def simulated() -> dict[str, list[dict[str, Any]]]:
    """What is committed."""
    found: dict[str, list[dict[str, Any]]] = json.loads((ROOT / "bench" / "results" / "simulation.json").read_text())
    return found


def of(rows: list[dict[str, Any]], **settings: Any) -> dict[str, Any]:
    """The one row with these settings."""
    (found,) = (row for row in rows if settings.items() <= row.items())
    return found


def test_a_clock_runs_what_is_due_in_order() -> None:
    """What is due first runs first, and at one moment what was asked for first; nothing beyond the end."""
    clock, seen = Clock(), []
    for name, delay_s in (("late", 5.0), ("first", 1.0), ("second", 1.0), ("never", 9.0)):
        clock.after(delay_s, partial(lambda said: seen.append((clock.now, said)), name))
    clock.run(6.0)
    assert seen == [(1.0, "first"), (1.0, "second"), (5.0, "late")]
    assert clock.now == 6.0


def test_a_replica_takes_no_more_than_it_has_room_for() -> None:
    """The emptiest is asked, handshakes that wait counted; one that is full, or gone, refuses."""
    clock = Clock()
    fleet = Fleet(clock, 2, 1)
    first = fleet.emptiest()
    assert first is not None
    assert first.answered_at(0.0) == pytest.approx(1 / HANDSHAKES_PER_S)
    assert fleet.emptiest() is not first
    assert fleet.admit(Session(1.0), first)
    assert not fleet.admit(Session(1.0), first)
    assert len(fleet.take_away(first)) == 1
    assert not fleet.admit(Session(1.0), first)
    assert fleet.refused == 2


@pytest.mark.parametrize("name", BACKOFFS)
def test_with_room_a_lost_zone_is_back_at_once(name) -> None:
    """Where the other zones have room all are back within two seconds, and nobody is refused."""
    storm = lost_zone(BACKOFFS[name], 15)
    assert storm == lost_zone(BACKOFFS[name], 15)
    assert storm.back_s < 2
    assert storm.refused == 0
    assert sum(storm.pace) == PEOPLE // 3 + 2


def test_without_room_a_fixed_delay_takes_all_of_a_replica() -> None:
    """It asks for as many handshakes as can be answered; the page asks for less, and gives up on nobody."""
    hammering, backing_off = (
        of(simulated()["storms"], backoff=name, count=12) for name in ("0.5 s, always", "the page's")
    )
    assert hammering["asked_most"] >= HANDSHAKES_PER_S
    assert backing_off["refused"] < hammering["refused"] / 5
    assert backing_off["back_s"] < 60 + 2 * DIAL_S
    assert backing_off["pace"] == lost_zone(page, 12).pace


def test_one_replica_after_the_other_refuses_nobody() -> None:
    """A deploy one at a time refuses nobody and needs an eighth more room."""
    small = deploy(1, None, people=1000)
    assert small.refused == 0
    assert small.took_s == pytest.approx(REPLICAS * 18.0)
    assert deploy(6, None, people=1000).refused > 0
    one, quarter = (of(simulated()["deploys"], at_once=at_once, patience_s=None) for at_once in (1, 3))
    assert one["refused"] == quarter["refused"] == 0
    assert one["fullest"] < 1.125 < quarter["fullest"] < 1.37


def test_patience_spares_calls_when_fewer_replicas_are_needed() -> None:
    """Waiting before fewer replicas, and patience, cut fewer calls off."""
    hasty, patient = morning(0.7, 0.0, people=600), morning(0.7, 300.0, patience_s=600.0, people=600)
    assert patient.cut < hasty.cut
    assert patient.least_hours < hasty.replica_hours < patient.replica_hours
    assert of(simulated()["mornings"], target=0.7, steady_s=300.0, patience_s=600.0)["cut"] < 0.005
    assert {row["refused"] for row in simulated()["mornings"] if row["target"] == 0.7} == {0}
    assert of(simulated()["mornings"], target=0.9, pod_s=120.0)["refused"] > 0


def test_people_are_spread_evenly() -> None:
    """No part has more than one more than another."""
    assert even(10, 4) == [3, 3, 2, 2]


def test_a_plan_follows_from_what_one_core_does() -> None:
    """Twice the sessions take twice the cores; the lowest number that breaks something stands first."""
    small, large = plan(10_000, COSTS), plan(20_000, COSTS)
    assert (small["replicas of one core"], large["replicas of one core"]) == ("40", "80")
    assert small["sessions on a core that is 50% busy"] == "250"
    assert small["bandwidth to the peers, each way"] == "5.2 Gbit/s"
    first = [int(at.replace(",", "")) for at, *_ in breaks(COSTS)]
    assert first == sorted(first)
    assert SOURCE_PORTS in first


def test_the_page_says_what_was_found() -> None:
    """docs/scale.md has the tables that the committed results make."""
    text = (ROOT / "docs" / "scale.md").read_text()
    assert command.page(text, simulated()) == text
