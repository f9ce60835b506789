"""One clock for what a user says: an upstream counts the audio that it was told, and its peer the session's."""

from relay.core.events import Event, write_event

TIMEOUT = "input_audio_buffer.timeout_triggered"
CLOCKED = frozenset({"input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped", TIMEOUT})
_TIMES = ("audio_start_ms", "audio_end_ms")


class UpstreamClock:
    """That of the upstream which serves.

    Attributes:
        begins_ms: how much had been said in the session before what it was told first.
    """

    def __init__(self) -> None:
        self.begins_ms = 0.0

    def of_session(self, event: Event) -> Event:
        """The event, one of `CLOCKED`, with its times counted from the session's beginning."""
        times = {name: ms for name in _TIMES if type(ms := event.body.get(name)) is int}
        if not self.begins_ms or not times:
            return event
        return write_event({**event.body, **{name: ms + round(self.begins_ms) for name, ms in times.items()}})
