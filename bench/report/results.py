"""All that one benchmark found, on disk and in memory."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Results:
    """What one benchmark found.

    Attributes:
        date: when, as YYYY-MM-DD.
        machine: where; see `describe_machine`.
        titles: the contestants' names for tables, by their keys, in the order in which they are shown.
        outcomes: by scenario, by contestant, one a round.
        capacity: sessions that each contestant sustains on one core; empty where that was not measured.
    """

    date: str
    machine: Mapping[str, str]
    titles: Mapping[str, str]
    outcomes: Mapping[str, Mapping[str, Sequence[Outcome]]]
    capacity: Mapping[str, int]

    def save(self, path: Path) -> None:
        """Write them as JSON, an outcome a line, so that a difference can be read."""
        known = dataclasses.asdict(self)
        lines = [
            f"  {json.dumps(f'{scenario}/{contestant}/{number + 1}')}: {json.dumps(_rounded(outcome))}"
            for scenario, by_contestant in known.pop("outcomes").items()
            for contestant, rounds in by_contestant.items()
            for number, outcome in enumerate(rounds)
        ]
        head = json.dumps(known, indent=1)[:-2]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'{head},\n "outcomes": {{\n' + ",\n".join(lines) + "\n }\n}\n")


def load_results(path: Path) -> Results:
    """Read what `Results.save` wrote."""
    known = json.loads(path.read_text())
    outcomes: dict[str, dict[str, list[Outcome]]] = {}
    for name, outcome in known.pop("outcomes").items():
        scenario, contestant, _ = name.split("/")
        outcomes.setdefault(scenario, {}).setdefault(contestant, []).append(Outcome.read(outcome))
    return Results(outcomes=outcomes, **known)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return round(value, 3) if isinstance(value, float) else value
