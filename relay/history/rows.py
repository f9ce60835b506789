"""What is kept of a conversation, and in which shapes the API shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from relay.core.remembered import MESSAGE, MOST_ID_CHARS, Remembered


class Key(NamedTuple):
    """Names a conversation: an id is its subject's, so somebody else's names nothing.

    Attributes:
        subject: whose it is; empty on a relay that asks nobody who he is.
    """

    subject: str
    id: str

    @classmethod
    def of(cls, subject: str | None, id_: str) -> "Key":
        """The key of this subject's conversation."""
        return cls(storable(subject or "", "backslashreplace"), id_)


@dataclass(frozen=True, slots=True)
class Row:
    """One item.

    Attributes:
        position: in the conversation; items of two sessions at one time may share one.
        said_at: Unix time in seconds.
    """

    key: Key
    position: int
    item: Remembered
    said_at: float

    def body(self) -> Mapping[str, Any]:
        """The item as the Conversations API shows it."""
        body = {**self.item.as_item(), "id": self.item.id, "status": "completed"}
        if self.item.kind == MESSAGE and self.item.role == "assistant":
            body["content"] = [{"type": "output_text", "text": self.item.text, "annotations": []}]
        return body


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation from outside.

    Attributes:
        created_at, said_at: of its first and its newest item, Unix time in seconds.
        begins: what its subject said first, so that it can be told from others; the beginning of it.
    """

    key: Key
    created_at: float
    said_at: float
    items: int
    begins: str = ""

    def body(self) -> Mapping[str, Any]:
        """The conversation as the Conversations API shows it."""
        return {"id": self.key.id, "object": "conversation", "created_at": int(self.created_at), "metadata": {}}

    def entry(self) -> Mapping[str, Any]:
        """The same in a list, which the API has none of, with what tells it from others."""
        return {**self.body(), "said_at": int(self.said_at), "items": self.items, "begins": self.begins}


def short_id(id_: str) -> str:
    """An item's id as a client may say it to the API again."""
    return id_ if len(id_) <= MOST_ID_CHARS else id_[:4] + id_[4 - MOST_ID_CHARS :]


def storable(text: str, otherwise: str = "replace") -> str:
    """The text as UTF-8 can have it: JSON can say halves of characters."""
    return text if text.isascii() else text.encode(errors=otherwise).decode()
