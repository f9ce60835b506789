"""The state of a session's turn: whether the session could end now without cutting anybody off."""

from typing import Protocol

from relay.core.events import Body, Event
from relay.core.interceptor import Interceptor
from relay.core.session import Session
from relay.core.usage import read_usage

ANSWER_WITHIN_S = 5.0
"""How long an answer may take to begin, after speech or a request for one, and still belong to the turn."""

AUDIO_TOKEN_S = 0.05
"""How much of an answer's audio one token is."""

TURN_MAY_LAST_S = 300.0
"""After so long what has begun counts as over, though nobody said so: an answer of 4,096 tokens is heard for 205 s."""

SPEECH_STARTED = "input_audio_buffer.speech_started"
SPEECH_STOPPED = "input_audio_buffer.speech_stopped"
SPEECH_COMMITTED = "input_audio_buffer.committed"
SPEECH_CLEARED = "input_audio_buffer.cleared"
SPEECH_ENDED = frozenset({SPEECH_STOPPED, SPEECH_COMMITTED, SPEECH_CLEARED})
RESPONSE_CREATE = "response.create"
RESPONSE_CREATED = "response.created"
RESPONSE_DONE = "response.done"
FIRST_AUDIO = "response.output_audio.delta"
PLAYING_BEGAN = "output_audio_buffer.started"
PLAYING_ENDED = frozenset({"output_audio_buffer.stopped", "output_audio_buffer.cleared"})
TRANSCRIPTS = frozenset({"session.input_transcript.delta", "session.output_transcript.delta"})

PAUSE_S = 2.0
"""How long nobody says a word in a pause, where speech has no turns."""


class TurnState(Protocol):
    """What knows whether a session can end without cutting anybody off."""

    def is_between_turns(self, now: float) -> bool: ...


class ResponseTurns(Interceptor):
    """Follows the turns of a session.

    Answers come faster than they are heard, so a turn lasts until its audio has been played: from its first piece on,
    for as long as the tokens that the response was billed for; in a call, until the upstream says so, which plays it
    itself. An answer that asks for a function goes on with the function's result. What is never said to be over is over
    after `TURN_MAY_LAST_S`.
    """

    up = frozenset({RESPONSE_CREATE})
    down = frozenset({SPEECH_STARTED, *SPEECH_ENDED, RESPONSE_CREATED, RESPONSE_DONE, PLAYING_BEGAN, *PLAYING_ENDED})

    def __init__(self) -> None:
        self._running = 0
        self._speaking_until = 0.0
        self._playing_until = 0.0
        self._running_until = 0.0
        self._awaited_until = 0.0
        self._played_from = 0.0
        self._played_until = 0.0
        self._session: Session

    def opened(self, session: Session, now: float) -> None:
        self._session = session

    def is_between_turns(self, now: float) -> bool:
        """Whether nobody speaks, no answer is on its way, and the last one has been heard."""
        over_at = max(self._speaking_until, self._playing_until, self._awaited_until, self._played_until)
        return now >= (max(over_at, self._running_until) if self._running else over_at)

    def on_up(self, event: Event, now: float) -> Event | None:
        self._awaited_until = now + ANSWER_WITHIN_S
        return event

    def on_down(self, event: Event, now: float) -> Event | None:
        if event.type == RESPONSE_CREATED:
            self._running += 1
            self._running_until = now + TURN_MAY_LAST_S
            self._awaited_until = 0.0
            self._session.down.unhook({FIRST_AUDIO}, self._first_audio)
            self._session.down.hook({FIRST_AUDIO}, self._first_audio)
        elif event.type == RESPONSE_DONE:
            self._running = max(0, self._running - 1)
            self._done(event.body, now)
        elif event.type == PLAYING_BEGAN:
            self._playing_until = now + TURN_MAY_LAST_S
        elif event.type in PLAYING_ENDED:
            self._playing_until = 0.0
        elif event.type == SPEECH_STARTED:
            self._speaking_until, self._awaited_until = now + TURN_MAY_LAST_S, 0.0
        else:
            self._speaking_until = 0.0
            self._awaited_until = 0.0 if event.type == SPEECH_CLEARED else now + ANSWER_WITHIN_S
        return event

    def _first_audio(self, event: Event, now: float) -> Event | None:
        self._played_from = max(now, self._played_until)
        self._session.down.unhook({FIRST_AUDIO}, self._first_audio)
        return event

    def _done(self, body: Body, now: float) -> None:
        response = body.get("response")
        if not isinstance(response, dict) or response.get("status") != "completed":
            self._played_until = now
            return
        heard_s = min(TURN_MAY_LAST_S, AUDIO_TOKEN_S * max(_audio_tokens(response), _audio_tokens(body)))
        self._played_until = max(now, min(self._played_from + heard_s, now + TURN_MAY_LAST_S))
        output = response.get("output")
        if isinstance(output, list) and any(isinstance(i, dict) and i.get("type") == "function_call" for i in output):
            self._awaited_until = now + ANSWER_WITHIN_S


class TranscriptPauses(Interceptor):
    """Follows the transcripts of a session without turns, in which both sides may speak at any time."""

    down = TRANSCRIPTS

    def __init__(self) -> None:
        self._spoken_at = 0.0

    def opened(self, session: Session, now: float) -> None:
        self._spoken_at = now

    def is_between_turns(self, now: float) -> bool:
        """Whether nobody has said a word for `PAUSE_S`."""
        return now - self._spoken_at >= PAUSE_S

    def on_down(self, event: Event, now: float) -> Event | None:
        self._spoken_at = now
        return event


def _audio_tokens(holder: Body) -> int:
    """What the usage in a response, or beside it, says that was spoken."""
    return read_usage(holder.get("usage")).tokens.get("audio_output", 0)
