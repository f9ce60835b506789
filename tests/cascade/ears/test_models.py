"""relay.cascade.ears.models"""

import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from relay.cascade.ears.models import KEEP_S, SHORT_S, Model, Models, memory_giver

MIB = 1 << 20


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Deaf:
    """A model that hears nothing."""

    def process(self, data: Any) -> float:
        return 0.0

    def reset(self) -> None:
        pass


def taken(models: Models) -> Model:
    model = models.take()
    assert model is not None
    return model


def resident_bytes() -> int:
    return 4096 * int(Path("/proc/self/statm").read_text().split()[1])


def test_one_that_comes_back_is_lent_again() -> None:
    """A model is made where none is left, and the one that came back last is lent first."""
    models = Models(Deaf)
    first, second = taken(models), taken(models)
    assert first is not second
    models.give_back(first)
    models.give_back(second)
    assert (models.take(), models.take()) == (second, first)


def test_what_nobody_needs_goes_one_at_a_time() -> None:
    """Models that were kept for a minute are let go, the one first that came back first; the last one stays."""
    models = Models(Deaf, clock=(clock := Clock()))
    lent = [taken(models) for _ in range(3)]
    refs = [weakref.ref(each) for each in lent]
    while lent:
        models.give_back(lent.pop(0))
        clock.now += 1
    assert models.wait_s == KEEP_S - 3
    models.let_go()
    clock.now += KEEP_S - 3
    left = []
    for _ in range(4):
        left.append([ref() is not None for ref in refs])
        models.let_go()
        clock.now += 1
    assert left == [[True] * 3, [False, True, True], [False, False, True], [False, False, True]]
    assert models.wait_s is None


def test_one_that_is_needed_stays() -> None:
    """Who speaks is lent the model that came back last, so as many are kept as speak at once, and no more."""
    models = Models(Deaf, clock=(clock := Clock()))
    lent = [taken(models), taken(models)]
    for model in lent:
        models.give_back(model)
    for _ in range(5):
        models.give_back(taken(models))
        clock.now += KEEP_S / 4
        models.let_go()
    assert models.wait_s is None
    assert taken(models) is lent[1]


def test_without_memory_none_is_tried_for_a_while() -> None:
    """After a model could not be made no other is tried for ten seconds, and the log says so once."""
    made: list[Model] = []

    def load() -> Model:
        if made and clock.now < 1005:
            raise RuntimeError("Failed to initialize")
        made.append(Deaf())
        return made[-1]

    models = Models(load, clock=(clock := Clock()))
    models.take()
    with capture_logs() as log:
        assert (models.take(), models.take()) == (None, None)
        clock.now += SHORT_S - 1
        assert models.take() is None
        clock.now += 1
        assert models.take() is not None
    assert [line["event"] for line in log] == ["cascade.ear_missing"]


@pytest.mark.skipif(memory_giver()() is None, reason="not glibc: what is free stays with the process")
def test_their_memory_goes_with_them() -> None:
    """Of the memory of Silero's models that are let go, most is the system's again."""
    models = Models(clock=(clock := Clock()))
    lent, before = [taken(models)], resident_bytes()
    lent += [taken(models) for _ in range(9)]
    for model in lent:
        model.process(np.zeros(512, dtype=np.float32).data)
    grown = resident_bytes() - before
    assert grown > 50 * MIB
    while lent:
        models.give_back(lent.pop())
    clock.now += KEEP_S
    while models.wait_s is not None:
        models.let_go()
    assert resident_bytes() - before < grown / 4
