"""How long a speaker waits: from the end of speech to the first audio of the answer."""

from relay.core.events import Event
from relay.core.interceptor import Interceptor
from relay.core.tally import Histogram

SPEECH_STOPPED = "input_audio_buffer.speech_stopped"
SPEECH_STARTED = "input_audio_buffer.speech_started"
FIRST_AUDIO = "response.output_audio.delta"


class TurnTimer(Interceptor):
    """Observes speech stopped to first audio, both as they pass the relay, in seconds.

    Only turns that the upstream's voice detection ends are timed; a new start of speech begins anew.
    """

    down = frozenset({SPEECH_STARTED, SPEECH_STOPPED, FIRST_AUDIO})

    def __init__(self, first_audio_s: Histogram) -> None:
        self._observe = first_audio_s.observe
        self._stopped_at: float | None = None

    def on_down(self, event: Event, now: float) -> Event | None:
        if event.type == SPEECH_STOPPED:
            self._stopped_at = now
        elif event.type == SPEECH_STARTED:
            self._stopped_at = None
        elif self._stopped_at is not None:
            self._observe(now - self._stopped_at)
            self._stopped_at = None
        return event
