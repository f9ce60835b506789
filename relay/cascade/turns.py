"""Who speaks, and when a turn is over: decided from what an ear says of each frame of sound.

An ear answers later than it is asked, since it may run elsewhere. So frames go out (`take_frames`), and what the ear
says of them comes back (`hear`) with the number of the stretch of sound that they belong to: what comes back for an
older stretch, before the buffer was cleared or the detection changed, is dropped here.

A pause in a turn is where the speaker may be done. It is told to a `TurnWatcher`, which may begin to work on what there
is; if speech goes on, that is told as well. Only when it has been quiet for long enough is the turn over.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from relay.cascade.completeness import Completeness
from relay.engine.audio import BYTES_PER_MS
from relay.engine.input_buffer import InputBuffer
from relay.engine.listening import SpeechStarted, SpeechStopped

ONSET_MS = 60
"""So long somebody has to speak before it counts."""

INTERRUPTION_MS = 300
"""So long while sound plays: a cough or a word of assent is not to cut an answer short."""

PAUSE_MS = 100
"""It has to be quiet for so long before it may be the end of a turn."""

SURE_MS = 200.0
"""With `semantic_vad`, a turn that sounds complete is over after so much silence."""

HYSTERESIS = 0.15
"""While somebody speaks, this much less counts as speech, too."""

SEMANTIC_THRESHOLD = 0.5
SEMANTIC_PREFIX_MS = 300
PATIENCE: Mapping[str, float] = {"low": 2.0, "medium": 1.0, "auto": 1.0, "high": 0.5}
"""For how many times `hold_ms` a turn is waited for of which nothing says whether it is complete, by eagerness."""

LONGEST_MS: Mapping[str, float] = {"low": 8000.0, "medium": 4000.0, "auto": 4000.0, "high": 2000.0}
"""For how long a turn is waited for that does not sound complete, by eagerness: the API's own longest waits."""


@dataclass(frozen=True, slots=True)
class TurnRules:
    """What `audio.input.turn_detection` asks for.

    Attributes:
        threshold: the probability from which a frame is speech.
        prefix_ms: how much of what came before the onset belongs to the turn.
        silence_ms: how long it has to be quiet before the turn is over.
        judges: whether somebody is to judge if a turn that has paused is complete.
    """

    threshold: float
    prefix_ms: int
    silence_ms: Mapping[Completeness, float]
    judges: bool

    @classmethod
    def read(cls, turn_detection: Mapping[str, Any], hold_ms: int) -> Self:
        """From a checked `turn_detection` of either kind, defaults filled in."""
        if turn_detection["type"] == "semantic_vad":
            eagerness = turn_detection["eagerness"]
            longest_ms = LONGEST_MS[eagerness]
            silence_ms = {
                Completeness.COMPLETE: SURE_MS,
                Completeness.UNCERTAIN: min(longest_ms, max(SURE_MS, hold_ms * PATIENCE[eagerness])),
                Completeness.INCOMPLETE: longest_ms,
            }
            return cls(SEMANTIC_THRESHOLD, SEMANTIC_PREFIX_MS, silence_ms, judges=True)
        silence_ms = dict.fromkeys(Completeness, turn_detection["silence_duration_ms"])
        return cls(turn_detection["threshold"], turn_detection["prefix_padding_ms"], silence_ms, judges=False)


@dataclass(frozen=True, slots=True)
class Frames:
    """Sound for the ear: whole frames of PCM16, 24 kHz, mono.

    Attributes:
        stretch: which stretch of sound they belong to; an ear that has heard another before starts anew.
    """

    stretch: int
    pcm: bytes


class TurnWatcher(Protocol):
    """Whom a listener tells about the turn that goes on."""

    def is_sounding(self) -> bool:
        """Whether the peer is hearing an answer now."""

    def turn_began(self, pcm: bytes) -> None:
        """Somebody speaks; this is what there is so far."""

    def turn_went_on(self, pcm: bytes) -> None:
        """More of it."""

    def turn_paused(self, pcm: bytes, spoken_ms: int, *, judges: bool) -> None:
        """The turn may be over.

        Args:
            pcm: all of it.
            spoken_ms: how much of it was speech.
            judges: whether somebody should judge if it is complete.
        """

    def turn_resumed(self) -> None:
        """It was not: speech goes on."""

    def turn_ended(self, spoken_ms: int) -> None:
        """It is over, after so much speech; it is taken next."""

    def turn_forgotten(self) -> None:
        """It comes to nothing: the buffer was emptied."""


class TurnTaker:
    """The input audio buffer of a session, and the turns in it.

    Args:
        watcher: is told about them.
        frame_ms: how long a frame of the ear is.
        hold_ms: how long a turn is waited for of which nothing says whether it is complete.
    """

    def __init__(self, watcher: TurnWatcher, *, frame_ms: int, hold_ms: int) -> None:
        self._watcher = watcher
        self._frame_ms = frame_ms
        self._frame_bytes = frame_ms * BYTES_PER_MS
        self._hold_ms = hold_ms
        self._buffer = InputBuffer()
        self._detection: Mapping[str, Any] | None = None
        self._rules: TurnRules | None = None
        self._stretch = 0
        self._given = 0
        self._heard = 0
        self._turn = _Turn()

    @property
    def end_ms(self) -> int:
        """Where the audio that has been appended so far ends."""
        return self._buffer.end_ms

    @property
    def is_speaking(self) -> bool:
        """A turn has started and is not over."""
        return self._turn.start is not None

    @property
    def is_paused(self) -> bool:
        """A turn has started, and may be over."""
        return self._turn.is_paused

    def detect_turns(self, turn_detection: Mapping[str, Any] | None) -> None:
        """Find turns like this from here on, or not at all. Asking for what is done already changes nothing."""
        if turn_detection == self._detection:
            return
        self._detection = turn_detection
        self._rules = TurnRules.read(turn_detection, self._hold_ms) if turn_detection else None
        self._forget_turn()
        self._begin_stretch()

    def append(self, pcm: bytes) -> Iterator[SpeechStarted | SpeechStopped]:
        """Buffer this. What is found in it is told by `hear`."""
        self._buffer.append(pcm)
        self._buffer.forget(is_quiet=False)
        if self._rules is not None and not self.is_speaking:
            self._buffer.forget(is_quiet=True, up_to=self._heard)
        if self._heard < self._buffer.first:
            self._forget_turn()
            self._begin_stretch()
        return iter(())

    def take_frames(self) -> Frames | None:
        """What the ear has not been given yet; None where that is no whole frame, or nobody wants to know."""
        count = (self._buffer.end - self._given) // self._frame_bytes
        if self._rules is None or count == 0:
            return None
        start, self._given = self._given, self._given + count * self._frame_bytes
        return Frames(self._stretch, self._buffer.slice(start, self._given))

    def hear(self, stretch: int, probabilities: Sequence[float]) -> Iterator[SpeechStarted | SpeechStopped]:
        """Take what the ear says of the frames that it was given, in order; tell what is found. Iterate to the end."""
        for probability in probabilities:
            if stretch != self._stretch or self._rules is None:
                return
            self._heard += self._frame_bytes
            yield from self._hear_frame(probability, self._rules)

    def judge(self, completeness: Completeness) -> None:
        """What somebody says who was asked to judge the turn at its pause."""
        if self._turn.is_paused:
            self._turn.completeness = completeness

    def commit(self) -> bytes:
        """Take everything out of the buffer, as the turn that somebody decided to end.

        Raises:
            Refused: there is less than 100 ms.
        """
        self._buffer.require_commit()
        self._forget_turn()
        return self._take_rest(self._buffer.first)

    def take_since(self, start_ms: int) -> bytes:
        """Take out what was appended since then, and forget what lay before it."""
        self._forget_turn()
        return self._take_rest(start_ms * BYTES_PER_MS)

    def clear(self) -> None:
        """Empty the buffer; a turn that had started is forgotten."""
        self._forget_turn()
        self._take_rest(self._buffer.end)

    def end(self) -> None:
        """Let go of what it holds: no more will come."""
        self._rules = self._detection = None
        self.clear()

    def _hear_frame(self, probability: float, rules: TurnRules) -> Iterator[SpeechStarted | SpeechStopped]:
        turn = self._turn
        if turn.start is None:
            if self._has_begun(probability >= rules.threshold):
                yield self._begin_turn(rules.prefix_ms)
            return
        self._watcher.turn_went_on(self._buffer.slice(self._heard - self._frame_bytes, self._heard))
        if probability >= rules.threshold - HYSTERESIS:
            turn.spoken_ms += self._frame_ms
            turn.quiet_ms = 0
            if turn.is_paused:
                turn.is_paused, turn.completeness = False, Completeness.UNCERTAIN
                self._watcher.turn_resumed()
            return
        turn.quiet_ms += self._frame_ms
        if not turn.is_paused and turn.quiet_ms >= min(PAUSE_MS, rules.silence_ms[turn.completeness]):
            turn.is_paused = True
            pcm = self._buffer.slice(turn.start, self._heard)
            self._watcher.turn_paused(pcm, turn.spoken_ms, judges=rules.judges)
        if turn.is_paused and turn.quiet_ms >= rules.silence_ms[turn.completeness]:
            yield self._end_turn(turn)

    def _has_begun(self, is_loud: bool) -> bool:
        """Count speech before a turn; a quiet frame in it takes as much away as a loud one brings."""
        turn = self._turn
        if is_loud and turn.onset_ms == 0:
            turn.onset = self._heard - self._frame_bytes
        turn.onset_ms = max(0, turn.onset_ms + (self._frame_ms if is_loud else -self._frame_ms))
        return turn.onset_ms >= (INTERRUPTION_MS if self._watcher.is_sounding() else ONSET_MS)

    def _begin_turn(self, prefix_ms: int) -> SpeechStarted:
        turn = self._turn
        turn.start = max(self._buffer.first, turn.onset - prefix_ms * BYTES_PER_MS)
        turn.spoken_ms = turn.onset_ms
        self._watcher.turn_began(self._buffer.slice(turn.start, self._heard))
        return SpeechStarted(turn.start // BYTES_PER_MS)

    def _end_turn(self, turn: "_Turn") -> SpeechStopped:
        self._watcher.turn_ended(turn.spoken_ms)
        self._turn = _Turn()
        return SpeechStopped(self._heard // BYTES_PER_MS, self._buffer.take(turn.start or 0, self._heard))

    def _take_rest(self, start: int) -> bytes:
        pcm = self._buffer.take(start, self._buffer.end)
        self._begin_stretch()
        return pcm

    def _forget_turn(self) -> None:
        if self.is_speaking:
            self._watcher.turn_forgotten()
        self._turn = _Turn()

    def _begin_stretch(self) -> None:
        """Listen from here on as if nothing had been said before; what the ear still has to say is of no use."""
        self._stretch += 1
        self._given = self._heard = self._buffer.end


@dataclass(slots=True)
class _Turn:
    """The turn that goes on, or may be about to begin; positions are bytes."""

    start: int | None = None
    onset: int = 0
    onset_ms: int = 0
    spoken_ms: int = 0
    quiet_ms: int = 0
    is_paused: bool = False
    completeness: Completeness = Completeness.UNCERTAIN
