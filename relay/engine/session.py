"""One session of the Realtime API, without a socket, without a clock, and with a mind to plug in.

    session = EngineSession(model, mind=mind, listener=Listener(), now=0.0, unix_now=1.7e9)
    session.receive('{"type": "response.create"}', now=1.0)
    while event := session.next_event(now=1.0): ...
    session.next_due        # when to ask again, if nothing is received before

Events wait for nobody: they are produced when they are asked for, and due. Once `closing` is set and the events
before it are through, the connection is to be closed like that.
"""

from collections.abc import Mapping
from typing import Any, cast

from relay.engine import audio
from relay.engine.answering import Answering
from relay.engine.errors import Fault, Refused
from relay.engine.events import Event, new_id
from relay.engine.items import Conversation, Item
from relay.engine.listening import SpeechStarted, SpeechStopped, TurnListener
from relay.engine.mind import Mind, Request
from relay.engine.realtime_session import RealtimeSession
from relay.engine.responses import Response
from relay.engine.schedule import Pause, Running, Script
from relay.engine.session_base import SESSION_SECONDS, SessionBase
from relay.engine.shapes import CLIENT_EVENT
from relay.engine.transcription import transcription


class EngineSession(SessionBase):
    """The state of one conversation.

    Args:
        model: what the session was opened for; None makes it a transcription session.
        mind: what hears, thinks and speaks.
        listener: the input audio buffer, and what finds turns in it.
        now: the time, on the clock of all later calls, in seconds.
        unix_now: the same moment in Unix seconds, for `expires_at`.
        given: what the session begins with, checked like an update's.
        instructions: those that it has until somebody gives it others.
        session_seconds: how long the session may last.
        record_s: how much of the received audio to keep in `heard`.
    """

    def __init__(
        self,
        model: str | None,
        *,
        mind: Mind,
        listener: TurnListener,
        now: float,
        unix_now: float,
        given: Mapping[str, Any] | None = None,
        instructions: str = "",
        session_seconds: float = SESSION_SECONDS,
        record_s: float = 0.0,
    ) -> None:
        super().__init__(CLIENT_EVENT, now=now, session_seconds=session_seconds, record_s=record_s)
        self.realtime = RealtimeSession(model, round(unix_now + session_seconds), instructions)
        self.conversation = Conversation()
        self._mind = mind
        self._listener = listener
        self._answering = Answering(self.realtime, self.conversation, self._schedule, mind, self._response_done)
        self._turn_id = ""
        self._owes_response = False
        self._idle_watch: Running | None = None
        if given:
            self.realtime.update(dict(given), has_spoken=False)
        self._listener.detect_turns(self.realtime.hearing["turn_detection"])
        self._handlers = {
            "session.update": self._update,
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit,
            "input_audio_buffer.clear": self._clear,
            "conversation.item.create": self._create_item,
            "conversation.item.retrieve": self._retrieve_item,
            "conversation.item.truncate": self._truncate_item,
            "conversation.item.delete": self._delete_item,
            "response.create": self._create_response,
            "response.cancel": self._cancel_response,
        }
        self._emit("session.created", session=self.realtime.as_dict())

    def end(self) -> None:
        """Let go of what the session holds, and take in no more: its connection is gone. What it has heard stays."""
        super().end()
        self.conversation.clear()
        self._listener.end()
        self._answering.end()
        self._idle_watch = None

    def _admit(self, parsed: Event) -> Event:
        return self._mind.check(parsed)

    def _update(self, parsed: Event) -> None:
        has_spoken = self.conversation.has_assistant_audio
        self.realtime.update(parsed["session"], has_spoken=has_spoken)
        self._listener.detect_turns(self.realtime.hearing["turn_detection"])
        self._emit("session.updated", session=self.realtime.as_dict())

    def _append(self, parsed: Event) -> None:
        pcm = audio.decode(self.realtime.hearing["format"], parsed["audio"], "audio")
        self._keep(pcm)
        for found in self._listener.append(pcm):
            self._found(found)

    def found(self, found: SpeechStarted | SpeechStopped, now: float) -> None:
        """What a listener says later than it is asked, of audio that was appended before."""
        if not self.closing and not self._has_ended:
            self._now = now
            self._found(found)

    def draft(self) -> Request | None:
        """What would be answered if a turn were over now; None if it would not be, or behind another response."""
        detection = self.realtime.hearing["turn_detection"]
        if not detection or not detection["create_response"] or self.realtime.is_transcription:
            return None
        return None if self._answering.active else self._answering.draft()

    def _found(self, found: SpeechStarted | SpeechStopped) -> None:
        if isinstance(found, SpeechStarted):
            self._speech_started(found.start_ms)
        else:
            self._emit("input_audio_buffer.speech_stopped", audio_end_ms=found.end_ms, item_id=self._turn_id)
            self._turn_taken(found.pcm, self._turn_id)

    def _speech_started(self, start_ms: int) -> None:
        self._turn_id = new_id("item")
        self._stop_idle_watch()
        self._emit("input_audio_buffer.speech_started", audio_start_ms=start_ms, item_id=self._turn_id)
        if self.realtime.hearing["turn_detection"]["interrupt_response"]:
            self._outbox.extend(self._answering.interrupt())

    def _turn_taken(self, pcm: bytes, item_id: str, *, is_silence: bool = False) -> None:
        """A turn that nobody had to commit: it is answered, if that is wanted, as is the silence of somebody idle."""
        wants_answer = self._add_turn(pcm, item_id) or is_silence
        detection = self.realtime.hearing["turn_detection"]
        if wants_answer and detection["create_response"] and not self.realtime.is_transcription:
            self._answer_turn()

    def _answer_turn(self) -> None:
        """Respond to what was said, now or, while another response goes on, behind it."""
        self._owes_response = self._answering.active is not None
        if self._owes_response:
            return
        try:
            self._answering.create({}, self._now)
        except Refused as refusal:
            self._outbox.append(refusal.as_event())

    def _commit(self, _parsed: Event) -> None:
        self._add_turn(self._listener.commit(), new_id("item"))

    def _add_turn(self, pcm: bytes, item_id: str) -> bool:
        """A turn becomes an item; returns whether it asks for an answer."""
        content = [{"type": "input_audio", "transcript": None}]
        item = Item.make("message", item_id=item_id, status="completed", role="user", content=content)
        item.pcm[0] = bytearray(pcm)
        previous_id = self.conversation.append(item)
        self._emit("input_audio_buffer.committed", previous_item_id=previous_id, item_id=item_id)
        self._tell_item(item, previous_id)
        wants_answer = self._mind.take_turn(item)
        if (settings := self.realtime.hearing["transcription"]) is not None:
            self._schedule.start(transcription(item, self._mind.transcribe(item, settings)), self._now)
        return wants_answer

    def _tell_item(self, item: Item, previous_id: str | None) -> None:
        self._emit("conversation.item.added", previous_item_id=previous_id, item=item.as_dict())
        self._emit("conversation.item.done", previous_item_id=previous_id, item=item.as_dict())

    def _clear(self, _parsed: Event) -> None:
        self._listener.clear()
        self._emit("input_audio_buffer.cleared")

    def _create_item(self, parsed: Event) -> None:
        item = Item.from_client(parsed["item"], self.realtime.hearing["format"])
        previous_id = self.conversation.insert(item, parsed.get("previous_item_id"))
        self._tell_item(item, previous_id)

    def _retrieve_item(self, parsed: Event) -> None:
        item = self.conversation.find(parsed["item_id"], Fault.RETRIEVE_NOT_FOUND)
        side = self.realtime.speaking if item.role == "assistant" else self.realtime.hearing
        self._emit("conversation.item.retrieved", item=item.as_dict(with_audio=side["format"]))

    def _truncate_item(self, parsed: Event) -> None:
        place = {name: parsed[name] for name in ("item_id", "content_index", "audio_end_ms")}
        item = self.conversation.find(parsed["item_id"], Fault.TRUNCATE_NOT_FOUND)
        item.truncate(parsed["content_index"], parsed["audio_end_ms"])
        self._emit("conversation.item.truncated", **place)

    def _delete_item(self, parsed: Event) -> None:
        self.conversation.delete(parsed["item_id"])
        self._emit("conversation.item.deleted", item_id=parsed["item_id"])

    def _create_response(self, parsed: Event) -> None:
        self._require_model()
        self._answering.create(parsed.get("response") or {}, self._now)
        if self._answering.active:
            self._stop_idle_watch()

    def _cancel_response(self, parsed: Event) -> None:
        self._require_model()
        self._outbox.extend(self._answering.cancel(parsed.get("response_id")))

    def _require_model(self) -> None:
        if self.realtime.is_transcription:
            raise Refused(Fault.NO_RESPONSES_HERE)

    def _response_done(self, response: Response) -> None:
        if (follow_up := response.follow_up()) is not None:
            self._schedule.start(follow_up, self._now)
        if response.is_out_of_band:
            return
        if self._owes_response:
            self._answer_turn()
        else:
            self._watch_for_silence(response)

    def _watch_for_silence(self, response: Response) -> None:
        """Ask again by itself, if the client wants that, when nobody speaks for long after this response."""
        if self._idle_timeout_ms is None or self._listener.is_speaking:
            return
        wait_s = response.unheard_s + self._idle_timeout_ms / 1000
        self._idle_watch = self._schedule.start(self._idle(wait_s), self._now)

    @property
    def _idle_timeout_ms(self) -> int | None:
        detection = self.realtime.hearing["turn_detection"] or {}
        return cast("int | None", detection.get("idle_timeout_ms"))

    def _idle(self, wait_s: float) -> Script:
        start_ms = self._listener.end_ms
        yield Pause(wait_s)
        self._idle_watch = None
        if self._idle_timeout_ms is None:
            return
        item_id = new_id("item")
        span = {"audio_start_ms": start_ms, "audio_end_ms": self._listener.end_ms}
        self._emit("input_audio_buffer.timeout_triggered", **span, item_id=item_id)
        self._turn_taken(self._listener.take_since(start_ms), item_id, is_silence=True)

    def _stop_idle_watch(self) -> None:
        if self._idle_watch:
            self._schedule.stop(self._idle_watch)
            self._idle_watch = None
