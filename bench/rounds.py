"""All scenarios with all contestants, interleaved: what disturbs the machine for a while disturbs all alike."""

from collections.abc import Callable, Mapping, Sequence

from bench.contestants import present
from bench.contestants.site import Contestant
from bench.outcome import Outcome
from bench.scenarios import Scenario
from bench.stage import staged

Outcomes = Mapping[str, Mapping[str, Sequence[Outcome]]]
"""By scenario, by contestant, one a round."""


def run_rounds(
    scenarios: Sequence[Scenario], contestants: Sequence[Contestant], tell: Callable[[str], None], *, most: int = 5
) -> Outcomes:
    """Run every scenario as many rounds as it wants, `most` at most, each round with each contestant.

    Raises:
        StartError, LoadError: a contestant does not work.
    """
    outcomes: dict[str, dict[str, list[Outcome]]] = {
        scenario.key: {contestant.key: [] for contestant in contestants_of(scenario, contestants)}
        for scenario in scenarios
    }
    for number in range(min(most, max(scenario.rounds for scenario in scenarios))):
        for scenario in scenarios:
            if number >= scenario.rounds:
                continue
            for contestant in rotated(contestants_of(scenario, contestants), number):
                tell(f"round {number + 1}  {scenario.key:<12} {contestant.key}")
                with staged(contestant, scenario.talk, tls=scenario.tls) as stage:
                    outcomes[scenario.key][contestant.key].append(stage.load(scenario.arguments()))
    return outcomes


def contestants_of(scenario: Scenario, contestants: Sequence[Contestant]) -> Sequence[Contestant]:
    """Those that it is for."""
    return present(scenario.only)[0] if scenario.only else contestants


def rotated(contestants: Sequence[Contestant], by: int) -> list[Contestant]:
    """Another one first each round, so that none always follows the same one."""
    by %= len(contestants)
    return [*contestants[by:], *contestants[:by]]
