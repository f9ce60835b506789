"""What the user said and nobody wrote down, so that it can be said again as sound: at most a minute of it, the latest.

Where speech is transcribed there is none. Elsewhere the old upstream is asked for it while it is there, and of the last
turn what was appended is known besides.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from relay.core.events import Body
from relay.core.remembered import Remembered
from relay.core.unfinished import MOST_S, Unfinished

SPOKEN = "[speech]"
"""Stands for the words in what is counted and, where only text is said again, in what is said."""

RETRIEVED_WITHIN_S = 2.0


class UntoldSpeech:
    """The audio of items, in base64 as the upstream has it."""

    def __init__(self, unfinished: Unfinished) -> None:
        self._unfinished = unfinished
        self._audio: dict[str, str] = {}
        self._asked_at: dict[str, float] = {}

    def ask(self, items: Sequence[Remembered], now: float) -> Iterator[str]:
        """The ids of the items whose audio is to be retrieved, the latest first."""
        left = self._most_chars
        for item in reversed(items):
            if item.begins_turn and item.text is None:
                left -= len(self._audio.get(item.id, ""))
                if left > 0 and item.id not in self._audio:
                    self._asked_at[item.id] = now
                    yield item.id

    def is_asking(self, now: float) -> bool:
        """Whether the answer to that may still come."""
        return any(now - at < RETRIEVED_WITHIN_S for at in self._asked_at.values())

    def retrieved(self, body: Body) -> bool:
        """Note what a `conversation.item.retrieved` brings; returns whether it was asked for here."""
        item = body.get("item")
        item_id = item.get("id") if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(item_id, str) or item_id not in self._asked_at:
            return False
        del self._asked_at[item_id]
        parts = item.get("content")
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict) and isinstance(part.get("audio"), str):
                self._audio[item_id] = part["audio"]
        return True

    def keep_turn(self, item_id: str) -> None:
        """Keep the last turn, if it became this item."""
        if (speech := self._unfinished.speech_of(item_id)) is not None:
            self._audio.setdefault(item_id, speech)
        while sum(map(len, self._audio.values())) > self._most_chars:
            del self._audio[next(iter(self._audio))]

    def marked(self, items: Iterable[Remembered]) -> list[Remembered]:
        """The items, with a mark as the words of those that can be said as sound."""
        items = list(items)
        for item in items:
            if item.text is None:
                self.keep_turn(item.id)
        self._bound([item.id for item in items if item.text is None])
        return [replace(item, text=SPOKEN) if item.text is None and item.id in self._audio else item for item in items]

    def content(self, item: Remembered) -> list[Body] | None:
        """The content of an item that is said as sound; None for others."""
        if item.text != SPOKEN or item.id not in self._audio:
            return None
        return [{"type": "input_audio", "audio": self._audio[item.id]}]

    def forget_asked(self) -> None:
        """Who was asked has gone."""
        self._asked_at.clear()

    @property
    def _most_chars(self) -> float:
        return MOST_S * self._unfinished.bytes_per_s * 4 / 3

    def _bound(self, wanted: Sequence[str]) -> None:
        left, kept = self._most_chars, {}
        for item_id in reversed(wanted):
            left -= len(self._audio.get(item_id, ""))
            if left > 0 and item_id in self._audio:
                kept[item_id] = self._audio[item_id]
        self._audio = kept
