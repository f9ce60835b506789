"""`python -m bench.simulation`: what a fleet needs and what it stands, into docs/scale.md (two minutes)."""

import dataclasses
import itertools
import json
import sys
from pathlib import Path
from typing import Any

from bench.report.marks import between
from bench.report.measures import Measures
from bench.report.results import load_results
from bench.simulation import report
from bench.simulation.autoscaling import morning
from bench.simulation.crowd import PEOPLE, ROOM
from bench.simulation.peers import BACKOFFS
from bench.simulation.plan import Costs
from bench.simulation.rollout import deploy
from bench.simulation.storm import lost_zone

COUNTS = (12, 15)
_ROOT = Path(__file__).parents[2]
_PAGE = _ROOT / "docs" / "scale.md"
_RESULTS = _ROOT / "bench" / "results"
_PICTURE = _ROOT / "docs" / "images" / "scale-storm.svg"


def main() -> None:
    """Simulate, unless only the page is to be written anew (`--render`)."""
    if "--render" not in sys.argv:
        parts = (f'"{name}": [\n' + ",\n".join(map(json.dumps, rows)) + "\n]" for name, rows in simulate().items())
        (_RESULTS / "simulation.json").write_text("{\n" + ",\n".join(parts) + "\n}\n")
    simulated = json.loads((_RESULTS / "simulation.json").read_text())
    _PICTURE.write_text(report.storm_picture(simulated["storms"]))
    _PAGE.write_text(page(_PAGE.read_text(), simulated))


def page(text: str, simulated: dict[str, Any]) -> str:
    """The page with its parts written anew."""
    measures = Measures(load_results(_RESULTS / "latest.json"))
    costs = Costs.of(measures, json.loads((_RESULTS / "replicas.json").read_text()))
    parts = {
        "plan": report.plan_words(costs),
        "storms": report.storm_words(simulated["storms"]),
        "deploys": report.deploy_words(simulated["deploys"]),
        "mornings": report.morning_words(simulated["mornings"]),
    }
    for name, words in parts.items():
        text = between(text, name, words)
    return text


def simulate() -> dict[str, Any]:
    """All bad days with all settings."""
    return {"storms": storms(), "deploys": deploys(), "mornings": mornings()}


def storms() -> list[dict[str, Any]]:
    """A zone is lost, with and without room in the others."""
    return [
        {
            "backoff": name,
            "count": count,
            "full": PEOPLE / ROOM / count,
            **dataclasses.asdict(lost_zone(backoff, count)),
        }
        for count in COUNTS
        for name, backoff in BACKOFFS.items()
    ]


def deploys() -> list[dict[str, Any]]:
    """All replicas are replaced, in groups."""
    return [
        {"at_once": at_once, "patience_s": patience_s, **dataclasses.asdict(deploy(at_once, patience_s))}
        for at_once, patience_s in itertools.product((1, 3, 6), (None, 30.0, 300.0, 1800.0))
    ]


def mornings() -> list[dict[str, Any]]:
    """An autoscaler follows."""
    settings = (
        (0.7, 300.0, 30.0, 10.0),
        (0.7, 0.0, 30.0, 10.0),
        (0.7, 300.0, 30.0, 600.0),
        (0.7, 300.0, 120.0, 10.0),
        (0.5, 300.0, 120.0, 10.0),
        (0.9, 300.0, 30.0, 10.0),
        (0.9, 300.0, 120.0, 10.0),
    )
    return [
        {
            "target": target,
            "steady_s": steady_s,
            "pod_s": pod_s,
            "patience_s": patience_s,
            **dataclasses.asdict(morning(target, steady_s, pod_s=pod_s, patience_s=patience_s)),
        }
        for target, steady_s, pod_s, patience_s in settings
    ]


if __name__ == "__main__":
    main()
