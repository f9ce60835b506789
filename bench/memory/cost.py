"""What it costs, in processor time for a round trip, where sessions outlive their upstream and peers come back.

Somebody speaks two fifths of the time, as far as the upstream hears.
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from statistics import median

from bench.contestants import RELAY, RESUMABLE, SURVIVING, present
from bench.report.measures import cpu_us
from bench.rounds import run_rounds
from bench.scenarios import CHUNK_40_MS, STEADY

TALKING = replace(
    STEADY, key="talking", talk=replace(CHUNK_40_MS, turn_appends=50), window_s=3.0, only=(RELAY, SURVIVING, RESUMABLE)
)


def costs(rounds: int) -> Mapping[str, float]:
    """Microseconds of processor time for a round trip, by contestant; and by ratio, the middle one of all rounds.

    Raises:
        StartError, LoadError: one of them does not work.
    """
    contestants, _ = present([RELAY, SURVIVING, RESUMABLE])
    scenario = replace(TALKING, rounds=rounds)
    outcomes = run_rounds([scenario], contestants, lambda words: print(words, file=sys.stderr), most=rounds)["talking"]
    us = {key: [cpu_us(outcome) for outcome in found] for key, found in outcomes.items()}
    ratios = {
        f"{key} / {RELAY}": median(mine / plain for mine, plain in zip(us[key], us[RELAY], strict=True))
        for key in (SURVIVING, RESUMABLE)
    }
    return {**{key: median(found) for key, found in us.items()}, **ratios}
