"""Conversations in one SQLite file. Everything here waits for the disk; `relay.history.history` has a thread for it.

What is deleted is overwritten (`secure_delete`), and the write-ahead log, which still has it, is emptied afterwards:
what was said is then in no byte of the files.
"""

import os
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from relay.core.remembered import Remembered
from relay.history.rows import Key, Row, Summary, storable

VERSION = 1
BUSY_S = 5.0
"""So long another process may hold the file."""

_SCHEMA = """
CREATE TABLE conversations (
    key INTEGER PRIMARY KEY, subject TEXT NOT NULL, id TEXT NOT NULL, created_at REAL NOT NULL, UNIQUE (subject, id)
);
CREATE TABLE items (
    key INTEGER PRIMARY KEY, conversation INTEGER NOT NULL REFERENCES conversations (key) ON DELETE CASCADE,
    position INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, role TEXT NOT NULL, text TEXT NOT NULL,
    call_id TEXT NOT NULL, name TEXT NOT NULL, said_at REAL NOT NULL, UNIQUE (conversation, id)
);
CREATE INDEX items_in_order ON items (conversation, position, key);
CREATE INDEX items_by_age ON items (said_at);
"""
_ITEM = "i.position, i.id, i.kind, i.role, i.text, i.call_id, i.name, i.said_at"
_OF = "FROM items i JOIN conversations c ON c.key = i.conversation WHERE c.subject = ? AND c.id = ? AND i.said_at >= ?"
_SUMMARY = "SELECT c.subject, c.id, c.created_at, max(i.said_at), count(*)"

_BEGINS = (
    "(SELECT substr(b.text, 1, 80) FROM items b WHERE b.conversation = c.key AND b.role = 'user' AND b.said_at >= ? "
    "ORDER BY b.position, b.key LIMIT 1)"
)


class NotOurs(sqlite3.DatabaseError):
    """A file of another program, or of a later version."""


class SqliteFile:
    """The file, for one thread at a time. Every method may raise `sqlite3.Error`.

    A file that is made is its owner's alone (0600).
    """

    def __init__(self, path: Path) -> None:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        self._db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "secure_delete = ON"):
            self._db.execute(f"PRAGMA {pragma}")
        self._make()
        self.is_clean = True

    def close(self) -> None:
        self._db.close()

    def write(self, rows: Iterable[Row]) -> None:
        """Write all of these, or none."""
        with self._transaction():
            for row in rows:
                self._write(row)

    def newest(self, key: Key, since: float, most: int) -> list[Row]:
        """The newest items that were said since then, in order."""
        rows = self._db.execute(
            f"SELECT {_ITEM} {_OF} ORDER BY i.position DESC, i.key DESC LIMIT ?",
            (*key, since, most),
        )
        return [_row(key, values) for values in rows][::-1]

    def page(self, key: Key, since: float, most: int, *, after: str | None, newest_first: bool) -> list[Row]:
        """So many items behind the one of that id, from either end."""
        order, sign = ("DESC", "<") if newest_first else ("ASC", ">")
        behind = ""
        values: tuple[Any, ...] = (*key, since)
        if after is not None:
            behind = f"AND (i.position, i.key) {sign} (SELECT i.position, i.key {_OF} AND i.id = ?)"
            values = (*values, *key, since, after)
        rows = self._db.execute(
            f"SELECT {_ITEM} {_OF} {behind} ORDER BY i.position {order}, i.key {order} LIMIT ?",
            (*values, most),
        )
        return [_row(key, each) for each in rows]

    def item(self, key: Key, since: float, item_id: str) -> Row | None:
        """One item."""
        values = self._db.execute(f"SELECT {_ITEM} {_OF} AND i.id = ?", (*key, since, item_id)).fetchone()
        return None if values is None else _row(key, values)

    def summary(self, key: Key, since: float) -> Summary | None:
        """The conversation, where anything of it is left."""
        row = self._db.execute(f"{_SUMMARY} {_OF} GROUP BY c.key", (*key, since)).fetchone()
        return None if row is None else _summary(row)

    def summaries(self, since: float, subject: str | None = None) -> list[Summary]:
        """All conversations, or one subject's, the one that was last spoken in first."""
        rows = self._db.execute(
            f"{_SUMMARY} FROM items i JOIN conversations c ON c.key = i.conversation "
            "WHERE i.said_at >= ? AND (? IS NULL OR c.subject = ?) GROUP BY c.key ORDER BY 4 DESC",
            (since, subject, subject),
        )
        return [_summary(row) for row in rows]

    def listed(self, subject: str, since: float, most: int, ids: Sequence[str] | None = None) -> list[Summary]:
        """So many of a subject's conversations, the one that was last spoken in first; or of those with these ids."""
        among = "" if ids is None else f"AND c.id IN ({', '.join('?' * len(ids))})"
        rows = self._db.execute(
            f"{_SUMMARY}, {_BEGINS} FROM items i JOIN conversations c ON c.key = i.conversation "
            f"WHERE c.subject = ? AND i.said_at >= ? {among} GROUP BY c.key ORDER BY 4 DESC LIMIT ?",
            (since, subject, since, *(ids or ()), most),
        )
        return [_summary(row) for row in rows]

    def delete(self, key: Key) -> bool:
        """Delete a conversation; returns whether there was one."""
        return self._delete("DELETE FROM conversations WHERE subject = ? AND id = ?", key) > 0

    def delete_item(self, key: Key, item_id: str) -> bool:
        """Delete an item; returns whether there was one."""
        of = "(SELECT key FROM conversations WHERE subject = ? AND id = ?)"
        return self._delete(f"DELETE FROM items WHERE conversation = {of} AND id = ?", (*key, item_id)) > 0  # noqa: S608

    def forget(self, subject: str) -> int:
        """Delete all that a subject said; returns how many conversations."""
        return self._delete("DELETE FROM conversations WHERE subject = ?", (subject,))

    def expire(self, before: float, most: int) -> bool:
        """Delete so many items that were said before then; returns whether there are more."""
        old = "(SELECT key FROM items WHERE said_at < ? LIMIT ?)"
        count = self._delete(f"DELETE FROM items WHERE key IN {old}", (before, most))  # noqa: S608
        self._delete("DELETE FROM conversations WHERE key NOT IN (SELECT conversation FROM items)", ())
        return count == most

    def clean(self) -> bool:
        """Empty the log of what was deleted; returns whether it is, which a reader elsewhere may prevent."""
        if not self.is_clean:
            busy, *_ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self.is_clean = not busy
        return self.is_clean

    def _make(self) -> None:
        with self._transaction():
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0 and self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {VERSION}")
            elif version != VERSION:
                raise NotOurs("it is another program's, or a later version's")

    def _write(self, row: Row) -> None:
        db = self._db
        db.execute(
            "INSERT OR IGNORE INTO conversations (subject, id, created_at) VALUES (?, ?, ?)", (*row.key, row.said_at)
        )
        conversation = db.execute("SELECT key FROM conversations WHERE subject = ? AND id = ?", row.key).fetchone()[0]
        item = row.item
        texts = map(storable, (item.kind, item.role, item.text or "", item.call_id, item.name))
        given = (*texts, row.said_at)
        for id_ in (
            storable(item.id),
            f"item_{secrets.token_hex(12)}",
        ):  # a client may use an id in two sessions
            if db.execute(
                "INSERT OR IGNORE INTO items (conversation, position, id, kind, role, text, call_id, name, said_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (conversation, row.position, id_, *given),
            ).rowcount:
                return

    def _delete(self, statement: str, values: Sequence[Any]) -> int:
        with self._transaction():
            count = self._db.execute(statement, values).rowcount
        if count:
            self.is_clean = False
        return count

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._db)


class _Transaction:
    """All that is done in the context, or nothing."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._db.execute("COMMIT")
        elif self._db.in_transaction:  # a full disk has undone it already
            self._db.execute("ROLLBACK")


def _row(key: Key, values: Sequence[Any]) -> Row:
    position, id_, kind, role, text, call_id, name, said_at = values
    return Row(key, position, Remembered(id_, kind, role, text, call_id, name), said_at)


def _summary(values: Sequence[Any]) -> Summary:
    subject, id_, created_at, said_at, items, *begins = values
    return Summary(Key(subject, id_), created_at, said_at, items, *(text or "" for text in begins))
