"""The history of a process: a thread that writes, and what a session is told of it."""

import asyncio
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from relay.config.history_options import HistoryOptions
from relay.core.remembered import Remembered
from relay.history import history as module
from relay.history.history import EXPIRES_EVERY_S, Conversation, History, HistoryUnavailable
from relay.history.rows import Key, Row
from relay.history.sqlite import SqliteFile

DAY_S = 86_400
KEY = Key("ada", "c1")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0 * DAY_S

    def __call__(self) -> float:
        return self.now


class Failing(SqliteFile):
    """A file whose disk is full."""

    def write(self, rows) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    def newest(self, key, since, most) -> list[Row]:
        raise sqlite3.OperationalError("disk I/O error")


class Kept:
    """A history, with what failed in it."""

    def __init__(self, path, file=SqliteFile, **options) -> None:
        self.clock = Clock()
        self.failures: list[tuple[str, int]] = []
        self.path = path / "history.db"
        given = HistoryOptions(store=f"sqlite:{self.path}", **options)
        count = lambda operation, count, _: self.failures.append((operation, count))  # noqa: E731
        self.history = History(file(self.path), given, count, self.clock)


@pytest.fixture
def make(tmp_path) -> Iterator[Callable[..., Kept]]:
    made: list[Kept] = []

    def make(**options) -> Kept:
        made.append(Kept(tmp_path, **options))
        return made[-1]

    yield make
    for kept in made:
        kept.history.close()


def said(number: int, role: str = "user") -> Remembered:
    return Remembered(f"item_{number}", "message", role, f"words {number}")


def go_on(conversation: Conversation, first: int, last: int) -> None:
    """Say so much more in it."""
    for number in range(first, last + 1):
        role = "user" if number % 2 else "assistant"
        conversation.settled(said(number, role), len(conversation.items) + number - first + 1)


async def test_a_conversation_goes_on(make) -> None:
    """What was said a moment ago is there when the next session opens, and is not written again."""
    history = make().history
    first = await history.open(KEY)
    assert first.items == ()
    go_on(first, 1, 4)
    second = await history.open(KEY)
    assert [item.id for item in second.items] == ["item_1", "item_2", "item_3", "item_4"]
    go_on(second, 5, 6)
    third = await history.open(KEY)
    assert [item.id for item in third.items] == [f"item_{number}" for number in range(1, 7)]
    assert (await history.open(Key("ben", "c1"))).items == ()


async def test_so_much_is_said_again(make) -> None:
    """`replay_turns` and `replay_tokens` bound what is said again, and the order goes on nevertheless."""
    history = make(replay_turns=2).history
    go_on(await history.open(KEY), 1, 10)
    conversation = await history.open(KEY)
    assert [item.id for item in conversation.items] == ["item_7", "item_8", "item_9", "item_10"]
    go_on(conversation, 11, 11)
    rows = await history.ask(lambda file: file.page(KEY, 0, 100, after=None, newest_first=False))
    assert [row.item.id for row in rows] == [f"item_{number}" for number in range(1, 12)]


@pytest.mark.parametrize("options", [{"replay_turns": 0}, {"replay_tokens": 0}])
async def test_nothing_is_said_again(make, options) -> None:
    """With 0 it is kept, and not said again."""
    history = make(**options).history
    go_on(await history.open(KEY), 1, 4)
    assert (await history.open(KEY)).items == ()


async def test_long_ids_are_shortened(make) -> None:
    """An id that no client may say is said as it may be."""
    history = make().history
    (await history.open(KEY)).settled(Remembered("item_" + "x" * 60, "message", "user", "Hello"), 1)
    assert len((await history.open(KEY)).items[0].id) == 32


async def test_silence_is_not_kept(make) -> None:
    """A message of which nothing was heard is no item."""
    history = make().history
    (await history.open(KEY)).settled(Remembered("item_1", "message", "assistant", ""), 1)
    assert await history.ask(lambda file: file.summary(KEY, 0)) is None


async def test_what_is_over(make) -> None:
    """After `keep_days` nothing is said again, shown or left in the file."""
    kept = make(keep_days=7)
    history, clock = kept.history, kept.clock
    go_on(await history.open(KEY), 1, 2)
    clock.now += 5 * DAY_S
    go_on(await history.open(KEY), 3, 4)
    clock.now += 3 * DAY_S
    assert [item.id for item in (await history.open(KEY)).items] == ["item_3", "item_4"]
    await history.ask(lambda file: None)
    files = list(kept.path.parent.iterdir())
    assert not any(b"words 1" in path.read_bytes() for path in files)
    assert any(b"words 3" in path.read_bytes() for path in files)
    clock.now += 5 * DAY_S
    assert await history.ask(lambda file: file.summary(KEY, history.since)) is None
    history.expire_if_due()
    await history.ask(lambda file: None)
    assert not any(b"words" in path.read_bytes() for path in kept.path.parent.iterdir())


async def test_expiry_comes_in_pieces(make) -> None:
    """More than one piece goes at once, each behind who asks meanwhile; and no sooner than in an hour again."""
    kept = make(keep_days=1)
    history = kept.history
    conversation = await history.open(KEY)
    go_on(conversation, 1, 1200)
    kept.clock.now += 2 * DAY_S
    history.expire_if_due()
    for _ in range(4):
        await history.ask(lambda file: None)
    assert await history.ask(lambda file: file.summaries(0)) == []
    go_on(conversation, 1201, 1201)
    kept.clock.now += EXPIRES_EVERY_S / 2
    history.expire_if_due()
    assert len(await history.ask(lambda file: file.summaries(0))) == 1


async def test_a_disk_that_is_full(make) -> None:
    """It costs rows and readings, which are counted; the session opens without what was said."""
    kept = make(file=Failing)
    conversation = await kept.history.open(KEY)
    assert conversation.items == ()
    conversation.settled(said(1), 1)
    with pytest.raises(HistoryUnavailable):
        await kept.history.ask(lambda file: file.newest(KEY, 0, 1))
    assert kept.failures == [("read", 1), ("write", 1), ("read", 1)]


async def test_a_disk_that_does_not_keep_up(make, monkeypatch) -> None:
    """What waits for the disk is bounded, no session waits for it, and what was put is written when it goes on."""
    kept = make()
    history = kept.history
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    goes_on = threading.Event()
    stuck = asyncio.ensure_future(history.ask(lambda file: goes_on.wait(60)))
    await asyncio.sleep(0)
    go_on(Conversation(history, KEY), 1, 5)
    with pytest.raises(HistoryUnavailable):
        await stuck
    assert (await history.open(KEY)).items == ()
    assert kept.failures == [("write", 1), ("write", 1), ("read", 1), ("read", 1)]
    goes_on.set()
    monkeypatch.undo()
    assert len((await history.open(KEY)).items) == 3


async def test_after_the_end(make) -> None:
    """A session that ends after the process closed its store fails nobody."""
    kept = make()
    conversation = await kept.history.open(KEY)
    kept.history.close()
    conversation.settled(said(1), 1)
    kept.history.expire_if_due()
    assert (await kept.history.open(KEY)).items == ()
    assert kept.failures == [("write", 1)]


KILLED = """
import asyncio, sys
from relay.config.history_options import HistoryOptions
from relay.core.remembered import Remembered
from relay.history.history import make_history
from relay.history.rows import Key

async def main():
    history = make_history(HistoryOptions(store="sqlite:" + sys.argv[1]), print)
    conversation = await history.open(Key("ada", "c1"))
    for number in range(1, 51):
        conversation.settled(Remembered(f"item_{number}", "message", "user", "words"), number)
    await history.ask(lambda file: None)  # as much later as one more job takes
    print("written", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_process_that_is_killed(tmp_path) -> None:
    """kill -9 loses nothing that the thread had come to: far less than half a second."""
    path = tmp_path / "history.db"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"written\n"
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    file = SqliteFile(path)
    assert len(file.newest(KEY, 0, 100)) == 50
    file.close()
