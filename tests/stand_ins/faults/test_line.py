"""What becomes of messages on a line with faults."""

import json
from random import Random

import pytest

from relay.stand_ins.faults.grammar import read_faults
from relay.stand_ins.faults.line import REORDER_PATIENCE_S, Break, FaultyLine, Step


def line(*faults: str, seed: int = 0) -> FaultyLine:
    return FaultyLine(read_faults(faults), Random(seed))


def sent(one: FaultyLine, now: float) -> list[Step]:
    """All that goes out by now."""
    return list(iter(lambda: one.take(now), None))


def put(one: FaultyLine, *messages: str, now: float = 0.0) -> FaultyLine:
    for message in messages:
        one.put(message, now)
    return one


def test_latency() -> None:
    """Each message comes as much later; two that were together stay together."""
    one = put(line("latency=200ms"), "a", "b")
    one.put("c", 0.1)
    assert sent(one, 0.19) == []
    assert one.next_due == 0.2
    assert sent(one, 0.2) == ["a", "b"]
    assert sent(one, 0.31) == ["c"]
    assert one.next_due is None


def test_jitter_keeps_the_order() -> None:
    """Each message comes somewhat later, and none overtakes another."""
    one = line("jitter=1s")
    for number in range(50):
        one.put(str(number), number * 0.01)
    assert one.next_due is not None
    assert 0 < one.next_due <= 1
    assert sent(one, 1.49) == [str(number) for number in range(50)]


def test_bandwidth() -> None:
    """A message is there when its last byte has come, and the next begins only then."""
    one = put(line("bandwidth=1kB"), "x" * 500, "y" * 250)
    assert sent(one, 0.49) == []
    assert sent(one, 0.5) == ["x" * 500]
    assert sent(one, 0.75) == ["y" * 250]


def test_stall() -> None:
    """From one message on nothing comes for a while, then everything."""
    one = put(line("stall=5s@2"), "a", "b", now=1.0)
    one.put("c", 3.0)
    assert sent(one, 5.9) == ["a"]
    assert sent(one, 6.0) == ["b", "c"]


def test_a_stall_may_last_for_ever() -> None:
    """Without a time nothing comes any more, and the line is not asked again."""
    one = put(line("stall@2"), "a", "b", "c")
    assert sent(one, 1e9) == ["a"]
    assert one.next_due is None
    assert len(one) == 2


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("close=4000@2", ["a", Break(4000)]),
        ("reset@2", ["a", Break(None)]),
        ("duplicate@2", ["a", "bb", "bb", "c"]),
        ("malformed@2", ["a", "b", "c"]),
        ("reorder@2", ["a", "c", "bb"]),
        ("unknown@2", ["a", '{"type":"fault.unknown","event_id":"event_fault_2"}', "bb", "c"]),
    ],
)
def test_what_meets_one_message(fault, expected) -> None:
    """A fault meets the message of its number and no other; nothing comes after a break."""
    assert sent(put(line(fault), "a", "bb", "c"), 0.0) == expected


def test_a_message_waits_for_the_one_that_overtakes_it() -> None:
    """A message that is to be overtaken comes by itself where nothing follows."""
    one = put(line("reorder@1"), "a")
    assert one.next_due == REORDER_PATIENCE_S
    assert sent(one, 0.9) == []
    assert sent(one, 1.0) == ["a"]


def test_an_event_that_is_too_large() -> None:
    """The event before the message is a valid one and has just the size that was asked for."""
    [large, message] = sent(put(line("oversize=10kB@1"), "a"), 0.0)
    assert isinstance(large, str)
    assert len(large) == 10_000
    assert json.loads(large)["type"] == "fault.oversize"
    assert message == "a"


def test_faults_add_up() -> None:
    """Several faults meet a message together."""
    one = put(line("duplicate@1", "latency=1s"), "a")
    assert sent(one, 0.9) == []
    assert sent(one, 1.0) == ["a", "a"]


def test_a_seed_decides() -> None:
    """The same seed gives the same faults, another seed others."""

    def run(seed: int) -> list[Step]:
        return sent(put(line("duplicate@20%", "malformed@10%", seed=seed), *map(str, range(10, 99))), 0.0)

    assert run(1) == run(1)
    assert run(1) != run(2)
