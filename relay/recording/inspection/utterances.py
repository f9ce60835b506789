"""What the peer says: aloud, in writing, or as what a function returned."""

from typing import Any

from relay.core.events import Body
from relay.recording.inspection.audio import AudioFormat, read_format
from relay.recording.inspection.fields import OnEvent, dict_of, list_of, number_of, text_of
from relay.recording.inspection.playout import JITTER_S, RATE, Playout
from relay.recording.inspection.summary import Turn

_REACH_S = 30.0
"""Speech that was found further back than this was found in other audio than the recording's."""

_STANDS_FOR = {"input_image": "[image]", "input_audio": "[audio]"}


class Utterances:
    """The peer's turns.

    Args:
        turns: where they are added.

    Attributes:
        ups, downs: what is to be called with an event's body and its time, by type.
        appended: samples of audio that the peer sent.
    """

    def __init__(self, turns: list[Turn]) -> None:
        self.ups: dict[str, OnEvent] = {
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.clear": self._clear,
            "conversation.item.create": self._write,
        }
        self.downs: dict[str, OnEvent] = {
            "input_audio_buffer.speech_started": self._start,
            "input_audio_buffer.speech_stopped": self._stop,
            "input_audio_buffer.committed": self._commit,
            "conversation.item.input_audio_transcription.delta": self._grow,
            "conversation.item.input_audio_transcription.failed": self._fail,
            "session.created": self._learn,
            "session.updated": self._learn,
        }
        self.appended = 0
        self._turns = turns
        self._by_item: dict[str, Turn] = {}
        self._format = AudioFormat()
        self._voice = Playout()
        self._uncommitted_from: int | None = None

    @property
    def silent_at(self) -> float:
        """When the last of the peer's audio has sounded."""
        return self._voice.end / RATE

    def transcribed(self, body: Body, at: float) -> Turn:
        """The transcript of an utterance is whole; returns its turn."""
        turn = self._spoken(body, at)
        turn.parts = {_part(body): text_of(body, "transcript")}
        return turn

    def _learn(self, body: Body, at: float) -> None:
        self._format = read_format(body.get("session"), "input") or self._format

    def _append(self, body: Body, at: float) -> None:
        count = self._format.samples_of(body.get("audio"))
        start = self._voice.place(at, count, JITTER_S)
        self.appended += count
        if self._uncommitted_from is None:
            self._uncommitted_from = start

    def _clear(self, body: Body, at: float) -> None:
        self._uncommitted_from = None

    def _write(self, body: Body, at: float) -> None:
        item = dict_of(body.get("item"))
        if item.get("type") == "function_call_output":
            words = text_of(item, "output")
            self._turns.append(Turn("peer", "function_output", at, "tool", at, {("", 0): words}))
            return
        parts = {("", number): _words(part) for number, part in enumerate(list_of(item, "content"))}
        self._turns.append(Turn("peer", "text", at, text_of(item, "role") or "user", at, parts))

    def _start(self, body: Body, at: float) -> None:
        self._spoken(body, self._when(body, "audio_start_ms", at))

    def _stop(self, body: Body, at: float) -> None:
        turn = self._spoken(body, at)
        turn.until = max(turn.at, self._when(body, "audio_end_ms", at))
        turn.audio_s = turn.until - turn.at

    def _commit(self, body: Body, at: float) -> None:
        if text_of(body, "item_id") not in self._by_item:
            start = self._voice.end if self._uncommitted_from is None else self._uncommitted_from
            turn = self._spoken(body, start / RATE)
            turn.until = max(turn.at, self.silent_at)
            turn.audio_s = turn.until - turn.at
        self._uncommitted_from = None

    def _grow(self, body: Body, at: float) -> None:
        parts = self._spoken(body, at).parts
        parts[_part(body)] = parts.get(_part(body), "") + text_of(body, "delta")

    def _fail(self, body: Body, at: float) -> None:
        self._spoken(body, at).status = "transcription failed"

    def _spoken(self, body: Body, at: float) -> Turn:
        """The turn of the item that an event names; it begins at that time if it is new."""
        item_id = text_of(body, "item_id")
        if item_id not in self._by_item:
            self._by_item[item_id] = Turn("peer", "speech", at)
            self._turns.append(self._by_item[item_id])
        return self._by_item[item_id]

    def _when(self, body: Body, key: str, at: float) -> float:
        """When the audio at this position of all that was appended sounded."""
        if key not in body:
            return at
        back_s = self.appended / RATE - number_of(body, key) / 1000
        return max(0.0, self.silent_at - back_s) if 0 <= back_s <= _REACH_S else at


def _part(body: Body) -> tuple[str, int]:
    return text_of(body, "item_id"), number_of(body, "content_index")


def _words(part: Any) -> str:
    kind = text_of(part, "type")
    return text_of(part, "text") or text_of(part, "transcript") or _STANDS_FOR.get(kind, "")
