"""A translation session of the mock: while somebody speaks, a clip is said at the same speed, as if it were the sense.

Its only clock is the audio that is appended. For each `STEP_MS` of speech it says as much of its clips, with the words
in them, and so it falls silent with the speaker.
"""

from typing import Any

from relay.core.injection import merged
from relay.engine import audio
from relay.engine.checks import fields, nullable, number, one_of, text, variants
from relay.engine.events import Event, new_id
from relay.engine.listening import Listener, SpeechStopped
from relay.engine.realtime_session import turn_detection
from relay.engine.session_base import SESSION_SECONDS, SessionBase
from relay.engine.shapes import client_event
from relay.stand_ins.exchange import CloseWith
from relay.stand_ins.mock.clip_player import ClipPlayer
from relay.stand_ins.mock.opening import Opening
from relay.stand_ins.mock.voice import describe

STEP_MS = 200
STEP_BYTES = STEP_MS * audio.BYTES_PER_MS
FORMAT: audio.AudioFormat = {"type": "audio/pcm", "rate": 24000}

SESSION = fields(
    audio=fields(
        input=fields(
            noise_reduction=nullable(fields({"type": one_of("near_field", "far_field")}, strength=number(0.0, 1.0))),
            transcription=nullable(fields({"model": text()})),
        ),
        output=fields(language=text()),
    )
)
CLIENT_EVENT = variants(
    "type",
    {
        "session.update": client_event({"session": SESSION}),
        "session.input_audio_buffer.append": client_event({"audio": text()}),
        "session.close": client_event(),
    },
)


class TranslationSession(SessionBase):
    """One speaker who is interpreted; see `MockSession` for what is common to all."""

    def __init__(
        self,
        opening: Opening,
        *,
        now: float,
        unix_now: float,
        session_seconds: float = SESSION_SECONDS,
        record_s: float = 0.0,
    ) -> None:
        super().__init__(CLIENT_EVENT, now=now, session_seconds=session_seconds, record_s=record_s)
        self._fields: dict[str, Any] = {
            "type": "translation",
            "id": new_id("sess"),
            "model": opening.model,
            "expires_at": round(unix_now + session_seconds),
            "audio": {"input": {"noise_reduction": None, "transcription": None}, "output": {"language": "en"}},
        }
        self._clips = ClipPlayer()
        self._listener = Listener()
        self._listener.detect_turns(turn_detection({"type": "server_vad"}))
        self._owed_bytes = 0
        self._handlers = {
            "session.update": self._update,
            "session.input_audio_buffer.append": self._append,
            "session.close": self._close,
        }
        self._emit("session.created", session=self._fields)

    def _update(self, parsed: Event) -> None:
        self._fields = merged(self._fields, parsed["session"])
        self._emit("session.updated", session=self._fields)

    def _append(self, parsed: Event) -> None:
        pcm = audio.decode(FORMAT, parsed["audio"], "audio")
        self._keep(pcm)
        turns = [found.pcm for found in self._listener.append(pcm) if isinstance(found, SpeechStopped)]
        if self._listener.is_speaking or turns:
            self._owed_bytes += len(pcm)
        while self._owed_bytes >= STEP_BYTES or (turns and self._owed_bytes > 0):
            self._say_more(min(STEP_BYTES, self._owed_bytes))
        for turn in turns:
            self._transcribe(turn)

    def _say_more(self, size: int) -> None:
        self._owed_bytes -= size
        piece = self._clips.next_piece(size)
        where = {"elapsed_ms": self._listener.end_ms // STEP_MS * STEP_MS}
        if piece.words:
            self._emit("session.output_transcript.delta", **where, delta=piece.words)
        sound = {"sample_rate": FORMAT["rate"], "channels": 1, "format": "pcm16"}
        self._emit("session.output_audio.delta", **where, **sound, delta=audio.encode(FORMAT, piece.pcm))

    def _transcribe(self, turn: bytes) -> None:
        """What the speaker said, or rather for how long, where that is wanted."""
        if self._fields["audio"]["input"]["transcription"] is not None:
            elapsed_ms = self._listener.end_ms // STEP_MS * STEP_MS
            self._emit("session.input_transcript.delta", delta=f"[{describe(turn)}] ", elapsed_ms=elapsed_ms)

    def _close(self, _: Event) -> None:
        self._emit("session.closed")
        self.closing = CloseWith(1000)
