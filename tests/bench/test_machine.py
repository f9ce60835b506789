"""The machine's description."""

import platform

from bench.machine import describe_machine


def test_a_machine_is_described_but_not_named() -> None:
    """The processor and the versions matter; the host's name is nobody's business."""
    machine = describe_machine()
    assert {"processor", "memory", "kernel", "Python", "picows"} <= machine.keys()
    assert all(text != "unknown" for text in machine.values())
    assert platform.node() not in machine.values()
