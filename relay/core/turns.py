"""The latency of turns: from the end of speech to the first audio of the answer."""

from relay.core.events import Event
from relay.core.interceptor import Interceptor
from relay.core.session import Session
from relay.core.tally import Histogram

SPEECH_STOPPED = "input_audio_buffer.speech_stopped"
SPEECH_STARTED = "input_audio_buffer.speech_started"
FIRST_AUDIO = frozenset({"response.output_audio.delta", "output_audio_buffer.started"})
"""The second in calls, whose sound comes another way."""


class TurnTimer(Interceptor):
    """Observes speech stopped to first audio, both as they pass the relay, in seconds.

    Only turns that the upstream's voice detection ends are timed; a new start of speech begins anew. Audio is frequent,
    so it is looked at only between the end of speech and the first of it.
    """

    down = frozenset({SPEECH_STARTED, SPEECH_STOPPED})

    def __init__(self, first_audio_s: Histogram) -> None:
        self._observe = first_audio_s.observe
        self._stopped_at = 0.0
        self._session: Session

    def opened(self, session: Session, now: float) -> None:
        self._session = session

    def on_down(self, event: Event, now: float) -> Event | None:
        self._session.down.unhook(FIRST_AUDIO, self._first_audio)
        if event.type == SPEECH_STOPPED:
            self._stopped_at = now
            self._session.down.hook(FIRST_AUDIO, self._first_audio)
        return event

    def _first_audio(self, event: Event, now: float) -> Event | None:
        self._observe(now - self._stopped_at)
        self._session.down.unhook(FIRST_AUDIO, self._first_audio)
        return event
