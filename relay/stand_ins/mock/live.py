"""A Live session of the mock: it listens and speaks at the same time, and bills by the second.

Nothing passes before `session.start`. After each turn that it hears it says a clip, until it is done or spoken over,
and hands the turn to whoever its delegation names. What it bills is the audio that was sent to it.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from relay.engine import audio
from relay.engine.errors import Fault, Refused
from relay.engine.events import Event, event, new_id
from relay.engine.listening import Listener, SpeechStopped
from relay.engine.realtime_session import turn_detection
from relay.engine.session_base import SESSION_SECONDS, SessionBase
from relay.stand_ins.exchange import CloseWith
from relay.stand_ins.mock.clip_player import ClipPlayer
from relay.stand_ins.mock.live_delegation import Delegation, updated
from relay.stand_ins.mock.live_shapes import CLIENT_EVENT, CLIENT_EVENTS
from relay.stand_ins.mock.live_voice import LiveVoice
from relay.stand_ins.mock.pace import Pace
from relay.stand_ins.mock.voice import Utterance, describe

DEFAULT_AUDIO = {"format": {"type": "audio/pcm", "rate": 24000}, "output": {"voice": "marin"}}


class LiveSession(SessionBase):
    """One conversation without turns; see `MockSession` for what is common to all."""

    def __init__(
        self,
        *,
        pace: Pace,
        now: float,
        unix_now: float,
        session_seconds: float = SESSION_SECONDS,
        record_s: float = 0.0,
    ) -> None:
        super().__init__(CLIENT_EVENT, now=now, session_seconds=session_seconds, record_s=record_s)
        self._fields: dict[str, Any] = {}
        self._expires_at = round(unix_now + session_seconds)
        self._clips = ClipPlayer()
        self._listener = Listener()
        self._listener.detect_turns(turn_detection({"type": "server_vad"}))
        self._is_muted = False
        self._billed_bytes = 0
        offset = unix_now - now
        self._delegation = Delegation(self._schedule, pace, self._say, self._say_clip, offset)
        self._voice = LiveVoice(self._schedule, pace, lambda: self._listener.end_ms, self._delegation.triggered)
        self._handlers = {**dict.fromkeys(CLIENT_EVENTS, self._refuse_unstarted), "session.start": self._start}

    @property
    def _format(self) -> audio.AudioFormat:
        given: audio.AudioFormat = self._fields["audio"]["format"]
        return given

    @property
    def _usage(self) -> dict[str, float]:
        return {"seconds": round(self._billed_bytes / audio.BYTES_PER_MS / 1000, 3)}

    def _refuse_unstarted(self, _: Event) -> None:
        raise Refused(Fault.NOT_STARTED)

    def _refuse_again(self, _: Event) -> None:
        raise Refused(Fault.ALREADY_STARTED)

    def _start(self, parsed: Event) -> None:
        given = parsed["session"]
        wanted = {name: value for name, value in (given.get("audio") or {}).items() if value is not None}
        self._fields = {
            "id": new_id("sess"),
            "status": "active",
            "expires_at": self._expires_at,
            **given,
            "audio": {**DEFAULT_AUDIO, **wanted},
        }
        self._voice.format = self._format
        self._delegation.configure(self._fields)
        self._handlers = {
            "session.start": self._refuse_again,
            "session.update": self._update,
            "session.close": self._close,
            "session.input_audio.append": self._append,
            "session.input_audio.mute": self._mute,
            "session.input_audio.unmute": self._mute,
            "session.output_audio.fixture.play": self._play_fixture,
            "session.instructions.append": self._take_note,
            "session.thinking.append": self._take_note,
            "session.commentary.append": self._take_note,
            "response.item.create": partial(self._delegated, self._delegation.add_item),
            "response.create": partial(self._delegated, self._delegation.respond),
            "decision.item.create": partial(self._delegated, self._delegation.add_decision_item),
            "decision.item.delete": partial(self._delegated, self._delegation.delete_decision_item),
            "decision.create": partial(self._delegated, self._delegation.decide),
        }
        self._reply("session.started", parsed, session=self._fields)

    def _update(self, parsed: Event) -> None:
        given = parsed["session"]
        wanted = {"delegation": updated(self._fields.get("delegation"), given.get("delegation"))}
        if given.get("triggers") is not None:
            wanted["triggers"] = given["triggers"]
        self._fields = {**self._fields, **{name: value for name, value in wanted.items() if value is not None}}
        self._delegation.configure(self._fields)
        self._reply("session.updated", parsed, session=self._fields)

    def _delegated(self, act: Callable[[Event, float], Iterator[Event]], parsed: Event) -> None:
        self._outbox.extend(act(parsed, self._now))

    def _take_note(self, parsed: Event) -> None:
        now_ms = self._listener.end_ms
        self._delegation.note(parsed)
        self._reply(f"{parsed['type']}ed", parsed, start_ms=now_ms, end_ms=now_ms)

    def _mute(self, parsed: Event) -> None:
        self._is_muted = parsed["type"] == "session.input_audio.mute"
        self._reply(f"{parsed['type']}d", parsed)

    def _append(self, parsed: Event) -> None:
        pcm = audio.decode(self._format, parsed["audio"], "audio")
        self._keep(pcm)
        for found in self._listener.append(bytes(len(pcm)) if self._is_muted else pcm):
            self._voice.fall_silent()
            self._delegation.keep_quiet()
            if isinstance(found, SpeechStopped):
                self._take_turn(found)
        self._bill(len(pcm))

    def _take_turn(self, found: SpeechStopped) -> None:
        """Write down what was heard, and delegate or answer it."""
        start_ms = found.end_ms - audio.milliseconds(found.pcm)
        heard = f"[{describe(found.pcm)}] "
        delta = event("session.input_transcript.delta", delta=heard, start_ms=start_ms, end_ms=found.end_ms)
        self._outbox.extend([delta, *self._delegation.triggered(delta)])
        delegated = list(self._delegation.turn(heard.strip(), found.end_ms, self._now))
        self._outbox.extend(delegated)
        if not delegated:
            self._say_clip()

    def _bill(self, size: int) -> None:
        """Tell the usage whenever another second has been used."""
        second = 1000 * audio.BYTES_PER_MS
        before, self._billed_bytes = self._billed_bytes, self._billed_bytes + size
        if self._billed_bytes // second > before // second:
            self._emit("session.usage.updated", usage=self._usage, context_window={"usage_ratio": 0.0})

    def _say(self, said: Utterance) -> None:
        self._voice.say(said, self._now)

    def _say_clip(self) -> None:
        self._say(self._clips.next_clip())

    def _play_fixture(self, parsed: Event) -> None:
        pcm = audio.decode(self._format, parsed["audio"], "audio")
        self._reply("session.output_audio.fixture.playing", parsed)
        self._outbox.append(self._voice.sound(pcm))
        self._reply("session.output_audio.fixture.played", parsed)

    def _close(self, parsed: Event) -> None:
        self._reply("session.closed", parsed, reason="close_requested", session=self._fields, usage=self._usage)
        self.closing = CloseWith(1000)

    def _expire(self) -> None:
        if not self._fields:
            super()._expire()
            return
        self._schedule.stop_all()
        self._emit("session.closed", reason="expired", session=self._fields, usage=self._usage)
        self.closing = CloseWith(1001)

    def _reply(self, kind: str, parsed: Event, **fields: Any) -> None:
        """Emit an event that says which of the client's it answers, where that had an id."""
        named = {"client_event_id": parsed["event_id"]} if parsed.get("event_id") else {}
        self._emit(kind, **named, **fields)

    def _refusal(self, refusal: Refused, event_id: str | None) -> Event:
        said = refusal.as_event(event_id)
        error = {name: value for name, value in said["error"].items() if name != "event_id" and value is not None}
        return {**said, "error": {**error, "client_event_id": event_id} if event_id else error}
