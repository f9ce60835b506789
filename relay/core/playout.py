"""What a peer hears of answers when the relay itself plays them: what comes next, and what is done when it is cut.

An upstream sends an answer's sound far ahead of the time in which it is heard. Whoever plays it is therefore the one
who knows how much of it was heard, and does what the API does in its own calls: it tells when a response begins and
ends to be heard (`output_audio_buffer.started`, `.stopped`, `.cleared`), falls silent at once when the user speaks or
asks for it, and truncates the conversation at what was really played. The clock is whoever asks for frames.

Whoever hears it hears it later than it is sent. A client that plays on until silence comes hears all that was sent, but
one that falls silent by itself does not, and tells how far it is behind (`relay.playout`).
"""

import binascii
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from relay.core import g711
from relay.core.closing import printable
from relay.core.events import Body, Event

BYTES_PER_MS = 48
"""PCM16, mono, 24 kHz: the one format of a call's sound on the relay's side."""

FRAME_MS = 20
FRAME_BYTES = FRAME_MS * BYTES_PER_MS

OWN = "relay_playout"
"""What the `event_id` of what is asked and told here begins with."""

DELTA, DONE = "response.output_audio.delta", "response.done"
LATENESS = "relay.playout"
"""A peer's: `buffer_ms`, which sound waits there before it is heard, and `round_trip_ms`, of the network between."""

SESSION_EVENTS = frozenset({"session.created", "session.updated"})
SPEECH_STARTED, ERROR = "input_audio_buffer.speech_started", "error"

Say = Callable[[Body], None]

_LAWS: Mapping[str, g711.Law] = {"audio/pcmu": "ulaw", "audio/pcma": "alaw"}

MOST_LATE_MS = 2_000
"""A browser's jitter buffer keeps a second at most."""

MOST_RESPONSES = 32
"""So many that have not ended are known at one time; there are two or three."""


@dataclass(slots=True, eq=False)
class _Sound:
    """One content part's sound, as much as has come and is not played yet."""

    response_id: str
    item_id: str
    content_index: int
    pieces: deque[bytes] = field(default_factory=deque)
    half_sample: bytes = b""
    waiting_bytes: int = 0
    played_bytes: int = 0
    is_queued: bool = False

    def put(self, pcm: bytes) -> int:
        """Add to it; returns by how many bytes of whole samples."""
        pcm = self.half_sample + pcm
        whole = len(pcm) & ~1
        self.half_sample = pcm[whole:]
        self.pieces.append(pcm[:whole])
        self.waiting_bytes += whole
        return whole

    def take(self, most: int) -> bytes:
        taken = bytearray()
        while self.pieces and len(taken) < most:
            piece, room = self.pieces.popleft(), most - len(taken)
            taken += piece[:room]
            if len(piece) > room:
                self.pieces.appendleft(piece[room:])
        self.waiting_bytes -= len(taken)
        self.played_bytes += len(taken)
        return bytes(taken)


@dataclass(slots=True)
class _Response:
    """One that has not ended: its parts, whether the rest of it is not to be heard, and what is cut at its end."""

    parts: dict[tuple[str, int], _Sound] = field(default_factory=dict)
    is_cut: bool = False
    to_truncate: list[tuple[_Sound, int]] = field(default_factory=list)


class Playout:
    """The sound of a session's answers, one after the other, in frames.

    Attributes:
        waiting_bytes: how much is left to be played.
        played_ms: how much was, since the session began.
    """

    def __init__(self, tell: Say, ask: Say, tell_refused: Callable[[str], None] = lambda _: None) -> None:
        """What is told goes to the peer, what is asked to the upstream; neither calls back.

        `tell_refused` is told the code with which the upstream refuses to truncate, and keeps what nobody heard.
        """
        self.waiting_bytes = 0
        self.played_ms = 0.0
        self._tell = tell
        self._ask = ask
        self._tell_refused = tell_refused
        self._sounds: deque[_Sound] = deque()
        self._responses: dict[str, _Response] = {}
        self._heard: str | None = None
        self._interrupts = True
        self._law: g711.Law | None = None
        self._said = 0
        self._buffer_ms = self._round_trip_ms = 0.0
        self._sent: deque[tuple[_Sound | None, int]] = deque(maxlen=MOST_LATE_MS // FRAME_MS)

    def hides(self, event: Event) -> bool:
        """Whether the peer does not get to see what the upstream says: it hears it, or it did not ask."""
        return event.type == DELTA or _refusal(event) is not None

    def on_down(self, event: Event) -> None:
        """Take what the upstream says, once the peer was told what is not hidden."""
        if event.type == DELTA:
            self._put(event.body)
        elif (refusal := _refusal(event)) is not None:
            self._tell_refused(printable(str(refusal.get("code"))))
        elif event.type == DONE:
            self._finish(event.body.get("response"))
        elif event.type in SESSION_EVENTS:
            session = event.body.get("session")
            self._interrupts = _interrupts(session)
            self._law = _law(session)
        elif event.type == SPEECH_STARTED and self._interrupts:
            self._cut(self._buffer_ms, ends_answers=True)  # its silence is as long on its way as the sound was

    def learn_lateness(self, body: Body) -> None:
        """Take what a peer that falls silent by itself says of how far it is behind; nonsense changes nothing."""
        buffer_ms, round_trip_ms = body.get("buffer_ms"), body.get("round_trip_ms", 0)
        if _is_lateness(buffer_ms) and _is_lateness(round_trip_ms):
            self._buffer_ms = buffer_ms + FRAME_MS / 2  # of the last frame half was due when the next thing happens
            self._round_trip_ms = round_trip_ms

    def frame(self) -> bytes | None:
        """The next `FRAME_BYTES`, filled up with silence where too little is there; None where nothing is."""
        self._pass_on()
        if not self._sounds or not self._sounds[0].waiting_bytes:
            self._sent.append((None, 0))
            return None
        sound = self._sounds[0]
        self._hear(sound.response_id)
        taken = sound.take(FRAME_BYTES)
        self._sent.append((sound, len(taken)))
        self.waiting_bytes -= len(taken)
        self.played_ms += len(taken) / BYTES_PER_MS
        return taken.ljust(FRAME_BYTES, b"\0")

    def clear(self) -> None:
        """Play none of it, nor what is still to come of these answers; the conversation has what was played alone.

        An answer that nobody has cancelled is still being made, and is truncated when it is done.
        """
        self._cut(self._buffer_ms + self._round_trip_ms, ends_answers=False)

    def _cut(self, late_ms: float, *, ends_answers: bool) -> None:
        cut = [sound for sound in self._sounds if sound.waiting_bytes or sound.response_id in self._responses]
        heard = self._heard
        self.drop()
        if heard is not None and heard not in {sound.response_id for sound in cut}:
            self._say(self._tell, "output_audio_buffer.stopped", response_id=heard)
        for response_id in dict.fromkeys(sound.response_id for sound in cut):
            self._say(self._tell, "output_audio_buffer.cleared", response_id=response_id)
        for sound in cut:
            response = self._responses.get(sound.response_id)
            if response is not None and not response.is_cut:
                response = self._responses[sound.response_id] = _Response(is_cut=True)
            heard_ms = self._heard_ms(sound, late_ms)
            if response is None or ends_answers:
                self._truncate(sound, heard_ms)
            else:
                response.to_truncate.append((sound, heard_ms))

    def drop(self) -> None:
        """Play none of it, and say nothing of it: the session has ended."""
        self._sounds.clear()
        self.waiting_bytes = 0
        self._heard = None

    def _put(self, body: Body) -> None:
        response_id, item_id, index = body.get("response_id"), body.get("item_id"), body.get("content_index", 0)
        try:
            pcm = binascii.a2b_base64(body["delta"])
        except (KeyError, TypeError, ValueError):
            return
        if not (isinstance(response_id, str) and isinstance(item_id, str) and isinstance(index, int) and pcm):
            return
        sound = self._sound_of(response_id, item_id, index)
        if sound is not None:
            self.waiting_bytes += sound.put(pcm if self._law is None else g711.decode(self._law, pcm))
            if not sound.is_queued:
                sound.is_queued = True
                self._sounds.append(sound)

    def _sound_of(self, response_id: str, item_id: str, index: int) -> _Sound | None:
        """Where a delta belongs; None where it is not to be heard."""
        response = self._responses.setdefault(response_id, _Response())
        if len(self._responses) > MOST_RESPONSES:
            del self._responses[next(iter(self._responses))]
        if response.is_cut:
            return None
        return response.parts.setdefault((item_id, index), _Sound(response_id, item_id, index))

    def _finish(self, response: Any) -> None:
        response_id = response.get("id") if isinstance(response, dict) else None
        if isinstance(response_id, str):
            ended = self._responses.pop(response_id, None)
            for sound, heard_ms in ended.to_truncate if ended is not None else ():
                self._truncate(sound, heard_ms)

    def _pass_on(self) -> None:
        """Let go of what is played, once something follows it or its response has ended."""
        while self._sounds and not self._sounds[0].waiting_bytes:
            if len(self._sounds) == 1 and self._sounds[0].response_id in self._responses:
                return
            self._sounds.popleft().is_queued = False
        if not self._sounds:
            self._hear(None)

    def _hear(self, response_id: str | None) -> None:
        """Another response is heard from now on, or none."""
        if response_id == self._heard:
            return
        if self._heard is not None:
            self._say(self._tell, "output_audio_buffer.stopped", response_id=self._heard)
        if response_id is not None:
            self._say(self._tell, "output_audio_buffer.started", response_id=response_id)
        self._heard = response_id

    def _heard_ms(self, sound: _Sound, late_ms: float) -> int:
        """How much of it is heard where that is so far behind what is sent."""
        unheard = 0.0
        for other, sent_bytes in reversed(self._sent):
            if late_ms <= 0:
                break
            if other is sound:
                unheard += sent_bytes * min(1.0, late_ms / FRAME_MS)
            late_ms -= FRAME_MS
        return int(sound.played_bytes - unheard) // BYTES_PER_MS

    def _truncate(self, sound: _Sound, heard_ms: int) -> None:
        self._say(
            self._ask,
            "conversation.item.truncate",
            item_id=sound.item_id,
            content_index=sound.content_index,
            audio_end_ms=heard_ms,
        )

    def _say(self, say: Say, kind: str, **fields: Any) -> None:
        self._said += 1
        say({"type": kind, "event_id": f"{OWN}_{self._said}", **fields})


def _refusal(event: Event) -> dict[str, Any] | None:
    """What the upstream says against something that was asked here."""
    error = event.body.get("error") if event.type == ERROR else None
    return error if isinstance(error, dict) and str(error.get("event_id")).startswith(OWN) else None


def _is_lateness(ms: Any) -> TypeGuard[float]:
    return isinstance(ms, int | float) and 0 <= ms <= MOST_LATE_MS


def _interrupts(session: Any) -> bool:
    """Whether speech cuts an answer in this session: as in the API, unless it says that it does not."""
    detection = _within(session, "audio", "input", "turn_detection")
    return not (isinstance(detection, Mapping) and detection.get("interrupt_response") is False)


def _law(session: Any) -> g711.Law | None:
    """How the answers of this session are encoded, where they are a telephone's: a relay's wish for PCM is but one."""
    kind = _within(session, "audio", "output", "format", "type")
    return _LAWS.get(kind) if isinstance(kind, str) else None


def _within(holder: Any, *names: str) -> Any:
    for name in names:
        holder = holder.get(name) if isinstance(holder, Mapping) else None
    return holder
