"""One response, from `response.created` to `response.done`, in the order in which the API has been seen to do it.

Its script is one path: whatever ends a response early only leaves the loop that produces output, so that each
`added` has its `done` however it ends.
"""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

from relay.stand_ins.mock import audio
from relay.stand_ins.mock.events import delta, event, new_id
from relay.stand_ins.mock.items import Conversation, Item
from relay.stand_ins.mock.pace import Pace
from relay.stand_ins.mock.pieces import pieces_of, spoken_pieces, words_of
from relay.stand_ins.mock.schedule import Pause, Script
from relay.stand_ins.mock.tools import Call
from relay.stand_ins.mock.usage import ASSISTANT_MS_PER_TOKEN, CHARS_PER_TOKEN, Prompt, Tokens
from relay.stand_ins.mock.voice import Utterance

Place = dict[str, Any]
"""The fields that say where in a response an event belongs."""


class Ending(Enum):
    """Why a response ended before it was complete: its `status`, and the `reason` in the details."""

    CLIENT_CANCELLED = ("cancelled", "client_cancelled")
    TURN_DETECTED = ("cancelled", "turn_detected")
    MAX_OUTPUT_TOKENS = ("incomplete", "max_output_tokens")


@dataclass(frozen=True, slots=True)
class Request:
    """What a response is to be: the session's settings, overridden by those of `response.create`.

    Attributes:
        conversation: where its items go; None is out of band, and adds none.
        aloud: speech with a transcript; else text.
        audio_format: that of its speech.
        voice: as in the session object.
        max_output_tokens: a number, or "inf".
        metadata: returned as it came.
        prompt: what the response reads, for its usage.
    """

    conversation: Conversation | None
    aloud: bool
    audio_format: audio.AudioFormat
    voice: Any
    max_output_tokens: int | str
    metadata: dict[str, str] | None
    prompt: Prompt


class Response:
    """A response in progress: play its `script()`; `stop()` makes the script come to its end.

    Attributes:
        spoken_ms: how much speech it has produced.
    """

    def __init__(self, request: Request, answer: Utterance | Call, pace: Pace) -> None:
        self.id = new_id("resp")
        self.in_progress = True
        self.spoken_ms = 0
        self._written_chars = 0
        self._request = request
        self._answer = answer
        self._pace = pace
        self._ending: Ending | None = None
        self._item: Item | None = None

    @property
    def is_out_of_band(self) -> bool:
        """It belongs to no conversation."""
        return self._request.conversation is None

    @property
    def total_tokens(self) -> int:
        """What it has read and produced."""
        return self._request.prompt.tokens.total + self._output.total

    @property
    def _output(self) -> Tokens:
        return _tokens(self._written_chars, self.spoken_ms)

    def stop(self, ending: Ending) -> None:
        """Produce no more output. What is left of the script closes what it has opened."""
        self._ending = ending

    def script(self) -> Script:
        """All events of this response."""
        yield event("response.created", response=self._as_dict())
        yield Pause(self._pace.latency_s)
        if self._ending is None:
            yield from self._produce(self._answer)
        self.in_progress = False
        yield event("response.done", response=self._as_dict())

    def _produce(self, answer: Utterance | Call) -> Script:
        """The one output item, from its `added` to its `done`."""
        item = self._item = _new_item(answer)
        place: Place = {"response_id": self.id, "output_index": 0}
        yield event("response.output_item.added", **place, item=item.as_dict())
        previous_id = None
        if self._request.conversation:
            previous_id = self._request.conversation.append(item)
            yield event("conversation.item.added", previous_item_id=previous_id, item=item.as_dict())
        if isinstance(answer, Call):
            yield from self._call(item, answer, {**place, "item_id": item.id})
        else:
            yield from self._say(item, answer, {**place, "item_id": item.id, "content_index": 0})
        item.fields["status"] = "incomplete" if self._ending else "completed"
        if self._request.conversation:
            yield event("conversation.item.done", previous_item_id=previous_id, item=item.as_dict())
        yield event("response.output_item.done", **place, item=item.as_dict())

    def _say(self, item: Item, answer: Utterance, place: Place) -> Script:
        """The one content part of a message."""
        if self._request.aloud:
            kind, words, speak = "audio", "transcript", self._speak
        else:
            kind, words, speak = "text", "text", self._write
        yield event("response.content_part.added", **place, part={"type": kind, words: ""})
        item.content.append({"type": f"output_{kind}", words: ""})
        yield from speak(item, answer, place)
        yield event("response.content_part.done", **place, part={"type": kind, words: item.words})

    def _speak(self, item: Item, answer: Utterance, place: Place) -> Script:
        content = item.content[0]
        for words, pcm in spoken_pieces(answer.words, answer.pcm):
            if not self._may_add("".join(words), pcm):
                break
            for word in words:
                content["transcript"] = (content["transcript"] or "") + word
                yield delta("response.output_audio_transcript.delta", **place, delta=word)
            item.pcm.setdefault(0, bytearray()).extend(pcm)
            encoded = audio.encode(self._request.audio_format, pcm)
            yield delta("response.output_audio.delta", **place, delta=encoded)
            yield Pause(self._pace.speech_pause_s(self.spoken_ms, audio.milliseconds(pcm)))
        yield event("response.output_audio.done", **place)
        yield event("response.output_audio_transcript.done", **place, transcript=item.words)

    def _write(self, item: Item, answer: Utterance, place: Place) -> Script:
        content = item.content[0]
        for word in words_of(answer.words):
            if not self._may_add(word):
                break
            content["text"] += word
            yield delta("response.output_text.delta", **place, delta=word)
            yield Pause(self._pace.token_s)
        yield event("response.output_text.done", **place, text=item.words)

    def _call(self, item: Item, call: Call, place: Place) -> Script:
        place["call_id"] = item.fields["call_id"]
        for piece in pieces_of(call.arguments):
            if not self._may_add(piece):
                break
            item.fields["arguments"] += piece
            yield delta("response.function_call_arguments.delta", **place, delta=piece)
            yield Pause(self._pace.token_s)
        arguments = item.fields["arguments"]
        yield event("response.function_call_arguments.done", **place, name=call.name, arguments=arguments)

    def _may_add(self, words: str, pcm: bytes = b"") -> bool:
        """Count this as output. It is not to be sent if the response was stopped, or has no tokens left for it."""
        if self._ending is not None:
            return False
        written_chars = self._written_chars + len(words)
        spoken_ms = self.spoken_ms + audio.milliseconds(pcm)
        limit = self._request.max_output_tokens
        if isinstance(limit, int) and _tokens(written_chars, spoken_ms).total > limit:
            self._ending = Ending.MAX_OUTPUT_TOKENS
            return False
        self._written_chars, self.spoken_ms = written_chars, spoken_ms
        return True

    def _as_dict(self) -> dict[str, Any]:
        """The response object, as it stands."""
        request = self._request
        status, reason = self._ending.value if self._ending else ("completed", None)
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": "in_progress" if self.in_progress else status,
            "status_details": {"type": status, "reason": reason} if self._ending else None,
            "output": [] if self.in_progress or self._item is None else [self._item.as_dict()],
            "conversation_id": request.conversation.id if request.conversation else None,
            "output_modalities": ["audio" if request.aloud else "text"],
            "max_output_tokens": request.max_output_tokens,
            "audio": {"output": {"format": request.audio_format, "voice": request.voice}},
            "usage": None if self.in_progress else request.prompt.usage(self._output),
            "metadata": request.metadata,
        }


def _tokens(written_chars: int, spoken_ms: int) -> Tokens:
    return Tokens(
        text=math.ceil(written_chars / CHARS_PER_TOKEN),
        audio=math.ceil(spoken_ms / ASSISTANT_MS_PER_TOKEN),
    )


def _new_item(answer: Utterance | Call) -> Item:
    if isinstance(answer, Call):
        return Item.make("function_call", status="in_progress", call_id=new_id("call"), name=answer.name, arguments="")
    return Item.make("message", status="in_progress", role="assistant", content=[])
