"""Recordings that are old enough to be deleted: `record_keep_days`."""

import asyncio
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from relay.recording.recordings import OnFailed

EXPIRES_EVERY_S = 3600.0

_NAME = re.compile(r"(\d{8}T\d{6})\.\d{3}Z-(\w+)\.jsonl", re.ASCII)


def expired(names: Iterable[str], before: datetime) -> Iterator[tuple[str, str]]:
    """Those of the files that are recordings of the relay's begun before that time, each with its session's id.

    What has another name is somebody else's, and stays.
    """
    for name in names:
        match = _NAME.fullmatch(name)
        if match is None:
            continue
        try:
            begun = datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            continue
        if begun < before:
            yield name, match[2]


def delete_expired(directory: Path, keep_days: float, now: datetime, on_failed: OnFailed) -> None:
    """Delete them; waits for the disk. Several processes may do so at once."""
    try:
        names = [path.name for path in directory.iterdir()]
    except OSError:
        return
    for name, session_id in expired(names, now - timedelta(days=keep_days)):
        try:
            (directory / name).unlink(missing_ok=True)
        except OSError as failure:
            on_failed(session_id, "undeletable", failure.strerror or str(failure))


async def keep_deleting(directory: Path, keep_days: float, on_failed: OnFailed) -> None:
    """Do it now and once an hour, until cancelled."""
    while True:
        await asyncio.to_thread(delete_expired, directory, keep_days, datetime.now(UTC), on_failed)
        await asyncio.sleep(EXPIRES_EVERY_S)
