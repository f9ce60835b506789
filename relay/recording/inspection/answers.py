"""What the upstream says: responses, when they could be heard, where they were cut, how long the peer waited."""

from collections import deque
from dataclasses import dataclass

from relay.core.events import Body
from relay.recording.inspection.audio import AudioFormat, read_format
from relay.recording.inspection.fields import OnEvent, dict_of, number_of, text_of
from relay.recording.inspection.playout import RATE, Playout
from relay.recording.inspection.summary import Turn, Wait

_CALLS = frozenset({"function_call", "mcp_call"})


@dataclass(slots=True)
class Spoken:
    """An item with audio: its turn, where the last of it ends, and how much of it there is, in samples."""

    turn: Turn
    end: int = 0
    length: int = 0


class Answers:
    """The upstream's turns.

    Args:
        turns: where they are added.

    Attributes:
        ups, downs: what is to be called with an event's body and its time, by type.
        spoken: samples of audio that the upstream sent.
        heard: items that were cut, each with the samples of it that were heard.
        running: responses that have begun and are not done.
    """

    def __init__(self, turns: list[Turn]) -> None:
        self.ups: dict[str, OnEvent] = {"response.create": self._ask, "conversation.item.truncate": self._cut}
        self.downs: dict[str, OnEvent] = {
            "input_audio_buffer.speech_started": self._listen,
            "input_audio_buffer.speech_stopped": self._await,
            "response.created": self._begin,
            "response.output_audio.delta": self._speak,
            "response.output_audio_transcript.delta": self._grow,
            "response.output_text.delta": self._grow,
            "response.output_audio_transcript.done": self._settle,
            "response.output_text.done": self._settle,
            "response.output_item.done": self._finish_item,
            "session.created": self._learn,
            "session.updated": self._learn,
        }
        self.spoken = 0
        self.heard: dict[str, int] = {}
        self.running = 0
        self._turns = turns
        self._by_response: dict[str, Turn] = {}
        self._items: dict[str, Spoken] = {}
        self._sounding: dict[str, Spoken] = {}
        """Those since the last cut."""
        self._format = AudioFormat()
        self._voice = Playout()
        self._stopped_at: float | None = None
        self._asked_at: deque[float] = deque()
        self._asked: dict[str, float] = {}

    @property
    def silent_at(self) -> float:
        """When the last of the upstream's audio has sounded."""
        return self._voice.end / RATE

    def done(self, response: Body, at: float) -> Turn:
        """A response is over; returns its turn."""
        self.running = max(0, self.running - 1)
        turn = self._turn(text_of(response, "id"), at)
        details = dict_of(response.get("status_details"))
        reason = text_of(details, "reason") or text_of(details.get("error"), "code")
        status = text_of(response, "status") or "done"
        turn.status = f"{status} ({reason})" if reason else status
        if turn.until is None:
            turn.until = at
        return turn

    def _learn(self, body: Body, at: float) -> None:
        self._format = read_format(body.get("session"), "output") or self._format

    def _ask(self, body: Body, at: float) -> None:
        self._asked_at.append(at)

    def _listen(self, body: Body, at: float) -> None:
        self._stopped_at = None

    def _await(self, body: Body, at: float) -> None:
        self._stopped_at = at

    def _begin(self, body: Body, at: float) -> None:
        self.running += 1
        response_id = text_of(body.get("response"), "id")
        self._turn(response_id, at)
        if self._asked_at:
            self._asked[response_id] = self._asked_at.popleft()

    def _speak(self, body: Body, at: float) -> None:
        item_id = text_of(body, "item_id")
        count = self._format.samples_of(body.get("delta"))
        turn = self._content(body, at, is_audio=True)
        self.spoken += count
        turn.audio_s += count / RATE
        if item_id in self.heard:
            return  # it came too late to be heard
        start = self._voice.place(at, count)
        item = self._items.setdefault(item_id, Spoken(turn))
        item.length += count
        item.end = self._voice.end
        self._sounding[item_id] = item
        if turn.audio_s * RATE <= count:
            turn.at = start / RATE
        turn.until = self.silent_at

    def _grow(self, body: Body, at: float) -> None:
        parts = self._content(body, at).parts
        part = text_of(body, "item_id"), number_of(body, "content_index")
        parts[part] = parts.get(part, "") + text_of(body, "delta")

    def _settle(self, body: Body, at: float) -> None:
        part = text_of(body, "item_id"), number_of(body, "content_index")
        self._content(body, at).parts[part] = text_of(body, "transcript") or text_of(body, "text")

    def _finish_item(self, body: Body, at: float) -> None:
        item = dict_of(body.get("item"))
        if text_of(item, "type") in _CALLS:
            turn = self._content(body, at)
            turn.calls.append(f"{text_of(item, 'name')}({text_of(item, 'arguments')})")

    def _cut(self, body: Body, at: float) -> None:
        """The peer heard an item only so far, and nothing of what was to sound later than now."""
        item_id = text_of(body, "item_id")
        if item_id not in self._items:
            return
        now = round(at * RATE)
        for other, item in self._sounding.items():
            if item.end > now and other != item_id:
                self._hear(other, item, item.length - (item.end - now))
        self._sounding.clear()
        self._hear(item_id, self._items[item_id], number_of(body, "audio_end_ms") * RATE // 1000)
        self._voice.hush(at)

    def _hear(self, item_id: str, item: Spoken, samples: int) -> None:
        before = self.heard.get(item_id, item.length)
        self.heard[item_id] = heard = max(0, min(samples, before))
        if heard < before:
            turn = item.turn
            turn.heard_s = (turn.audio_s if turn.heard_s is None else turn.heard_s) - (before - heard) / RATE
            turn.until = min(turn.until or 0.0, (item.end - (item.length - heard)) / RATE)

    def _content(self, body: Body, at: float, *, is_audio: bool = False) -> Turn:
        """The turn of a piece of an answer, which is what somebody may have waited for."""
        response_id = text_of(body, "response_id")
        turn = self._turn(response_id, at)
        if not (turn.parts or turn.calls or turn.audio_s):
            turn.at = at
        asked_at = self._asked.pop(response_id, None)
        if is_audio and self._stopped_at is not None:
            turn.wait = Wait(at - self._stopped_at, "speech_stopped")
            self._stopped_at = None
        elif asked_at is not None:
            turn.wait = Wait(at - asked_at, "response.create")
        return turn

    def _turn(self, response_id: str, at: float) -> Turn:
        if response_id not in self._by_response:
            self._by_response[response_id] = Turn("upstream", "response", at, "assistant")
            self._turns.append(self._by_response[response_id])
        return self._by_response[response_id]
