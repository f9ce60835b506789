"""Guards against what every client gets wrong sooner or later, and an upstream answers with an error.

`truncate`: an interruption cuts an answer where its listener was, which no two clocks agree on; beyond the end of what
the item has it is an error, and the model goes on believing that all of it was heard. `response`: an answer is asked
for while another is on its way, as a function's result comes back while the user speaks. What a guard changes is told
the peer as `relay.guarded`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from relay.core.events import Event, write_event
from relay.core.interceptor import Interceptor
from relay.core.session import Session
from relay.core.sound import SoundCount
from relay.core.turn_state import ANSWER_WITHIN_S

TRUNCATE = "truncate"
RESPONSE = "response"
GUARDS = (TRUNCATE, RESPONSE)

HELD_AT_MOST_S = 30.0
"""After so long the upstream may say for itself what is wrong with a request."""

RESPONSE_CREATE = "response.create"
RESPONSE_CREATED = "response.created"
RESPONSE_DONE = "response.done"
SPEECH_STARTED = "input_audio_buffer.speech_started"
SPEECH_STOPPED = "input_audio_buffer.speech_stopped"
SPEECH_CLEARED = "input_audio_buffer.cleared"
ERROR = "error"
SESSION_EVENTS = frozenset({"session.created", "session.updated"})

Count = Callable[[str], None]
"""Is told each time which guard did something."""


class TruncateGuard(Interceptor):
    """Keeps `audio_end_ms` within what has been passed down of an item."""

    up = frozenset({"conversation.item.truncate"})

    def __init__(self, sound: SoundCount, count: Count) -> None:
        self._sound = sound
        self._note = count
        self._session: Session

    def opened(self, session: Session, now: float) -> None:
        self._session = session

    def on_up(self, event: Event, now: float) -> Event | None:
        body = event.body
        item_id, index, end_ms = body.get("item_id"), body.get("content_index"), body.get("audio_end_ms")
        if not isinstance(item_id, str) or not isinstance(index, int) or not isinstance(end_ms, int):
            return event
        length_ms = self._sound.length_ms(item_id, index)
        if length_ms is None:
            return event
        if end_ms > length_ms:
            event = write_event({**body, "audio_end_ms": length_ms})
            told = {"guard": TRUNCATE, "item_id": item_id, "asked_ms": end_ms, "audio_end_ms": length_ms}
            self._session.tell("relay.guarded", told, now)
            self._note(TRUNCATE)
        self._sound.cut(item_id, index, min(end_ms, length_ms))
        return event


class ResponseGuard(Interceptor):
    """Holds a request for an answer while another answer of the conversation is on its way.

    The last one asked for is held until then, and dropped where voice detection had the upstream answer meanwhile. What
    belongs to no conversation may run beside it, and passes.
    """

    up = frozenset({RESPONSE_CREATE})
    down = frozenset({
        RESPONSE_CREATED, RESPONSE_DONE, SPEECH_STARTED, SPEECH_STOPPED, SPEECH_CLEARED, ERROR, *SESSION_EVENTS,
    })  # fmt: skip

    def __init__(self, count: Count) -> None:
        self._note = count
        self._running: set[str] = set()
        self._asked: Event | None = None
        self._begins_until = 0.0
        self._is_speaking = False
        self._answers_turns = True
        self._held: Event | None = None
        self._held_at = 0.0
        self._session: Session

    def opened(self, session: Session, now: float) -> None:
        self._session = session

    def on_up(self, event: Event, now: float) -> Event | None:
        response = event.body.get("response")
        if isinstance(response, dict) and response.get("conversation") == "none":
            return event
        if not self._is_busy(now):
            return self._ask(event, now)
        self._held, self._held_at = event, now
        self._tell("held", event, now)
        return None

    def on_down(self, event: Event, now: float) -> Event | None:
        if event.type in SESSION_EVENTS:
            self._learn(event.body.get("session"))
        elif event.type == ERROR:
            self._refused(event.body.get("error"))
        elif event.type in {RESPONSE_CREATED, RESPONSE_DONE}:
            self._follow(event, now)
        else:
            self._is_speaking = event.type == SPEECH_STARTED
            if event.type == SPEECH_STOPPED and self._answers_turns:
                self._begins_until = now + ANSWER_WITHIN_S
        if self._held is not None:
            self._session.afterwards(self._release)
        return event

    def tick(self, now: float) -> None:
        self._release(now)

    def _follow(self, event: Event, now: float) -> None:
        response = event.body.get("response")
        response = response if isinstance(response, dict) else {}
        response_id = str(response.get("id"))
        if event.type == RESPONSE_DONE:
            self._running.discard(response_id)
        elif response.get("conversation_id", "") is not None:
            self._running.add(response_id)
            if self._asked is None and self._held is not None:
                held, self._held = self._held, None
                self._tell("dropped", held, now)
            self._asked, self._begins_until = None, 0.0

    def _learn(self, session: Any) -> None:
        for name in ("audio", "input"):
            session = session.get(name) if isinstance(session, Mapping) else None
        if isinstance(session, Mapping) and "turn_detection" in session:
            detection = session["turn_detection"]
            self._answers_turns = isinstance(detection, Mapping) and detection.get("create_response") is not False

    def _refused(self, error: Any) -> None:
        """An error about the request, or one that does not say what it is about, ends the wait for its answer."""
        if self._asked is not None:
            named = error.get("event_id") if isinstance(error, dict) else None
            if named is None or named == self._asked.body.get("event_id"):
                self._asked, self._begins_until = None, 0.0

    def _is_busy(self, now: float) -> bool:
        """Whether an answer is on its way, or will be by itself."""
        return bool(self._running) or now < self._begins_until

    def _release(self, now: float) -> None:
        held = self._held
        is_due = not self._is_busy(now) and not (self._is_speaking and self._answers_turns)
        if held is not None and (is_due or now - self._held_at > HELD_AT_MOST_S):
            self._held = None
            self._session.forward_up(self._ask(held, now), now, self.on_up)

    def _ask(self, event: Event, now: float) -> Event:
        self._asked, self._begins_until = event, now + ANSWER_WITHIN_S
        return event

    def _tell(self, outcome: str, event: Event, now: float) -> None:
        told = {"guard": RESPONSE, "outcome": outcome, "about": event.body.get("event_id")}
        self._session.tell("relay.guarded", told, now)
        self._note(RESPONSE)
