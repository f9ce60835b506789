from decimal import Decimal

import pytest

from relay.core.usage import MOST_PLAUSIBLE, read_number, read_usage


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5), (5.5, "5.5"), ("5", 5), (" 5.5 ", "5.5"), (0, 0), ("1e3", 1000), (MOST_PLAUSIBLE, MOST_PLAUSIBLE),
        (MOST_PLAUSIBLE + 1, None), (-1, None), (True, None), (None, None), ([], None), ("", None), ("five", None),
        (float("nan"), None), (float("inf"), None), ("NaN", None), ("9" * 5000, None), (1e300, None),
        pytest.param(2**30_000, None, id="10,000 digits"),
    ],
)  # fmt: skip
def test_a_number_is_what_could_be_one(value, number) -> None:
    """A count or a time may be a string or have a point; below zero, without end, or beyond all use it is none."""
    assert read_number(value) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    ("usage", "is_given", "is_clear"),
    [
        (None, False, True),
        ({}, False, True),
        ([], False, True),
        ({"input_token_details": None}, False, True),
        ({"total_tokens": 0}, True, True),
        ({"total_tokens": None, "output_tokens": "7"}, True, True),
        ({"calls": 1}, True, False),
        ("free", True, False),
        ({"output_tokens": -7}, True, False),
        ({"output_tokens": 7, "input_token_details": {"cached_tokens_details": {"text_tokens": "all"}}}, True, False),
    ],
    ids=str,
)
def test_what_is_said_and_what_is_understood(usage, is_given, is_clear) -> None:
    """A usage that says nothing is not given, and one with something that is no count is not clear."""
    read = read_usage(usage)
    assert (read.is_given, read.is_clear) == (is_given, is_clear)


def test_seconds_that_are_billed_stand_by_themselves() -> None:
    """What xAI has billed in all is told from what the answer lasted."""
    read = read_usage({"output_audio_seconds": 5.134, "billable_audio_seconds": 3})
    assert (read.seconds, read.billed_s) == (Decimal("5.134"), Decimal(3))
