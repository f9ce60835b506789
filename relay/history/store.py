"""What keeps conversations, as `relay.history.history` asks it: one thread at a time, which waits for it."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Protocol

from relay.history.rows import Key, Row, Summary


class StoreFailed(Exception):  # noqa: N818 - the fact, not the fault
    """A store that is no file did not do what it was asked; the words say why, and nothing of what was said."""


FAILURES = (sqlite3.Error, StoreFailed)
"""What any method of a store may raise."""


class Store(Protocol):
    """Rows, by conversation.

    Attributes:
        is_clean: whether nothing that was deleted is left anywhere that the store looks after.
    """

    is_clean: bool

    def write(self, rows: Iterable[Row]) -> None:
        """Write all of these, or none."""
        ...

    def newest(self, key: Key, since: float, most: int) -> list[Row]:
        """The newest items that were said since then, in order."""
        ...

    def page(self, key: Key, since: float, most: int, *, after: str | None, newest_first: bool) -> list[Row]:
        """So many items behind the one of that id, from either end."""
        ...

    def item(self, key: Key, since: float, item_id: str) -> Row | None:
        """One item."""
        ...

    def summary(self, key: Key, since: float) -> Summary | None:
        """The conversation, where anything of it is left."""
        ...

    def listed(self, subject: str, since: float, most: int, ids: Sequence[str] | None = None) -> list[Summary]:
        """So many of a subject's conversations, the one that was last spoken in first; or of those with these ids."""
        ...

    def delete(self, key: Key) -> bool:
        """Delete a conversation; returns whether there was one."""
        ...

    def delete_item(self, key: Key, item_id: str) -> bool:
        """Delete an item; returns whether there was one."""
        ...

    def expire(self, before: float, most: int) -> bool:
        """Delete so many items that were said before then; returns whether there are more."""
        ...

    def clean(self) -> bool:
        """See to it that what was deleted is gone; returns whether it is."""
        ...

    def close(self) -> None:
        """Nothing more will be asked."""
        ...
