"""One session of the mock, without a socket and without a clock.

    session = MockSession(opening, pace=Pace(), now=0.0, unix_now=1.7e9)
    session.receive('{"type": "response.create"}', now=1.0)
    while event := session.next_event(now=1.0): ...
    session.next_due        # when to ask again, if nothing is received before

Events wait for nobody: they are produced when they are asked for, and due. Once `closing` is set and the events
before it are through, the connection is to be closed like that.
"""

from typing import cast

from relay.stand_ins.mock import audio
from relay.stand_ins.mock.answering import Answering
from relay.stand_ins.mock.errors import Fault, Refused
from relay.stand_ins.mock.events import Event, new_id
from relay.stand_ins.mock.items import Conversation, Item
from relay.stand_ins.mock.listening import Listener, SpeechStarted
from relay.stand_ins.mock.opening import Opening
from relay.stand_ins.mock.pace import Pace
from relay.stand_ins.mock.realtime_session import RealtimeSession
from relay.stand_ins.mock.responses import Response
from relay.stand_ins.mock.schedule import Pause, Running, Script
from relay.stand_ins.mock.session_base import SESSION_SECONDS, SessionBase
from relay.stand_ins.mock.shapes import CLIENT_EVENT
from relay.stand_ins.mock.transcription import transcribe


class MockSession(SessionBase):
    """The state of one conversation with a model that is not there.

    Args:
        opening: what the upgrade request asked for.
        pace: how fast it answers.
        now: the time, on the clock of all later calls, in seconds.
        unix_now: the same moment in Unix seconds, for `expires_at`.
        session_seconds: how long the session may last.
        record_s: how much of the received audio to keep in `heard`.
    """

    def __init__(
        self,
        opening: Opening,
        *,
        pace: Pace,
        now: float,
        unix_now: float,
        session_seconds: float = SESSION_SECONDS,
        record_s: float = 0.0,
    ) -> None:
        super().__init__(CLIENT_EVENT, now=now, session_seconds=session_seconds, record_s=record_s)
        self.realtime = RealtimeSession(opening.model, round(unix_now + session_seconds))
        self.conversation = Conversation()
        self._pace = pace
        self._listener = Listener()
        self._answering = Answering(self.realtime, self.conversation, self._schedule, pace, self._response_done)
        self._turn_id = ""
        self._owes_response = False
        self._idle_watch: Running | None = None
        if opening.session:
            self.realtime.update(dict(opening.session), has_spoken=False)
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
        self._listener = Listener()

    def _update(self, parsed: Event) -> None:
        has_spoken = self.conversation.has_assistant_audio
        self.realtime.update(parsed["session"], has_spoken=has_spoken)
        self._listener.detect_turns(self.realtime.hearing["turn_detection"])
        self._emit("session.updated", session=self.realtime.as_dict())

    def _append(self, parsed: Event) -> None:
        pcm = audio.decode(self.realtime.hearing["format"], parsed["audio"], "audio")
        self._keep(pcm)
        for found in self._listener.append(pcm):
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

    def _turn_taken(self, pcm: bytes, item_id: str) -> None:
        """A turn that nobody had to commit: it is answered, if that is wanted."""
        self._add_turn(pcm, item_id)
        detection = self.realtime.hearing["turn_detection"]
        if detection["create_response"] and not self.realtime.is_transcription:
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

    def _add_turn(self, pcm: bytes, item_id: str) -> None:
        content = [{"type": "input_audio", "transcript": None}]
        item = Item.make("message", item_id=item_id, status="completed", role="user", content=content)
        item.pcm[0] = bytearray(pcm)
        previous_id = self.conversation.append(item)
        self._emit("input_audio_buffer.committed", previous_item_id=previous_id, item_id=item_id)
        self._tell_item(item, previous_id)
        if (settings := self.realtime.hearing["transcription"]) is not None:
            self._schedule.start(transcribe(item, settings["model"] or "", self._pace), self._now)

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
        self._schedule.start(self._answering.rate_limits(response), self._now)
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
        unheard_s = response.spoken_ms / 1000 * (1 - 1 / self._pace.speedup)
        self._idle_watch = self._schedule.start(self._idle(unheard_s + self._idle_timeout_ms / 1000), self._now)

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
        self._turn_taken(self._listener.take_since(start_ms), item_id)

    def _stop_idle_watch(self) -> None:
        if self._idle_watch:
            self._schedule.stop(self._idle_watch)
            self._idle_watch = None
