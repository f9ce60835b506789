"""What a long recording takes while it is inspected."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from relay.core.prices import Prices
from relay.recording import Recording
from relay.recording.inspection import Summary, inspect_recording
from relay.recording.inspection.page import write_page
from relay.recording.inspection.wav import write_wav
from tests.fakes.recordings import Scripted
from tests.recording.inspection.test_wav import append, delta

Write = Callable[[Recording, Summary, Path], object]


def nothing(recording: Recording, summary: Summary, path: Path) -> None:
    """The summary alone."""


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """Two minutes in which both speak; the answer comes all at once, far ahead of its time."""
    script = Scripted()
    for number in range(1200):
        script.up(append(0.1, number), number / 10)
        script.down({**delta(0.1, -number), "response_id": "r1"}, 1.0)
    return script.closed_by_peer(120.0).write(tmp_path / "one.jsonl")


@pytest.mark.parametrize("write", [nothing, write_wav, write_page])
def test_a_long_recording_is_not_held(recording, tmp_path, write: Write) -> None:
    """A recording of 15 MB is read, heard and drawn in a fraction of that memory."""
    tracemalloc.start()
    try:
        write(recording, inspect_recording(recording, Prices({})), tmp_path / "output")
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert recording.path.stat().st_size > 15_000_000
    assert peak_bytes < 1_500_000
