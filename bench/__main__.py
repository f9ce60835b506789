"""`python -m bench`: measure, and write the page."""

import argparse
import datetime
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.capacity import run_capacity
from bench.contestants import BARE, present
from bench.contestants.site import Contestant
from bench.machine import describe_machine
from bench.processes import StartError
from bench.report.measures import Measures
from bench.report.page import write_page
from bench.report.results import Results, load_results
from bench.report.tables import steady_table, ways_table
from bench.rounds import run_rounds
from bench.scenarios import FULL, QUICK, STEADY, WAYS, Scenario
from bench.stage import LoadError

_ROOT = Path(__file__).parent.parent
_RESULTS = _ROOT / "bench" / "results" / "latest.json"
_QUICK_CONTESTANTS = (BARE, "nginx", "starlette", "relay")


def main() -> None:
    arguments = _parser().parse_args()
    if arguments.render:
        write_page(Measures(load_results(_RESULTS)), _ROOT / "docs")
        return
    _allow_many_sockets()
    try:
        if arguments.quick:
            _run_quick(arguments.only or _QUICK_CONTESTANTS)
        elif arguments.ways:
            print(ways_table(Measures(_measure([WAYS], _present(WAYS.only), arguments.rounds))))
        else:
            _run_full(arguments.rounds)
    except (StartError, LoadError) as failure:
        sys.exit(f"bench: {failure}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="steady audio alone, in under a minute; writes nothing")
    parser.add_argument("--ways", action="store_true", help="what other ways through cost; writes nothing")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="with --quick: these contestants")
    parser.add_argument("--rounds", type=int, default=5, help="with fewer than 5, the page says so")
    parser.add_argument("--render", action="store_true", help="write the page from the last results")
    return parser


def _run_quick(keys: Sequence[str]) -> None:
    results = _measure(QUICK, _present(keys))
    print(steady_table(Measures(results), STEADY))


def _run_full(rounds: int) -> None:
    contestants = _present(None)
    results = _measure(FULL, contestants, rounds, with_capacity=True)
    results.save(_RESULTS)
    write_page(Measures(results), _ROOT / "docs")
    print(steady_table(Measures(results), STEADY))


def _measure(
    scenarios: Sequence[Scenario], contestants: Sequence[Contestant], rounds: int = 5, *, with_capacity: bool = False
) -> Results:
    outcomes = run_rounds(scenarios, contestants, _tell, most=rounds)
    capacity = run_capacity(contestants[0], contestants[1:], _tell) if with_capacity else {}
    titles = {contestant.key: contestant.title for contestant in contestants}
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return Results(today, describe_machine(), titles, outcomes, capacity)


def _present(keys: Sequence[str] | None) -> list[Contestant]:
    able, missing = present(keys)
    for contestant in missing:
        _tell(f"left out: {contestant.title}, because {contestant.program} is not installed")
    return able


def _allow_many_sockets() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
