"""How faults are asked for."""

import math

import pytest

from relay.stand_ins.faults.grammar import KINDS, Fault, WrongFault, read_fault, read_faults


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("latency=200ms", Fault("latency", 0.2)),
        ("jitter=1.5s", Fault("jitter", 1.5)),
        ("bandwidth=64kB", Fault("bandwidth", 64_000)),
        ("bandwidth=1MiB", Fault("bandwidth", 1 << 20)),
        ("stall@3", Fault("stall", math.inf, 3)),
        ("stall=5s@3", Fault("stall", 5.0, 3)),
        ("close=1011@12", Fault("close", 1011, 12)),
        ("close@12", Fault("close", 1011, 12)),
        ("reset@1", Fault("reset", 0, 1)),
        ("duplicate@5%", Fault("duplicate", 0, None, 0.05)),
        ("oversize=32MB@2", Fault("oversize", 32_000_000, 2)),
        ("handshake=3s", Fault("handshake", 3.0)),
        ("status=429@1", Fault("status", 429, 1)),
    ],
)
def test_a_fault_is_read(text, fault) -> None:
    """A name, a value with its unit, and which messages it meets."""
    assert read_fault(text) == fault


@pytest.mark.parametrize("name", KINDS)
def test_the_examples_are_right(name) -> None:
    """Each fault can be written as its example says."""
    assert read_fault(KINDS[name].example).name == name


def test_several_at_a_time() -> None:
    """Faults may be given one by one or separated by commas."""
    assert [fault.name for fault in read_faults(["latency=1s, jitter=1s", "reset@2"])] == ["latency", "jitter", "reset"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lag=1s", ["no fault 'lag'", *(kind.example for kind in KINDS.values())]),
        ("latency", ["latency wants a value, as in latency=200ms"]),
        ("latency=200", ["latency wants a time, such as 200ms"]),
        ("bandwidth=fast", ["a size, such as 64kB"]),
        ("bandwidth=0kB", ["a size, such as 64kB"]),
        ("close=1006@1", ["a close code that may be sent"]),
        ("close=1011", ["which message, as in close=1011@12 or close@5%"]),
        ("status=101", ["an HTTP status from 300 to 599"]),
        ("reset=1@2", ["nothing: it takes no value"]),
        ("reset@0", ["a number from 1 or a percentage"]),
        ("reset@200%", ["a number from 1 or a percentage"]),
        ("reset@soon", ["a number from 1 or a percentage"]),
    ],
)
def test_a_fault_that_cannot_be(text, words) -> None:
    """What cannot be read is told with what it should be; an unknown name with all that there are."""
    with pytest.raises(WrongFault) as failure:
        read_fault(text)
    for each in words:
        assert each in str(failure.value)


@pytest.mark.parametrize("fault", ["expire=20s", "muted"])
def test_what_a_recording_cannot_do(fault) -> None:
    """A fault of the mock alone is refused to a replay."""
    assert read_faults([fault])[0].name in fault
    with pytest.raises(WrongFault, match="is a fault of the mock"):
        read_faults([fault], of_replay=True)
