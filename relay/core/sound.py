"""How long the speech of each item is, as far as it has been passed down.

An upstream takes an `audio_end_ms` up to what an item has, and not one millisecond above. Audio is frequent, so where
there is a fast lane the lane counts it, and is asked when somebody wants to know; elsewhere the bytes are told by the
length of their base64, and nothing is decoded.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from relay.core.events import Body, Event
from relay.core.interceptor import Interceptor
from relay.core.session import Session

AUDIO = "response.output_audio.delta"
AUDIO_OF_BETA = "response.audio.delta"
"""Some upstreams say both of one piece, so each name is counted by itself, and the longer one counts."""

RESPONSE_CREATED = "response.created"
ITEM_BEGUN = "response.output_item.added"
TRUNCATED = "conversation.item.truncated"
SESSION_EVENTS = frozenset({"session.created", "session.updated"})

MOST_ITEMS = 128
"""So many items, the latest, are known; an older one has been heard."""

_PCM_BYTES_PER_MS = 48
_BYTES_PER_MS = {"audio/pcmu": 8, "audio/pcma": 8, "g711_ulaw": 8, "g711_alaw": 8}
_ITEM_ID = re.compile(r'"item_id"\s*:\s*"([^"\\]+)"')
_DELTA = re.compile(r'"delta"\s*:\s*"([A-Za-z0-9+/]*)(={0,2})"')
_CONTENT_INDEX = re.compile(r'"content_index"\s*:\s*(\d{1,4})\b')

Part = tuple[str, int]
"""An item, and which part of its content."""


class CountingLane(Protocol):
    """A lane that counts audio instead of showing it."""

    def count_sound(self, add: Callable[[str, int, int], None]) -> None:
        """Count from now on, and tell `add` item, part and bytes whenever another item begins, or `tell_sound`."""
        ...

    def tell_sound(self) -> None:
        """Tell what has been counted and not told."""
        ...


class SoundCount(Interceptor):
    """Counts one session's audio, by item and part of its content."""

    down = frozenset({RESPONSE_CREATED, ITEM_BEGUN, TRUNCATED, *SESSION_EVENTS})

    def __init__(self) -> None:
        self._octets: dict[str, dict[Part, int]] = {AUDIO: {}, AUDIO_OF_BETA: {}}
        self._said: dict[str, dict[Part, int]] = {AUDIO: {}, AUDIO_OF_BETA: {}}
        self._bytes_per_ms: dict[str, float] = {}
        self._of_response: dict[str, float] = {}
        self._of_session: float = _PCM_BYTES_PER_MS
        self._cuts: dict[Part, int] = {}
        self._lane: CountingLane | None = None

    def opened(self, session: Session, now: float) -> None:
        self.count_in(session.down.lane)
        session.down.hook(self._octets, self._count, exempt=lambda kind: kind == AUDIO and self._lane is not None)

    def count_in(self, lane: Any) -> None:
        """Have this lane count from now on, where there is one."""
        self._lane = lane
        if lane is not None:
            lane.count_sound(self.add)

    def length_ms(self, item_id: str, content_index: int = 0) -> int | None:
        """How long this speech is for its upstream, or None for an item of which no sound is known."""
        part = (item_id, content_index)
        if part in self._cuts:
            return self._cuts[part]
        return self._longest_ms(self._octets, part)

    def said_ms(self, item_id: str) -> int | None:
        """How long its speech was before anybody cut it, or None for an item of which no sound is known."""
        return self._longest_ms(self._said, (item_id, 0))

    def cut(self, item_id: str, content_index: int, end_ms: int) -> None:
        """A truncation goes up: what comes of this speech before it is answered does not count."""
        self._cuts[item_id, content_index] = end_ms
        _bound(self._cuts)

    def add(self, item_id: str, content_index: int, octets: int, kind: str = AUDIO) -> None:
        """So many bytes of audio were passed down."""
        for counts in (self._octets[kind], self._said[kind]):
            counts[item_id, content_index] = counts.get((item_id, content_index), 0) + octets
            _bound(counts)

    def on_down(self, event: Event, now: float) -> Event | None:
        body = event.body
        if event.type == TRUNCATED:
            self._truncated(body)
        elif event.type == ITEM_BEGUN:
            self._item_begun(body)
        elif event.type == RESPONSE_CREATED:
            response = body.get("response")
            if isinstance(response, dict) and isinstance(response.get("id"), str):
                self._of_response[response["id"]] = _read_format(response) or self._of_session
                _bound(self._of_response)
        else:
            self._of_session = _read_format(body.get("session")) or self._of_session
        return event

    def _item_begun(self, body: Body) -> None:
        item, response_id = body.get("item"), body.get("response_id")
        if isinstance(item, dict) and isinstance(item.get("id"), str) and isinstance(response_id, str):
            self._bytes_per_ms[item["id"]] = self._of_response.get(response_id, self._of_session)
            _bound(self._bytes_per_ms)

    def _truncated(self, body: Body) -> None:
        item_id, end_ms, index = body.get("item_id"), body.get("audio_end_ms"), body.get("content_index", 0)
        if not (isinstance(item_id, str) and isinstance(end_ms, int) and isinstance(index, int)):
            return
        self._tell()
        for octets in self._octets.values():
            if (item_id, index) in octets:
                octets[item_id, index] = int(end_ms * self._bytes_per_ms.get(item_id, self._of_session))
        if self._cuts.get((item_id, index)) == end_ms:
            del self._cuts[item_id, index]

    def _count(self, event: Event, now: float) -> Event | None:
        found = _piece(event.data) if isinstance(event.data, str) else None
        if found is not None:
            self.add(*found, event.type)
        return event

    def _longest_ms(self, counts: Mapping[str, Mapping[Part, int]], part: Part) -> int | None:
        self._tell()
        known = [octets[part] for octets in counts.values() if part in octets]
        return int(max(known) / self._bytes_per_ms.get(part[0], self._of_session)) if known else None

    def _tell(self) -> None:
        if self._lane is not None:
            self._lane.tell_sound()


def _piece(data: str) -> tuple[str, int, int] | None:
    """Item, part and bytes of a piece of audio, by the length of its base64."""
    item_id, delta = _ITEM_ID.search(data), _DELTA.search(data)
    if item_id is None or delta is None:
        return None
    index = _CONTENT_INDEX.search(data)
    return item_id[1], 0 if index is None else int(index[1]), len(delta[1]) * 3 // 4


def _read_format(holder: Any) -> float | None:
    """Bytes in a millisecond of the audio that a session or response has as its output; None where it does not say."""
    for name in ("audio", "output", "format"):
        holder = holder.get(name) if isinstance(holder, dict) else None
    if isinstance(holder, str):
        return _BYTES_PER_MS.get(holder, _PCM_BYTES_PER_MS)
    if not isinstance(holder, dict) or not isinstance(holder.get("type"), str):
        return None
    if holder["type"] in _BYTES_PER_MS:
        return _BYTES_PER_MS[holder["type"]]
    rate = holder.get("rate")
    return rate * 2 / 1000 if isinstance(rate, int) and 1000 <= rate <= 192_000 else _PCM_BYTES_PER_MS


def _bound(by_item: dict[Any, Any]) -> None:
    while len(by_item) > MOST_ITEMS:
        del by_item[next(iter(by_item))]
