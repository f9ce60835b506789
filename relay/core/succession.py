"""When another upstream takes a session over, and what it is told: no socket, no clock.

A session of the API ends after an hour at the latest, or when a cable does. `Succession` follows a session's rare
events and says to the leg that owns the connections what to do:

    ALONE ──dial──► DIALLING ──ready──► READY ──swap──► ALONE
                       └──failed──► ALONE, to be dialled again

Near the upstream's end the successor is dialled while the old one goes on, and is told the session. It takes over in a
pause: nobody speaks, nothing is on its way, all that was said has its words. Where no pause comes it is the end of an
answer, and at the very last it is then and there. What it is told in that moment is the items, as text, and the speech
that no item was made of yet. An answer that is cut ends as failed for the peer. The peer sees one session.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from relay.core.close_codes import ABNORMAL
from relay.core.closing import Ended
from relay.core.events import Body, Data, Event, read_upstream_event, write_event
from relay.core.handover import Handover, Phase
from relay.core.interceptor import Interceptor
from relay.core.leg import Closed
from relay.core.memory import Memory
from relay.core.open_answers import ERROR as FAILURE
from relay.core.open_answers import ITEM_BEGUN, ITEM_DONE, RESPONSE_CREATED, RESPONSE_DONE, OpenAnswers
from relay.core.outstanding import ANSWERS, RESPONSE_CREATE, TRUNCATE, Outstanding
from relay.core.own_requests import DELETED, ECHOES, ERROR, SESSION_UPDATED, OwnRequests
from relay.core.remembered import MOST_ID_CHARS, Remembered, as_instructions, latest
from relay.core.session import Session
from relay.core.turn_state import ANSWER_WITHIN_S, TurnState
from relay.core.unfinished import Unfinished
from relay.core.untold_speech import UntoldSpeech
from relay.core.upstream_clock import CLOCKED, TIMEOUT, UpstreamClock
from relay.core.upstream_lifetime import NEVER, Lifetime, read_lifetime

AGAIN_CODES = frozenset({ABNORMAL, 1001, 1005, 1011, 1012, 1013, 1014, 1015})
"""Closes after which another connection may do: the upstream went away, and has not refused anything."""

SESSION_CREATED = "session.created"
SPEECH_STARTED, SPEECH_STOPPED = "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"
COMMITTED, CLEARED = "input_audio_buffer.committed", "input_audio_buffer.cleared"
RETRIEVED, TRUNCATED = "conversation.item.retrieved", "conversation.item.truncated"
NOT_TRANSCRIBED = "conversation.item.input_audio_transcription.failed"
APPEND = "input_audio_buffer.append"


class Succession(Interceptor):
    """Decides for one session.

    Attributes:
        deliver: brings the peer an event as if the upstream had said it; the leg sets it.

    Args:
        memory: what is said again.
        turn_state: knows when nobody would be cut off.
        unix_offset: what is to be added to the session's clock for Unix seconds.
        replays_instructions: whether the conversation is said as instructions, and not as items; is asked each time.
    """

    down = frozenset({
        SESSION_CREATED, SESSION_UPDATED, RESPONSE_CREATED, RESPONSE_DONE, ITEM_BEGUN, ITEM_DONE, SPEECH_STARTED,
        SPEECH_STOPPED, TIMEOUT, COMMITTED, CLEARED, RETRIEVED, TRUNCATED, ERROR, DELETED, *ECHOES,
    })  # fmt: skip

    def __init__(
        self,
        memory: Memory,
        turn_state: TurnState,
        unix_offset: float,
        replays_instructions: Callable[[], bool] = lambda: False,
    ) -> None:
        self.phase = Phase.ALONE
        self.deliver: Callable[[Body, float], None] = _nobody
        self._memory = memory
        self._turn_state = turn_state
        self._unix_offset = unix_offset
        self._replays_instructions = replays_instructions
        self._lifetime = Lifetime()
        self._dial_at = self._lifetime.dial_at
        self._ids: dict[str, Any] = {}
        self._answers = OpenAnswers()
        self._owes_answer_until = 0.0
        self._answers_turns = True
        self._outstanding = Outstanding()
        self._unfinished = Unfinished()
        self._clock = UpstreamClock()
        self._gone_up: _GoneUp | None = None
        self._own = OwnRequests()
        self._said_as_text: set[str] = set()
        self._speech = UntoldSpeech(self._unfinished)
        self._session: Session

    # What the leg asks.

    @property
    def can_be_told(self) -> bool:
        """Whether a successor could be told everything."""
        return self._memory.is_whole

    def dials_at(self) -> float:
        """When a successor is to be dialled; never, where the upstream does not say when it ends."""
        return self._dial_at if self.phase is Phase.ALONE and self.can_be_told else NEVER

    def dialling(self) -> None:
        self.phase = Phase.DIALLING

    def failed(self, now: float, again_s: float) -> None:
        """The successor could not be had, or not be told; another one may, some time later."""
        self.phase = Phase.ALONE
        self._dial_at = now + again_s

    def ready(self, now: float) -> list[Data]:
        """A successor has taken the session. Returns what the old upstream is asked for it."""
        self.phase = Phase.READY
        untold = self._speech.ask(self._memory.items, now)
        return [self._own.ask({"type": "conversation.item.retrieve", "item_id": item_id}) for item_id in untold]

    def may_swap(self, now: float) -> bool:
        """Whether the successor that is ready is to take over now."""
        if self.phase is not Phase.READY:
            return False
        if now >= self._lifetime.last_at:
            return True
        is_asking = self._outstanding.is_pending(now) or bool(self._memory.unanswered)
        if self._answers or now < self._owes_answer_until or is_asking:
            return False
        if now >= self._lifetime.late_at:
            return True
        if not self._turn_state.is_between_turns(now) or self._speech.is_asking(now):
            return False
        return not self._memory.awaits_transcript and not self._memory.awaits_result

    def outlives(self, closed: Closed) -> bool:
        """Whether another upstream may go on after this end of one."""
        return not closed.ours and closed.code in AGAIN_CODES and self.can_be_told

    def lost(self) -> None:
        """The upstream is gone: what goes up from now on waits, and is not to be said again."""
        self._gone_up = self._has_gone_up()

    def update(self) -> Data:
        """What tells a successor the session, so that it can be refused before anything depends on it."""
        session = self._memory.session
        if self._replays_instructions():
            given = session.get("instructions")
            session = {**session, "instructions": as_instructions(self._items(), given if given else "")}
        return self._own.ask({"type": "session.update", "session": session})

    def swap(self, created: Body, updated: Body, now: float, *, is_lost: bool) -> Handover:
        """A successor takes over.

        Args:
            created, updated: what it said when it began, and when it had taken the session.
            is_lost: whether the old one brings no transcripts any more.
        """
        gone_up, self._gone_up = self._gone_up or self._has_gone_up(), None
        up: list[Data] = [] if self._replays_instructions() else list(self._items_again())
        if self._replays_instructions():
            up.append(self.update())  # with what was said since
            self._own.expect(SESSION_UPDATED)
        up += [write_event(update).data for update in gone_up.updates]
        up += gone_up.appends
        self._clock.begins_ms = gone_up.begins_ms
        answers_failed = len(self._answers)
        down = [write_event(body).data for body in self._begun(created, updated)]
        down += [write_event(self._tells(body)).data for body in self._failed(is_lost=is_lost)]
        asks = any(event.type == RESPONSE_CREATE for event in self._outstanding.events)
        up += [event.data for event in gone_up.requests if event.type != TRUNCATE]  # which comes too late
        self._outstanding.forget(gone_up.requests)
        if now < self._owes_answer_until and not asks:
            up.append(self._own.ask({"type": RESPONSE_CREATE}))
        self.phase = Phase.ALONE
        self._speech.forget_asked()
        self._said_as_text = {item.id for item in self._memory.items}
        self._begin(created, now)
        return Handover(up, down, answers_failed)

    def swallows(self, data: Data) -> bool:
        """Whether this is an answer of the upstream to what the peer knows nothing of."""
        return self._own.answered_by(data)

    @staticmethod
    def is_expiry(data: Data) -> bool:
        """Whether an upstream says that its time is over, which is no end of a session that has a successor."""
        event = read_upstream_event(data)
        error = event.body.get("error") if event.type == ERROR else None
        return isinstance(error, dict) and error.get("code") == "session_expired"

    # What passes.

    def opened(self, session: Session, now: float) -> None:
        self._session = session
        session.up.hook(ANSWERS, self._went_up)  # behind all who may change what goes up
        self._unfinished.keep_in(session.up.lane)
        session.up.hook({APPEND}, self._appended, exempt=lambda _: self._unfinished.is_in_lane)

    def closed(self, ended: Ended, now: float) -> None:
        self.deliver = _nobody  # the leg knows this, and the session the leg: a circle would outlive them
        self._unfinished.leave_lane()
        del self._session, self._turn_state

    def on_down(self, event: Event, now: float) -> Event | None:
        kind = event.type
        self._outstanding.answered(event)
        if kind == RETRIEVED:
            return None if self._speech.retrieved(event.body) else event
        if kind in {SESSION_CREATED, SESSION_UPDATED}:
            return self._session_told(event, now)
        if kind in {RESPONSE_CREATED, RESPONSE_DONE, ITEM_BEGUN, ITEM_DONE}:
            self._answers.follow(event)
            return self._in_first_conversation(event)
        if kind in {SPEECH_STARTED, SPEECH_STOPPED, COMMITTED, CLEARED}:
            self._heard(kind, event.body, now)
        return self._clock.of_session(event) if kind in CLOCKED else event

    def _went_up(self, event: Event, now: float) -> Event | None:
        item_id = event.body.get("item_id")
        if event.type == TRUNCATE and isinstance(item_id, str) and item_id in self._said_as_text:
            self._cut(item_id, event.body, now)
            return None
        self._outstanding.asked(event, now)
        return event

    def _appended(self, event: Event, now: float) -> Event | None:
        self._unfinished.append(event.data)
        return event

    def _session_told(self, event: Event, now: float) -> Event:
        session = event.body.get("session")
        if not isinstance(session, dict):
            return event
        if event.type == SESSION_CREATED:
            self._begin(event.body, now)
        detection = _within(session, "audio", "input").get("turn_detection", {})
        self._answers_turns = isinstance(detection, dict) and detection.get("create_response") is not False
        kind = _within(session, "audio", "input", "format").get("type")
        bytes_per_s = 8000 if kind in {"audio/pcmu", "audio/pcma"} else 48_000
        self._unfinished.format(detects_turns=isinstance(detection, dict), bytes_per_s=bytes_per_s)
        first = self._ids.setdefault("session", session.get("id"))
        if session.get("id") == first:
            return event
        return write_event({**event.body, "session": {**session, "id": first}})

    def _in_first_conversation(self, event: Event) -> Event:
        """The event as the first upstream would have said it, whose conversation had another id."""
        response = event.body.get("response")
        if not isinstance(response, dict):
            return event
        if event.type == RESPONSE_CREATED and response.get("conversation_id", "") is not None:
            self._owes_answer_until = 0.0
        conversation = response.get("conversation_id")
        if conversation is None or conversation == (first := self._ids.setdefault("conversation", conversation)):
            return event
        return write_event({**event.body, "response": {**response, "conversation_id": first}})

    def _heard(self, kind: str, body: Body, now: float) -> None:
        if kind == SPEECH_STARTED:
            self._unfinished.started()
        elif kind == SPEECH_STOPPED or (kind == COMMITTED and not self._unfinished.detects_turns):
            self._unfinished.stopped(str(body.get("item_id")))
            if self.phase is Phase.READY:  # the old upstream has been asked for what came before
                self._speech.keep_turn(str(body.get("item_id")))
            if kind == SPEECH_STOPPED and self._answers_turns:
                self._owes_answer_until = now + ANSWER_WITHIN_S
        elif kind == CLEARED:
            self._unfinished.cleared()
            self._owes_answer_until = 0.0

    # How it is decided.

    def _begin(self, created: Body, now: float) -> None:
        """An upstream has begun, and says when it ends."""
        self._lifetime = read_lifetime(created.get("session"), self._unix_offset, now)
        self._dial_at = self._lifetime.dial_at

    def _has_gone_up(self) -> "_GoneUp":
        updates, unfinished = list(self._memory.unanswered), self._unfinished
        return _GoneUp(self._outstanding.events, updates, unfinished.appends, unfinished.begins_ms)

    def _items(self) -> list[Remembered]:
        """What is said again, with a mark where there is speech instead of words."""
        return latest(self._speech.marked(self._memory.items))

    def _items_again(self) -> Iterator[Data]:
        for item in self._items():
            said = item.as_item()
            if (content := self._speech.content(item)) is not None:
                said["content"] = content
            yield self._create(item, said)

    def _create(self, item: Remembered, said: Body, previous: str | None = None) -> Data:
        said.setdefault("id", item.id[:4] + item.id[4 - MOST_ID_CHARS :])
        self._own.expect(*ECHOES, item_id=said["id"])
        behind = {"previous_item_id": previous} if previous else {}
        return self._own.ask({"type": "conversation.item.create", **behind, "item": said})

    def _begun(self, created: Body, updated: Body) -> Iterator[Body]:
        """What the peer has not been told, where the old upstream was lost at once."""
        if "session" not in self._ids:
            yield created
        if self._memory.awaits_injected:
            yield updated

    def _failed(self, *, is_lost: bool) -> Iterator[Body]:
        """What the peer is told of what does not come any more."""
        for item_id in self._memory.awaited_transcripts if is_lost else ():
            yield {"type": NOT_TRANSCRIBED, "item_id": item_id, "content_index": 0, "error": dict(FAILURE)}
        yield from self._answers.fail()

    def _cut(self, item_id: str, body: Body, now: float) -> None:
        """The peer cuts an answer that the upstream has as text alone: its words are cut instead."""
        truncated: Body = {name: body[name] for name in ("item_id", "content_index", "audio_end_ms") if name in body}
        self.deliver(self._tells({"type": TRUNCATED, **truncated}), now)
        items = list(self._memory.items)
        place = next((place for place, item in enumerate(items) if item.id == item_id), None)
        if place is None or self._replays_instructions():
            return
        self._own.expect(DELETED, item_id=item_id)
        waits = [self._own.ask({"type": "conversation.item.delete", "item_id": item_id})]
        if items[place].text:
            previous = items[place - 1].id if place else "root"
            waits.append(self._create(items[place], items[place].as_item(), previous))
        for data in waits:
            self._session.send_up(read_upstream_event(data).body, now)

    def _tells(self, body: Body) -> Body:
        return {**body, "event_id": self._session.own_event_id()}


@dataclass(frozen=True, slots=True)
class _GoneUp:
    """What an upstream was told and has not answered, or made an item of; before all that, so much had been said."""

    requests: list[Event]
    updates: list[Body]
    appends: list[Data]
    begins_ms: float


def _nobody(body: Body, now: float) -> None:
    """There is no leg yet."""


def _within(holder: Any, *names: str) -> Body:
    for name in names:
        holder = holder.get(name) if isinstance(holder, dict) else None
    return holder if isinstance(holder, dict) else {}
