"""The history of one process: what is said is written by a thread, and read before a session opens.

One thread does all that touches the file, in the order in which it was asked: so a conversation that was just ended is
read whole, and nothing that was said before a deletion is written after it. A disk that is slow or full costs rows,
which are counted, and never a call.
"""

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from time import time
from typing import TypeVar

from relay.config.errors import SettingsError
from relay.config.history_options import HistoryOptions
from relay.core.remembered import MESSAGE, Remembered, latest
from relay.history.rows import Key, Row, short_id
from relay.history.service import Service
from relay.history.sqlite import SqliteFile
from relay.history.store import FAILURES, Store

MOST_WAITING = 10_000
"""Rows for a disk that does not keep up; what comes then is lost."""

MOST_READ = 1000
"""Items of which those that are said again are chosen."""

PATIENCE_S = 2.0
"""So long a session waits for what was said before; then it opens without."""

EXPIRES_EVERY_S = 3600.0
EXPIRED_AT_ONCE = 500

READ, WRITE = "read", "write"

Result = TypeVar("Result")
Count = Callable[[str, int, str], None]
"""Is told what failed, `READ` or `WRITE`, how many rows or readings it cost, and the system's words; on any thread."""


class HistoryUnavailable(Exception):  # noqa: N818 - the fact, not the fault
    """The store did not answer, or not in time."""


@dataclass(frozen=True)
class Conversation:
    """One that goes on in a session.

    Attributes:
        items: what is said again.
        position: of the newest item that there was.
    """

    history: "History"
    key: Key
    items: tuple[Remembered, ...] = ()
    position: int = 0

    def settled(self, item: Remembered, number: int) -> None:
        """Keep an item whose words do not change any more; its number counts from the first one that was said again."""
        if item.text or item.kind != MESSAGE:
            self.history.put(self.key, self.position + number - len(self.items), item)


class History:
    """Keeps conversations. Its methods are for the event loop, and do not block it.

    Args:
        on_failed: see `Count`.
        clock: Unix time in seconds.
    """

    def __init__(
        self, file: Store, options: HistoryOptions, on_failed: Count, clock: Callable[[], float] = time
    ) -> None:
        self._file = file
        self._options = options
        self._on_failed = on_failed
        self._clock = clock
        self._waiting: deque[Row] = deque()
        self._thread = ThreadPoolExecutor(1, "history")
        self._expires_at = 0.0
        self._is_closed = False

    @property
    def since(self) -> float:
        """What was said before then is over, whether or not it has been deleted yet."""
        return self._clock() - self._options.keep_days * 86_400

    async def open(self, key: Key) -> Conversation:
        """The conversation, to go on; an empty one where there is none, or the store does not say."""
        self.expire_if_due()
        since = self.since
        try:
            rows = await self.ask(lambda file: file.newest(key, since, MOST_READ))
        except HistoryUnavailable:
            return Conversation(self, key)
        items = latest([row.item for row in rows], self._options.replay_turns, self._options.replay_tokens)
        said = tuple(replace(item, id=short_id(item.id)) for item in items) if self._options.replay_turns else ()
        return Conversation(self, key, said, rows[-1].position if rows else 0)

    def put(self, key: Key, position: int, item: Remembered) -> None:
        """Have an item written, soon."""
        if self._is_closed or len(self._waiting) >= MOST_WAITING:
            self._on_failed(WRITE, 1, "the process ends" if self._is_closed else "the disk does not keep up")
            return
        self._waiting.append(Row(key, position, item, self._clock()))
        if len(self._waiting) == 1:
            self._thread.submit(self._write)

    async def ask(self, job: Callable[[Store], Result]) -> Result:
        """What the file says, after all that was put until now.

        Raises:
            HistoryUnavailable: it says nothing, or not in time.
        """
        if self._is_closed:
            raise HistoryUnavailable
        try:
            asked = asyncio.wrap_future(self._thread.submit(job, self._file))
            return await asyncio.wait_for(asked, PATIENCE_S)
        except (*FAILURES, TimeoutError) as failure:
            self._on_failed(READ, 1, str(failure) or "no answer in time")
            raise HistoryUnavailable from failure

    async def change(self, job: Callable[[Store], Result]) -> Result:
        """The same for what deletes: it is gone from the files' bytes, too, unless another process reads just then.

        Raises:
            HistoryUnavailable: as for `ask`.
        """

        def deleting(file: Store) -> Result:
            result = job(file)
            file.clean()
            return result

        return await self.ask(deleting)

    def expire_if_due(self) -> None:
        """Have what is over deleted, once an hour; to be called more often than that."""
        if self._clock() >= self._expires_at and not self._is_closed:
            self._expires_at = self._clock() + EXPIRES_EVERY_S
            self._thread.submit(self._expire)

    async def run(self) -> None:
        """Expire for as long as the process runs."""
        while True:
            self.expire_if_due()
            await asyncio.sleep(EXPIRES_EVERY_S / 60)

    def close(self) -> None:
        """Write all that was put until now; waits for the disk."""
        if not self._is_closed:
            self._is_closed = True
            self._thread.submit(self._file.close)
            self._thread.shutdown()

    def _write(self) -> None:
        rows = []
        while self._waiting:
            rows.append(self._waiting.popleft())
        try:
            self._file.write(rows)
        except FAILURES as failure:
            self._on_failed(WRITE, len(rows), str(failure))

    def _expire(self) -> None:
        try:
            is_more = self._file.expire(self.since, EXPIRED_AT_ONCE)
            self._file.clean()
        except FAILURES as failure:
            self._on_failed(WRITE, 0, str(failure))
            return
        if is_more:
            with contextlib.suppress(RuntimeError):  # the process ends
                self._thread.submit(self._expire)
        elif not self._file.is_clean:
            self._expires_at = 0.0  # somebody else was reading: tried again when somebody calls


def make_history(options: HistoryOptions | None, on_failed: Count) -> History | None:
    """What the settings say about history; None where they say nothing.

    Raises:
        SettingsError: nothing can be kept there.
    """
    if options is None:
        return None
    if options.url is not None and options.secret is not None:
        return History(Service(options.url, options.secret.get_secret_value()), options, on_failed)
    return History(open_file(options), options, on_failed)


def open_file(options: HistoryOptions) -> SqliteFile:
    """The store's file, which is made where there is none.

    Raises:
        SettingsError: it cannot be used, or is no file.
    """
    if options.url is not None:
        raise SettingsError("history.url: what a service keeps is looked after there")
    try:
        return SqliteFile(options.path)
    except OSError as failure:
        raise SettingsError(f"history.store: cannot open {options.path}: {failure.strerror}") from None
    except sqlite3.Error as failure:
        raise SettingsError(f"history.store: cannot use {options.path}: {failure}") from None
