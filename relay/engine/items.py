"""The conversation: its items in order, and the audio that belongs to them.

What it keeps is bounded, by `MAX_ITEMS` and by `MAX_BYTES` of text, images and audio. Beyond that the oldest items
are forgotten without a word, as if they had been truncated from the model's context.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from relay.engine import audio
from relay.engine.errors import Fault, Refused
from relay.engine.events import new_id

MAX_ITEMS = 1000
MAX_BYTES = 64 << 20
GIST_CHARS = 2000


@dataclass(slots=True, eq=False)
class Item:
    """One item: its JSON fields without the audio, and the PCM of those content parts that have some.

    Attributes:
        fields: as the peer sees them.
        pcm: by the index of the content part.
        said: of the model's speech, which words end at which byte of it.
        follows: of what a response has put here, the id of the last item that the response read: what came between the
            two it did not know.
    """

    fields: dict[str, Any]
    pcm: dict[int, bytearray] = field(default_factory=dict)
    said: list[tuple[str, int]] = field(default_factory=list)
    follows: str | None = None

    @classmethod
    def make(cls, kind: str, *, item_id: str | None = None, **fields: Any) -> Self:
        """A new item with an id."""
        return cls({"id": item_id or new_id("item"), "object": "realtime.item", "type": kind, **fields})

    @classmethod
    def from_client(cls, given: dict[str, Any], audio_format: audio.AudioFormat) -> Self:
        """An item as a checked client event describes it.

        Raises:
            Refused: its audio cannot be decoded.
        """
        fields = {key: value for key, value in given.items() if key not in ("id", "object", "type", "status")}
        item = cls.make(given["type"], item_id=given.get("id"), status="completed", **fields)
        if given["type"] == "function_call":
            item.fields.setdefault("call_id", new_id("call"))
        if "content" in given:
            item.fields["content"] = [dict(part) for part in given["content"]]
        for index, part in enumerate(item.content):
            if part["type"] == "input_audio":
                param = f"item.content[{index}].audio"
                item.pcm[index] = bytearray(audio.decode(audio_format, part.pop("audio"), param))
                part.setdefault("transcript", None)
        return item

    @property
    def id(self) -> str:
        """`item_…`, or what the client chose."""
        return str(self.fields["id"])

    @property
    def kind(self) -> str:
        """`message`, `function_call`, `function_call_output`, …"""
        return str(self.fields["type"])

    @property
    def role(self) -> str | None:
        """Who speaks, where it is a message."""
        return self.fields.get("role")

    @property
    def content(self) -> list[dict[str, Any]]:
        """The parts of a message; nothing for other kinds."""
        return self.fields.get("content", [])  # type: ignore[no-any-return]

    @property
    def text(self) -> str:
        """What was written in this message."""
        return " ".join(part["text"] for part in self.content if part.get("text"))

    @property
    def gist(self) -> str:
        """As much of the text as the mock reads when it looks for cues."""
        return self.text[:GIST_CHARS]

    @property
    def words(self) -> str:
        """All that this item says: text, transcripts, arguments, output."""
        spoken = (part.get("text") or part.get("transcript") for part in self.content)
        return " ".join(filter(None, (*spoken, self.fields.get("arguments"), self.fields.get("output"))))

    @property
    def size(self) -> int:
        """Bytes that are kept for this item, about."""
        images = sum(len(part.get("image_url", "")) for part in self.content)
        return len(self.words) + images + sum(map(len, self.pcm.values()))

    def as_dict(self, with_audio: audio.AudioFormat | None = None) -> dict[str, Any]:
        """A copy of its JSON; `with_audio` is the format for its audio, which is left out otherwise."""
        copy = dict(self.fields)
        if "content" in copy:
            copy["content"] = [dict(part) for part in self.content]
        if with_audio:
            for index, pcm in self.pcm.items():
                copy["content"][index]["audio"] = audio.encode(with_audio, pcm)
        return copy

    def add_speech(self, words: str, pcm: bytes) -> None:
        """More speech of the model. Without words it belongs to those before it, and words without sound to theirs."""
        speech = self.pcm.setdefault(0, bytearray())
        speech += pcm
        if self.said and not (words and pcm):
            words = self.said.pop()[0] + words
        self.said.append((words, len(speech)))

    @property
    def heard_words(self) -> str:
        """What is left of the model's speech after it was truncated, as if all words of a chunk were equally long."""
        heard: list[str] = []
        left, start = len(self.pcm.get(0, b"")), 0
        for words, end in self.said:
            if end > left:
                pieces = re.findall(r"\s*\S+\s*", words)
                return "".join([*heard, *pieces[: len(pieces) * max(0, left - start) // (end - start)]])
            heard.append(words)
            start = end
        return "".join(heard)

    def truncate(self, content_index: int, audio_end_ms: int) -> None:
        """Cut this item's audio to what was heard; its transcript goes, since nobody knows where it was cut.

        Raises:
            Refused: there is no model audio there, or less of it than that.
        """
        pcm = self.pcm.get(content_index)
        if self.role != "assistant" or pcm is None:
            raise Refused(Fault.TRUNCATE_NOT_AUDIO)
        length_ms = audio.milliseconds(pcm)
        if audio_end_ms > length_ms:
            raise Refused(Fault.TRUNCATE_TOO_FAR, param="audio_end_ms", length_ms=length_ms, audio_end_ms=audio_end_ms)
        del pcm[audio_end_ms * audio.BYTES_PER_MS :]
        self.content[content_index]["transcript"] = None


class Conversation:
    """Items in the order of the conversation; each id stands for one of them."""

    def __init__(self) -> None:
        self.id = new_id("conv")
        self._items: dict[str, Item] = {}

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())

    @property
    def last_id(self) -> str | None:
        """The id of the last item."""
        return next(reversed(self._items), None)

    @property
    def has_assistant_audio(self) -> bool:
        """The voice has been heard."""
        return any(item.role == "assistant" and item.pcm for item in self)

    def find(self, item_id: str, fault: Fault) -> Item:
        """The item with this id.

        Raises:
            Refused: there is none; `fault` says what for it was looked for.
        """
        try:
            return self._items[item_id]
        except KeyError:
            raise Refused(fault, item_id=item_id) from None

    def append(self, item: Item) -> str | None:
        """Add this item at the end, and return the id of the one before it."""
        previous_id = self.last_id
        self._items[item.id] = item
        self._forget()
        return previous_id

    def insert(self, item: Item, previous_id: str | None) -> str | None:
        """Add a client's item behind `previous_id`, `root` being the beginning and None the end.

        Returns:
            The id of the item before it; None if it is the first.

        Raises:
            Refused: the id is taken, there is no such previous item, or nobody made the call it is the output of.
        """
        if item.id in self._items:
            raise Refused(Fault.ITEM_EXISTS, item_id=item.id)
        if item.kind == "function_call_output":
            self._require_call(item.fields["call_id"])
        if previous_id in (None, self.last_id):
            return self.append(item)
        if previous_id not in ("root", *self._items):
            raise Refused(Fault.PREVIOUS_ITEM_NOT_FOUND, item_id=previous_id)
        position = 0 if previous_id == "root" else list(self._items).index(str(previous_id)) + 1
        entries = list(self._items.items())
        self._items = dict([*entries[:position], (item.id, item), *entries[position:]])
        self._forget()
        return None if position == 0 else previous_id

    def delete(self, item_id: str) -> None:
        """Take this item out of the conversation."""
        self.find(item_id, Fault.DELETE_NOT_FOUND)
        del self._items[item_id]

    def clear(self) -> None:
        """Forget everything."""
        self._items.clear()

    def _require_call(self, call_id: str) -> None:
        if not any(item.kind == "function_call" and item.fields["call_id"] == call_id for item in self):
            raise Refused(Fault.CALL_NOT_FOUND, call_id=call_id)

    def _forget(self) -> None:
        surplus_bytes = sum(item.size for item in self) - MAX_BYTES
        while len(self._items) > 1 and (surplus_bytes > 0 or len(self._items) > MAX_ITEMS):
            oldest = next(iter(self._items))
            surplus_bytes -= self._items.pop(oldest).size
