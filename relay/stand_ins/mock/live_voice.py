"""The voice of a Live session: one utterance after another, each with its words, until it is spoken over."""

from collections import deque
from collections.abc import Callable, Iterator

from relay.engine import audio
from relay.engine.events import Event, event
from relay.engine.schedule import Pause, Running, Schedule, Script
from relay.stand_ins.mock.pace import Pace
from relay.stand_ins.mock.pieces import spoken_pieces
from relay.stand_ins.mock.voice import Utterance

MAX_WAITING = 16
"""Utterances that wait to be said; beyond them the oldest is forgotten."""


class LiveVoice:
    """Says what it is given, in order.

    Args:
        schedule: what plays it.
        pace: how fast.
        heard_ms: where the session's timeline is.
        told: what follows a piece of the transcript.
    """

    def __init__(
        self,
        schedule: Schedule,
        pace: Pace,
        heard_ms: Callable[[], int],
        told: Callable[[Event], Iterator[Event]],
    ) -> None:
        self.format: audio.AudioFormat = {"type": "audio/pcm", "rate": 24000}
        self._schedule = schedule
        self._pace = pace
        self._heard_ms = heard_ms
        self._told = told
        self._said_until_ms = 0
        self._waiting: deque[Utterance] = deque(maxlen=MAX_WAITING)
        self._speaking: Running | None = None

    def say(self, said: Utterance, now: float) -> None:
        """Say this, behind what is being said."""
        self._waiting.append(said)
        if self._speaking is None:
            self._speaking = self._schedule.start(self._speak(), now)

    def fall_silent(self) -> None:
        """Say nothing more of it."""
        self._waiting.clear()
        if self._speaking is not None:
            self._schedule.stop(self._speaking)
            self._speaking = None

    def sound(self, pcm: bytes) -> Event:
        """A piece of audio, which alone of all events has no id."""
        return {"type": "session.output_audio.delta", "delta": audio.encode(self.format, pcm)}

    def _speak(self) -> Script:
        while self._waiting:
            yield from self._utter(self._waiting.popleft())
        self._speaking = None

    def _utter(self, said: Utterance) -> Script:
        yield Pause(self._pace.latency_s)
        for words, pcm in spoken_pieces(said.words, said.pcm):
            start_ms = max(self._heard_ms(), self._said_until_ms)
            self._said_until_ms = start_ms + audio.milliseconds(pcm)
            for word in words:
                span = {"start_ms": start_ms, "end_ms": self._said_until_ms}
                delta = event("session.output_transcript.delta", delta=word, **span)
                yield delta
                yield from self._told(delta)
            yield self.sound(pcm)
            yield Pause(audio.milliseconds(pcm) / 1000 / self._pace.speedup)
