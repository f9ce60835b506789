"""Which recording a peer gets."""

from pathlib import Path

import pytest

from relay.recording import RecordingError
from relay.stand_ins.replay.recording_store import open_recording_store
from tests.fakes.recordings import Scripted


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name, profile in [("b", "default"), ("a", "default"), ("c", "minutes")]:
        Scripted(profile=profile).closed_by_peer().write(tmp_path / f"{name}.jsonl")
    (tmp_path / "notes.txt").write_text("not a recording")
    return tmp_path


def test_a_profile_gets_its_recordings_in_turn(directory) -> None:
    """Peers of a profile get its recordings in the order of their names, and from the beginning again."""
    store = open_recording_store(directory)
    assert [store.next_of("default").name for _ in range(3)] == ["a", "b", "a"]
    assert store.next_of("minutes").name == "c"


@pytest.mark.parametrize("profile", [None, "other"])
def test_a_profile_without_recordings_gets_any(directory, profile) -> None:
    """Where no recording is of the peer's profile, it gets all in turn."""
    store = open_recording_store(directory)
    assert [store.next_of(profile).name for _ in range(4)] == ["a", "b", "c", "a"]


def test_a_recording_has_a_name(directory) -> None:
    """A recording is found by its file's name, with or without the suffix; a path is no name."""
    store = open_recording_store(directory)
    assert [store.named(name) is not None for name in ("b", "b.jsonl", "d", "../b")] == [True, True, False, False]


def test_an_empty_store(tmp_path) -> None:
    """A directory without recordings is told as such."""
    with pytest.raises(RecordingError, match=r"there is no recording here \(\*\.jsonl\)"):
        open_recording_store(tmp_path)
