"""One response, from `response.created` to `response.done`, in the order in which the API has been seen to do it.

Its script is one path: whatever ends a response early only leaves the loop that produces output, so that each
`added` has its `done` however it ends.
"""

from typing import Any

from relay.engine import audio
from relay.engine.events import delta, event, new_id
from relay.engine.items import Item
from relay.engine.mind import (
    Answer,
    Arguments,
    CallBegun,
    Ending,
    MessageBegun,
    Output,
    Request,
    Spoken,
    Step,
    Written,
)
from relay.engine.schedule import Pause, Script

Place = dict[str, Any]
"""The fields that say where in a response an event belongs."""


class Response:
    """A response in progress: play its `script()`; `stop()` makes the script come to its end.

    Attributes:
        output: how much it has produced.
        usage: what it has used, once it is done.
    """

    def __init__(self, request: Request, answer: Answer) -> None:
        self.id = new_id("resp")
        self.in_progress = True
        self.output = Output()
        self.usage: dict[str, Any] | None = None
        self._request = request
        self._answer = answer
        self._ending: Ending | None = None
        self._items: list[Item] = []
        self._previous_id: str | None = None
        self._place: Place = {}
        self._is_aloud = request.aloud

    @property
    def is_out_of_band(self) -> bool:
        """It belongs to no conversation."""
        return self._request.conversation is None

    @property
    def unheard_s(self) -> float:
        """How much of its speech the peer has still to hear."""
        return self._answer.unheard_s(self.output.spoken_ms)

    def follow_up(self) -> Script | None:
        """What comes some time after it, once it is done."""
        return self._answer.follow_up(self._as_dict())

    def stop(self, ending: Ending) -> None:
        """Produce no more output. What is left of the script closes what it has opened."""
        self._ending = ending

    def script(self) -> Script:
        """All events of this response."""
        yield event("response.created", response=self._as_dict())
        for step in self._answer.steps():
            if self._ending is None and isinstance(step, Ending):
                self._ending = step
            if self._ending is not None:
                break
            yield from self._produce(step)
        yield from self._finish_item()
        self._answer.stop()
        self.usage = self._answer.usage(self.output)
        self.in_progress = False
        yield event("response.done", response=self._as_dict())

    def _produce(self, step: Step) -> Script:
        match step:
            case Pause():
                yield step
            case MessageBegun(in_silence):
                yield from self._finish_item()
                self._is_aloud = self._request.aloud and not in_silence
                yield from self._begin_message()
            case CallBegun(name, call_id):
                yield from self._finish_item()
                yield from self._begin_call(name, call_id or new_id("call"))
            case Spoken(words, pcm):
                self.output += Output(sum(map(len, words)), audio.milliseconds(pcm))
                yield from self._speak(self._items[-1], step)
            case Written(text):
                self.output += Output(len(text))
                self._items[-1].content[0]["text"] += text
                yield delta("response.output_text.delta", **self._place, delta=text)
            case Arguments(piece):
                self.output += Output(len(piece))
                self._items[-1].fields["arguments"] += piece
                yield delta("response.function_call_arguments.delta", **self._place, delta=piece)

    def _begin(self, item: Item) -> Script:
        """An output item, which is in progress until `_finish_item`."""
        self._place = {"response_id": self.id, "output_index": len(self._items)}
        self._items.append(item)
        item.follows = self._request.context[-1].id if self._request.context else None
        yield event("response.output_item.added", **self._place, item=item.as_dict())
        if self._request.conversation:
            self._previous_id = self._request.conversation.append(item)
            yield event("conversation.item.added", previous_item_id=self._previous_id, item=item.as_dict())
        self._place["item_id"] = item.id

    def _begin_message(self) -> Script:
        """A message, and its one content part."""
        item = Item.make("message", status="in_progress", role="assistant", content=[])
        yield from self._begin(item)
        kind, words = self._part
        self._place["content_index"] = 0
        yield event("response.content_part.added", **self._place, part={"type": kind, words: ""})
        item.content.append({"type": f"output_{kind}", words: ""})

    def _begin_call(self, name: str, call_id: str) -> Script:
        item = Item.make("function_call", status="in_progress", call_id=call_id, name=name, arguments="")
        yield from self._begin(item)
        self._place["call_id"] = call_id

    def _speak(self, item: Item, chunk: Spoken) -> Script:
        content = item.content[0]
        for word in chunk.words:
            content["transcript"] = (content["transcript"] or "") + word
            yield delta("response.output_audio_transcript.delta", **self._place, delta=word)
        item.add_speech("".join(chunk.words), chunk.pcm)
        if chunk.pcm:
            encoded = audio.encode(self._request.audio_format, chunk.pcm)
            yield delta("response.output_audio.delta", **self._place, delta=encoded)

    def _finish_item(self) -> Script:
        """The end of the item that is in progress, if one is: complete, or as far as it came."""
        if not self._items or self._items[-1].fields["status"] != "in_progress":
            return
        item = self._items[-1]
        yield from self._finish_call(item) if item.kind == "function_call" else self._finish_message(item)
        item.fields["status"] = "incomplete" if self._ending else "completed"
        if self._request.conversation:
            yield event("conversation.item.done", previous_item_id=self._previous_id, item=item.as_dict())
        place = {name: self._place[name] for name in ("response_id", "output_index")}
        yield event("response.output_item.done", **place, item=item.as_dict())

    def _finish_message(self, item: Item) -> Script:
        kind, words = self._part
        if self._is_aloud:
            yield event("response.output_audio.done", **self._place)
            yield event("response.output_audio_transcript.done", **self._place, transcript=item.words)
        else:
            yield event("response.output_text.done", **self._place, text=item.words)
        yield event("response.content_part.done", **self._place, part={"type": kind, words: item.words})

    def _finish_call(self, item: Item) -> Script:
        name, arguments = item.fields["name"], item.fields["arguments"]
        yield event("response.function_call_arguments.done", **self._place, name=name, arguments=arguments)

    @property
    def _part(self) -> tuple[str, str]:
        """The type of a message's part, and the field that has its words."""
        return ("audio", "transcript") if self._is_aloud else ("text", "text")

    def _as_dict(self) -> dict[str, Any]:
        """The response object, as it stands."""
        request, ending = self._request, self._ending
        status = ending.status if ending else "completed"
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": "in_progress" if self.in_progress else status,
            "status_details": ending.as_dict() if ending else None,
            "output": [] if self.in_progress else [item.as_dict() for item in self._items],
            "conversation_id": request.conversation.id if request.conversation else None,
            "output_modalities": ["audio" if request.aloud else "text"],
            "max_output_tokens": request.max_output_tokens,
            "audio": {"output": {"format": request.audio_format, "voice": request.voice}},
            "usage": self.usage,
            "metadata": request.metadata,
        }
