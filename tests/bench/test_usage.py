"""Reading what processes use."""

import os
import subprocess
import sys

import pytest

from bench.usage import Usage, process_tree, read_usage

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_usage_grows_with_work() -> None:
    """Processor time is counted to less than a millisecond, memory in bytes."""
    before = read_usage(os.getpid())
    sum(range(1_000_000))
    used = read_usage(os.getpid()) - before
    assert used.cpu_ns > 0
    assert before.rss_bytes > 1_000_000


def test_children_are_counted() -> None:
    """A contestant's workers are part of it."""
    with subprocess.Popen(["sh", "-c", "cat; true"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:
        assert shell.stdin is not None
        assert shell.stdout is not None
        shell.stdin.write(b"cat runs\n")
        shell.stdin.flush()
        shell.stdout.readline()
        assert len(process_tree(shell.pid)) == 2
        shell.communicate()


def test_the_kernels_share() -> None:
    """Told by ticks, and nothing of nothing."""
    assert Usage(user_ns=1, system_ns=3).system_share == 0.75
    assert Usage().system_share == 0
