"""What the outcomes say: medians over the rounds, and ratios within a round."""

from collections.abc import Callable, Sequence
from statistics import median

from bench.contestants import BARE, NGINX
from bench.outcome import Outcome
from bench.report.results import Results
from bench.usage import Usage

Rounds = Sequence[Outcome]


def cpu_us(outcome: Outcome) -> float:
    """Processor time for a round trip: one event up and one down, or any two events."""
    return outcome.used.cpu_ns / 1000 / ((outcome.events_up + outcome.events_down) / 2)


def user_us(outcome: Outcome) -> float:
    """The part of it that is not the kernel's: how dear a system call is differs from machine to machine."""
    return cpu_us(outcome) * (1 - outcome.used.system_share)


def cpu_ms_per_cycle(outcome: Outcome) -> float:
    """Processor time for a session that comes and goes."""
    return outcome.used.cpu_ns / 1e6 / outcome.cycles


def cycles_per_s(outcome: Outcome) -> float:
    """Sessions that came and went in a second."""
    return outcome.cycles / outcome.window_s


def start_mb(outcome: Outcome) -> float:
    """Resident memory before the first session, in MB."""
    return outcome.at_start.rss_bytes / 1e6


def kb_per_session(outcome: Outcome) -> float:
    """What the resident memory grew by for each session, in KB."""
    return (outcome.at_end.rss_bytes - outcome.at_start.rss_bytes) / 1000 / outcome.sessions


def system_share(rounds: Rounds) -> float:
    """How much of the processor time went to the kernel, over all rounds: one alone has too few ticks to tell."""
    return sum((outcome.used for outcome in rounds), Usage()).system_share


class Measures:
    """Answers the questions that the tables ask of the results. All are None where it was not measured."""

    def __init__(self, results: Results) -> None:
        self.results = results

    def rounds(self, scenario: str, contestant: str) -> Rounds:
        """What the rounds brought."""
        return self.results.outcomes.get(scenario, {}).get(contestant, ())

    def median(self, scenario: str, contestant: str, measure: Callable[[Outcome], float]) -> float | None:
        """The middle one of the rounds."""
        rounds = self.rounds(scenario, contestant)
        return median(map(measure, rounds)) if rounds else None

    def against(self, scenario: str, contestant: str, other: str, measure: Callable[[Outcome], float]) -> float | None:
        """The middle one of the rounds' ratios to another contestant's figure in the same round."""
        pairs = list(zip(self.rounds(scenario, contestant), self.rounds(scenario, other), strict=False))
        return median(measure(mine) / measure(theirs) for mine, theirs in pairs) if pairs else None

    def spread(self, scenario: str, contestant: str, measure: Callable[[Outcome], float]) -> tuple[float, float] | None:
        """The least and the greatest of the rounds' ratios to nginx."""
        pairs = list(zip(self.rounds(scenario, contestant), self.rounds(scenario, NGINX), strict=False))
        ratios = [measure(mine) / measure(theirs) for mine, theirs in pairs]
        return (min(ratios), max(ratios)) if ratios else None

    def user_against_nginx(self, scenario: str, contestant: str) -> float | None:
        """User time for a round trip as a multiple of nginx's, over all rounds: one alone has too few ticks to tell."""
        mine, theirs = (self.rounds(scenario, key) for key in (contestant, NGINX))
        spent = sum(map(user_us, theirs))
        return sum(map(user_us, mine)) / spent if mine and spent else None

    def against_nginx(self, scenario: str, contestant: str) -> float | None:
        """Processor time for a round trip, as a multiple of nginx's."""
        return self.against(scenario, contestant, NGINX, cpu_us)

    def added_us(self, scenario: str, contestant: str, name: str) -> float | None:
        """A percentile of the round trip, less the bare connection's in the same round."""
        pairs = list(zip(self.rounds(scenario, contestant), self.rounds(scenario, BARE), strict=False))
        if not pairs:
            return None
        return median(mine.round_trip_us[name] - bare.round_trip_us[name] for mine, bare in pairs)
