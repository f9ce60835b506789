"""Recordings that have served are deleted, by a clock."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from relay.recording.expiry import delete_expired, expired
from tests.fakes.running import running
from tests.fakes.upstream import scripted_upstream

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
OLD, YOUNG = "20261119T115959.999Z-aaaa.jsonl", "20261119T120000.000Z-bbbb.jsonl"
OTHERS = ("notes.txt", "20200101T000000.000Z-cccc.jsonl.gz", "20209901T000000.000Z-dddd.jsonl", "plain-turn.jsonl")


def test_what_is_old_enough() -> None:
    """A recording goes by when its session began; what the relay did not write stays, however old."""
    assert list(expired([OLD, YOUNG, *OTHERS], NOON - timedelta(days=7))) == [(OLD, "aaaa")]


def test_files_are_deleted(tmp_path: Path) -> None:
    """A week is a week, and a directory that is not there yet has nothing to delete."""
    failures: list[tuple[str, str, str]] = []

    def failed(*what: str) -> None:
        failures.append(what)  # type: ignore[arg-type]

    delete_expired(tmp_path / "not-yet", 7, NOON, failed)
    for name in (OLD, YOUNG, *OTHERS):
        (tmp_path / name).write_text("{}")
    delete_expired(tmp_path, 7, NOON, failed)
    assert {path.name for path in tmp_path.iterdir()} == {YOUNG, *OTHERS}
    delete_expired(tmp_path, 6.9, NOON, failed)
    assert {path.name for path in tmp_path.iterdir()} == {*OTHERS}
    assert failures == []


def test_what_cannot_be_deleted_is_told(tmp_path: Path) -> None:
    """Whoever promised that it is gone has to know that it is not."""
    (tmp_path / OLD).mkdir()
    failures = []
    delete_expired(tmp_path, 7, NOON, lambda *what: failures.append(what[:2]))
    assert failures == [("aaaa", "undeletable")]


@pytest.mark.parametrize("keep_days", [None, 7])
async def test_a_relay_that_keeps_for_a_while(tmp_path: Path, keep_days: float | None) -> None:
    """A relay deletes at its start what has expired; without the setting it never deletes anything."""
    old = tmp_path / OLD.replace("2026", "2020")
    old.write_text("{}")
    async with scripted_upstream() as upstream, running(upstream.url, record_dir=tmp_path, record_keep_days=keep_days):
        while keep_days is not None and old.exists():  # noqa: ASYNC110 - a thread deletes it
            await asyncio.sleep(0)
    assert old.exists() is (keep_days is None)
