"""The recordings that a replay has, and which of them a peer gets."""

from collections.abc import Iterable
from pathlib import Path

from relay.recording import Recording, RecordingError, read_recording

SUFFIX = ".jsonl"


class RecordingStore:
    """Recordings in the order of their names. Peers that ask for nothing special get one after the other.

    Args:
        recordings: at least one.
    """

    def __init__(self, recordings: Iterable[Recording]) -> None:
        self._recordings = tuple(recordings)
        self._given: dict[str | None, int] = {}

    def __len__(self) -> int:
        return len(self._recordings)

    @property
    def names(self) -> list[str]:
        return [recording.name for recording in self._recordings]

    def named(self, name: str) -> Recording | None:
        """The recording of that name, with or without its suffix."""
        wanted = name.removesuffix(SUFFIX)
        return next((recording for recording in self._recordings if recording.name == wanted), None)

    def next_of(self, profile: str | None) -> Recording:
        """The next recording of a session with this profile; where there is none, of all."""
        suited = [recording for recording in self._recordings if recording.header.profile == profile]
        turn = self._given.get(profile, 0)
        self._given[profile] = turn + 1
        choice = suited or self._recordings
        return choice[turn % len(choice)]


def open_recording_store(path: Path) -> RecordingStore:
    """The recording at this path, or all of a directory.

    Raises:
        RecordingError: there is none, or one that cannot be read.
    """
    if not path.is_dir():
        return RecordingStore([read_recording(path)])
    paths = sorted(path.glob(f"*{SUFFIX}"))
    if not paths:
        raise RecordingError(path, None, f"there is no recording here (*{SUFFIX})")
    return RecordingStore(map(read_recording, paths))
