"""relay.cascade.orders"""

from dataclasses import fields
from typing import get_args

import pytest

from relay.cascade.orders import LAST, Failed, Fault, Hear, Order, Result, Stage


@pytest.mark.parametrize("kind", [*get_args(Order), *get_args(Result)])
def test_orders_and_results_bear_a_number(kind) -> None:
    """Each order and each result begins with the order's number, and cannot be changed."""
    assert fields(kind)[0].name == "number"
    assert kind.__dataclass_params__.frozen
    assert "__slots__" in vars(kind)


def test_what_ends_an_order_is_a_result() -> None:
    """An order ends with one of its results."""
    assert set(LAST) < set(get_args(Result))


@pytest.mark.parametrize(
    ("stage", "code"),
    [(Stage.HEAR, "transcription_failed"), (Stage.THINK, "model_failed"), (Stage.SPEAK, "speech_failed")],
)
def test_a_failure_names_its_stage(stage, code) -> None:
    """The code of a failure says which of the three services failed."""
    assert Failed(1, stage, Fault.TIMEOUT, "it hung").code == code


def test_a_turn_is_whole_unless_it_says_so() -> None:
    """A turn is given whole, or in pieces while somebody speaks."""
    assert Hear(1, b"").is_whole
