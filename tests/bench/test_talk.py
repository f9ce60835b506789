"""What is said."""

import argparse
from itertools import islice

import pytest

from bench.scenarios import FULL
from bench.talk import Talk, add_arguments, talk_from


def test_each_append_is_answered_by_default() -> None:
    """One up, one down."""
    assert list(islice(Talk(2600, (2600,)).answers(0), 3)) == [(0, 0, 2600), (1, 0, 2600), (2, 0, 2600)]


def test_a_burst_answers_the_last_of_several_appends() -> None:
    """Every third append brings all deltas at once, wherever the count started."""
    talk = Talk(2600, (4096, 8192), answer_every=3)
    assert list(islice(talk.answers(1), 4)) == [(2, 0, 4096), (2, 1, 8192), (5, 0, 4096), (5, 1, 8192)]
    assert talk.deltas_per_append == pytest.approx(2 / 3)


@pytest.mark.parametrize("scenario", FULL, ids=lambda scenario: scenario.key)
def test_a_talk_survives_the_command_line(scenario) -> None:
    """What a scenario says arrives in the processes that say it."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert talk_from(parser.parse_args(scenario.talk.arguments())) == scenario.talk
