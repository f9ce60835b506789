"""What a conversation leaves behind: the session as it was set, and its items as text.

Another connection can be told these, and go on: after an hour, when the upstream is lost, when a visitor is back. The
interceptor hooks rare events alone, and keeps no audio: at most `MOST_BYTES` of words, the newest.

What it knows of the session is what went up and was not refused: an upstream discards a refused `session.update` whole,
and so is it discarded here. An assistant's words are those that were heard: after a truncation, so many of them as the
sound that was left of them, and where the peer has left in the middle, so many as there was time to hear.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from relay.core.causes import Cause
from relay.core.events import Body, Event, write_json
from relay.core.interceptor import Interceptor
from relay.core.remembered import CALL, RESULT, Remembered, heard, read_item

if TYPE_CHECKING:
    from relay.core.closing import Ended
    from relay.core.session import Session

MOST_BYTES = 256 * 1024
MOST_ITEM_CHARS = 64 * 1024
"""Of a longer text the beginning is kept: one that somebody pastes shall not push out all the others."""

MOST_UPDATES = 16
"""Of the session that the upstream has not answered; an older one counts as taken."""

SESSION_UPDATE = "session.update"
SESSION_UPDATED = "session.updated"
ERROR = "error"
CREATE = "conversation.item.create"
ADDED = frozenset({"conversation.item.added", "conversation.item.created"})
DONE = frozenset({"conversation.item.done", "response.output_item.done"})
TRANSCRIBED = "conversation.item.input_audio_transcription.completed"
NOT_TRANSCRIBED = "conversation.item.input_audio_transcription.failed"
TRUNCATED = "conversation.item.truncated"
DELETED = "conversation.item.deleted"

PEER_LEFT = frozenset({Cause.PEER_CLOSED, Cause.PEER_LOST})

SPOKEN_CHARS_A_SECOND = 15
"""How fast a voice speaks, where nobody has counted how long a speech was."""

_CONTAINERS = ("audio", "input", "output")


@dataclass(slots=True)
class _Kept:
    """An item and what is going on with it."""

    item: Remembered
    number: int
    begun_at: float = 0.0
    heard_ms: int | None = None
    awaits_transcript: bool = False
    is_done: bool = False
    is_settled: bool = False


def _nobody(item: Remembered, number: int) -> None:
    """Nobody wants to know."""


class Memory(Interceptor):
    """Remembers one conversation.

    Args:
        session: the session object that is injected, with which the session opens; empty where nothing is.
        items: what an earlier connection has said of the conversation; they count as settled.
        sound_ms: how long the speech of an item is, where that is counted.
        left_at: when the peer's connection was lost, where it was away since.
        on_settled: is called once with each item whose words do not change any more, and its number in the
            conversation: those that voice brought when they are transcribed, an answer when the user's next words are
            there or the session ends.
    """

    down = frozenset({
        SESSION_UPDATED, ERROR, *ADDED, *DONE, TRANSCRIBED, NOT_TRANSCRIBED, TRUNCATED, DELETED,
    })  # fmt: skip

    def __init__(
        self,
        session: Mapping[str, Any],
        items: Iterable[Remembered] = (),
        *,
        sound_ms: Callable[[str], int | None] = lambda _: None,
        left_at: Callable[[], float | None] = lambda: None,
        on_settled: Callable[[Remembered, int], None] = _nobody,
    ) -> None:
        self._session: Body = {}
        self._is_whole = True
        self._take({"session": session})
        self._injected = 1 if session else 0
        self._unanswered: list[Body] = []
        self._kept: dict[str, _Kept] = {}
        self._numbered = 0
        self._bytes = 0
        self._to_the_front: set[str] = set()
        self._sound_ms = sound_ms
        self._left_at = left_at
        self._on_settled = on_settled
        for item in items:
            self._add(_Kept(item, self._next_number(), is_settled=True), None)

    # What is asked of it.

    @property
    def items(self) -> Sequence[Remembered]:
        """The conversation, in order."""
        return [kept.item for kept in self._kept.values()]

    @property
    def session(self) -> Body:
        """The session as the upstream has it, which says of a realtime session even what it leaves to the upstream.

        With text before it the upstream might choose otherwise, and answer in text alone.
        """
        session = {"type": "realtime", **self._session}
        return {"output_modalities": ["audio"], **session} if session["type"] == "realtime" else session

    @property
    def unanswered(self) -> Sequence[Body]:
        """The updates of the session that the upstream has neither taken nor refused, as they went up."""
        return tuple(self._unanswered)

    @property
    def awaits_injected(self) -> bool:
        """Whether the upstream has not answered what the session opened with."""
        return bool(self._injected)

    @property
    def is_whole(self) -> bool:
        """Whether the session has been small enough to be said again."""
        return self._is_whole

    @property
    def awaits_transcript(self) -> bool:
        """Whether the words of something that was said are still being written down."""
        return bool(self.awaited_transcripts)

    @property
    def awaited_transcripts(self) -> list[str]:
        """The ids of the items that this is so for."""
        return [id_ for id_, kept in self._kept.items() if kept.awaits_transcript]

    @property
    def awaits_result(self) -> bool:
        """Whether a function that was called has not answered yet."""
        results = {item.call_id for item in self.items if item.kind == RESULT}
        return any(item.kind == CALL and item.call_id not in results for item in self.items)

    def cut_unheard(self, left_at: float) -> None:
        """The peer has left: of answers that came ahead of time it has heard no more than there was time for."""
        heard_to = 0.0
        for kept in self._kept.values():
            sound_ms = None if kept.is_settled or kept.item.role != "assistant" else self._sound_ms(kept.item.id)
            if sound_ms is None:
                continue
            begun_at = max(kept.begun_at, heard_to)
            heard_to = begun_at + (sound_ms if kept.heard_ms is None else kept.heard_ms) / 1000
            if heard_to > left_at and kept.heard_ms is None:
                kept.heard_ms = max(0, int((left_at - begun_at) * 1000))
                kept.item = self._cut(kept.item, kept.heard_ms)

    # What passes.

    def opened(self, session: "Session", now: float) -> None:
        session.up.hook({SESSION_UPDATE, CREATE}, self._went_up)  # behind all who may change what goes up

    def on_down(self, event: Event, now: float) -> Event | None:
        body = event.body
        if event.type in ADDED or event.type in DONE:
            self._note(body, now, is_new=event.type in ADDED)
        elif event.type in {SESSION_UPDATED, ERROR}:
            self._answered(event.type, body)
        elif isinstance(item_id := body.get("item_id"), str) and (kept := self._kept.get(item_id)) is not None:
            self._tell(event.type, kept, body)
        return event

    def closed(self, ended: "Ended", now: float) -> None:
        if ended.cause in PEER_LEFT:
            self.cut_unheard(self._left_at() or now)
        for kept in list(self._kept.values()):
            self._settle(kept)

    def _went_up(self, event: Event, now: float) -> Event | None:
        if event.type == SESSION_UPDATE and isinstance(event.body.get("session"), dict):
            self._changed(event)
        elif event.body.get("previous_item_id") == "root" and len(self._to_the_front) < MOST_UPDATES:
            item = event.body.get("item")
            item_id = item.get("id") if isinstance(item, dict) else None
            self._to_the_front |= {item_id} if isinstance(item_id, str) else set()
        return event

    def _changed(self, event: Event) -> None:
        """An update goes up."""
        if len(event.data) > MOST_BYTES:
            self._is_whole = False
            return
        self._unanswered.append(event.body)
        if len(self._unanswered) > MOST_UPDATES:
            self._take(self._unanswered.pop(0))

    def _answered(self, kind: str, body: Body) -> None:
        """The upstream answers updates in order; an error says which it is about by an id, or by the field."""
        if kind == SESSION_UPDATED:
            if self._injected:
                self._injected = 0
            elif self._unanswered:
                self._take(self._unanswered.pop(0))
            return
        error = body.get("error")
        error = error if isinstance(error, dict) else {}
        event_id, param = error.get("event_id"), error.get("param")
        for update in self._unanswered:
            is_named = event_id is not None and update.get("event_id") == event_id
            if is_named or (event_id is None and "event_id" not in update and str(param).startswith("session")):
                self._unanswered.remove(update)
                return

    def _take(self, update: Mapping[str, Any]) -> None:
        session = merged_session(self._session, update["session"])
        self._is_whole = self._is_whole and len(write_json(session)) <= MOST_BYTES
        if self._is_whole:
            self._session = session

    def _note(self, body: Body, now: float, *, is_new: bool) -> None:
        item = read_item(body.get("item"))
        if item is None:
            return
        if item.text is not None and len(item.text) > MOST_ITEM_CHARS:
            item = replace(item, text=item.text[:MOST_ITEM_CHARS])
        kept = self._kept.get(item.id)
        if kept is not None:
            self._put(kept, item)
        elif is_new:
            awaits = item.text is None and self._is_transcribed
            kept = _Kept(item, self._next_number(), now, awaits_transcript=awaits)
            previous = body.get("previous_item_id")
            self._add(kept, "root" if item.id in self._to_the_front else previous)
            self._to_the_front.discard(item.id)
            if item.begins_turn:
                self._settle_answers(but=item.id)
        if kept is not None and not is_new:
            kept.is_done = True
            if item.role != "assistant" and not kept.awaits_transcript:
                self._settle(kept)

    def _put(self, kept: _Kept, item: Remembered) -> None:
        """What the upstream says of an item again: more words, but never fewer than were written down before."""
        if item.text is None or (not item.text and kept.item.text):
            return
        if kept.heard_ms is not None:
            item = self._cut(item, kept.heard_ms)
        self._bytes += item.size_bytes - kept.item.size_bytes
        kept.item = item
        self._forget()

    def _tell(self, kind: str, kept: _Kept, body: Body) -> None:
        if kind == DELETED:
            self._bytes -= kept.item.size_bytes
            del self._kept[kept.item.id]
        elif kind == TRUNCATED:
            if isinstance(end_ms := body.get("audio_end_ms"), int):
                item = self._cut(kept.item, end_ms, of_ms=kept.heard_ms)
                self._bytes += item.size_bytes - kept.item.size_bytes
                kept.item, kept.heard_ms = item, end_ms
        else:
            kept.awaits_transcript = False
            if isinstance(words := body.get("transcript"), str):
                self._put(kept, replace(kept.item, text=words))
            self._settle(kept)

    def _cut(self, item: Remembered, heard_ms: int, of_ms: int | None = None) -> Remembered:
        """The item as it was heard, of so much as was left before, or else of all that was said."""
        text = item.text or ""
        whole_ms = of_ms or self._sound_ms(item.id) or len(text) * 1000 // SPOKEN_CHARS_A_SECOND
        return replace(item, text=heard(text, heard_ms, whole_ms))

    @property
    def _is_transcribed(self) -> bool:
        audio = self._session.get("audio")
        hearing = audio.get("input") if isinstance(audio, dict) else None
        return isinstance(hearing, dict) and hearing.get("transcription") is not None

    # What is settled, and what is kept.

    def _settle_answers(self, but: str = "") -> None:
        """What came before the user's next words is not cut any more."""
        for kept in list(self._kept.values()):
            if kept.item.id != but and kept.is_done and not kept.awaits_transcript:
                self._settle(kept)

    def _settle(self, kept: _Kept) -> None:
        if not kept.is_settled:
            kept.is_settled = True
            self._on_settled(kept.item, kept.number)

    def _next_number(self) -> int:
        self._numbered += 1
        return self._numbered

    def _add(self, kept: _Kept, previous: Any) -> None:
        """Put it behind the item of that id, or else at the end."""
        id_, last = kept.item.id, next(reversed(self._kept), None)
        self._bytes += kept.item.size_bytes
        self._kept[id_] = kept
        if previous == "root" or (isinstance(previous, str) and previous in self._kept and previous != last):
            order = [each for each in self._kept if each != id_]
            order.insert(0 if previous == "root" else order.index(previous) + 1, id_)
            self._kept = {each: self._kept[each] for each in order}
        self._forget()

    def _forget(self) -> None:
        """Keep the newest."""
        while self._bytes > MOST_BYTES and self._kept:
            oldest = self._kept.pop(next(iter(self._kept)))
            self._bytes -= oldest.item.size_bytes
            self._settle(oldest)


def merged_session(under: Mapping[str, Any], over: Mapping[str, Any]) -> Body:
    """A session object after an update: `audio` and its two sides merge, all else is replaced whole, as by the API."""
    session = dict(under)
    for name, value in over.items():
        below = session.get(name) if name in _CONTAINERS else None
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            session[name] = merged_session(below, value)
        else:
            session[name] = value
    return session
