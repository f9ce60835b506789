"""The Responses backend that a Live session delegates to: its items, and its responses, streamed in `response.event`.

It calls functions and chooses words as the responses of a conversation do. What it has written is then said.
"""

from collections.abc import Callable
from typing import Any

from relay.engine.errors import Fault, Refused
from relay.engine.events import Event, event, new_id
from relay.engine.items import Conversation, Item
from relay.engine.schedule import Pause, Schedule, Script
from relay.stand_ins.mock.pace import Pace
from relay.stand_ins.mock.pieces import pieces_of
from relay.stand_ins.mock.tools import Call, choose_call
from relay.stand_ins.mock.usage import text_tokens
from relay.stand_ins.mock.voice import Utterance, Voice

MAX_RESPONSES = 16
KEPT_FIELDS = ("role", "call_id", "name", "arguments", "output")
Stream = Callable[..., Event]


class ResponsesBackend:
    """Answers from its items, which are its own: the Live session's conversation is not among them.

    Args:
        schedule: what plays the responses.
        pace: how fast.
        say: says an answer.
        unix_offset: what the clock of `now` lacks to be Unix time.
    """

    def __init__(self, schedule: Schedule, pace: Pace, say: Callable[[Utterance], None], unix_offset: float) -> None:
        self._schedule = schedule
        self._pace = pace
        self._say = say
        self._unix_offset = unix_offset
        self._voice = Voice()
        self._items = Conversation()
        self._running = 0
        self._waiting_id: str | None = None

    def add(self, given: dict[str, Any]) -> None:
        """Append an input item of the client's.

        Raises:
            Refused: there is one with its id, or it is the output of a call that nobody made.
        """
        self._items.insert(_item(given), None)

    def respond(self, config: dict[str, Any], now: float, **names: str) -> str:
        """Begin a response, and return its id.

        Args:
            config: the `responses` of the session's delegation.
            now: when it begins.
            names: what each of its events is to be found by: `delegation_id`, `client_event_id`. Without a delegation
                it goes on with the one that waits for a function's output.

        Raises:
            Refused: too many are in progress.
        """
        if self._running >= MAX_RESPONSES:
            raise Refused(Fault.TOO_MANY_RESPONSES, limit=MAX_RESPONSES)
        self._running += 1
        waiting, self._waiting_id = self._waiting_id, None
        if waiting and "delegation_id" not in names:
            names["delegation_id"] = waiting
        response = {
            "id": new_id("resp"),
            "object": "response",
            "created_at": round(now + self._unix_offset),
            "status": "in_progress",
            "model": config["model"],
            "output": [],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
        }
        self._schedule.start(self._play(config, response, names), now)
        return str(response["id"])

    def _play(self, config: dict[str, Any], response: Event, names: dict[str, str]) -> Script:
        context = list(self._items)
        read = text_tokens(" ".join([config.get("instructions") or "", *(item.words for item in context)]))
        tell = _numbered(names)
        yield tell("response.created", response=response)
        yield tell("response.in_progress", response=response)
        yield Pause(self._pace.latency_s)
        instructions = config.get("instructions") or ""
        answer = _chosen_call(config, context) or self._voice.answer(context, instructions, aloud=True)
        if isinstance(answer, Call):
            self._waiting_id = names.get("delegation_id")
            yield from self._call(answer, tell)
        else:
            yield from self._write(answer.words, tell)
        written = text_tokens(answer.arguments if isinstance(answer, Call) else answer.words)
        self._running -= 1
        yield tell("response.completed", response={**response, "status": "completed", "usage": _usage(read, written)})
        if isinstance(answer, Utterance):
            self._say(answer)

    def _call(self, call: Call, tell: Stream) -> Script:
        item = Item.make("function_call", item_id=new_id("fc"), call_id=new_id("call"), name=call.name)
        shown = {name: value for name, value in item.fields.items() if name != "object"}
        at = {"item_id": item.id, "output_index": 0}
        begun = {**shown, "arguments": "", "status": "in_progress"}
        yield tell("response.output_item.added", output_index=0, item=begun)
        for piece in pieces_of(call.arguments):
            yield tell("response.function_call_arguments.delta", delta=piece, **at)
            yield Pause(self._pace.token_s)
        yield tell("response.function_call_arguments.done", arguments=call.arguments, **at)
        item.fields["arguments"] = call.arguments
        self._items.append(item)
        done = {**shown, "arguments": call.arguments, "status": "completed"}
        yield tell("response.output_item.done", output_index=0, item=done)

    def _write(self, words: str, tell: Stream) -> Script:
        item = Item.make("message", item_id=new_id("msg"), role="assistant", content=[])
        shown = {"id": item.id, "type": "message", "role": "assistant"}
        at = {"item_id": item.id, "output_index": 0, "content_index": 0}
        begun, done = ({"type": "output_text", "text": text, "annotations": []} for text in ("", words))
        yield tell("response.output_item.added", output_index=0, item={**shown, "status": "in_progress", "content": []})
        yield tell("response.content_part.added", part=begun, **at)
        for piece in pieces_of(words):
            yield tell("response.output_text.delta", delta=piece, logprobs=[], **at)
            yield Pause(self._pace.token_s)
        yield tell("response.output_text.done", text=words, logprobs=[], **at)
        yield tell("response.content_part.done", part=done, **at)
        item.fields["content"] = [done]
        self._items.append(item)
        said = {**shown, "status": "completed", "content": [done]}
        yield tell("response.output_item.done", output_index=0, item=said)


def _numbered(names: dict[str, str]) -> Stream:
    """What makes the events of one stream, each with its number."""
    told = 0

    def tell(kind: str, **fields: Any) -> Event:
        nonlocal told
        told += 1
        return event("response.event", event={"type": kind, "sequence_number": told - 1, **fields}, **names)

    return tell


def _usage(read: int, written: int) -> dict[str, Any]:
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + written,
    }


def _chosen_call(config: dict[str, Any], context: list[Item]) -> Call | None:
    """The function to call, if one is; what Responses writes as null is left out for whoever chooses."""
    given = (tool for tool in config.get("tools") or () if tool["type"] == "function")
    tools = [{name: value for name, value in tool.items() if value is not None} for tool in given]
    return choose_call(context, tools, config.get("tool_choice") or "auto")


def _item(given: dict[str, Any]) -> Item:
    """An input item of the Responses API as one of a conversation: what is written in it, or called."""
    fields = {name: _text(given[name]) for name in KEPT_FIELDS if given.get(name) is not None}
    kind = given.get("type") or "message"
    if kind == "message":
        fields["content"] = [{"type": "input_text", "text": _text(given["content"])}]
    return Item({"id": given.get("id") or new_id("item"), "type": kind, "status": "completed", **fields})


def _text(value: Any) -> Any:
    """What is written in a string, or in a list of parts."""
    if isinstance(value, str):
        return value
    parts = (part.get("text") for part in value if isinstance(part, dict)) if isinstance(value, list) else ()
    return " ".join(text for text in parts if isinstance(text, str))
