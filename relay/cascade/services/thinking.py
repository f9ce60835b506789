"""A model that is asked by Chat Completions: `POST /chat/completions`, streamed."""

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from typing import Any

from relay.cascade.orders import CallDelta, Finish, RateLimit, Result, Think, Thought, ThoughtDelta
from relay.cascade.services.asking import ALL_TOLD, JSON, Http, media_type, read_events, read_json, read_out
from relay.cascade.services.failures import cut_off, unreadable
from relay.cascade.services.limits import rate_limits
from relay.cascade.services.usage import thought_usage
from relay.config.cascade import Address

PATH = "/chat/completions"

FINISHES: Mapping[str, Finish] = {"length": Finish.LENGTH, "content_filter": Finish.FILTERED}
"""Whatever else a service calls its end is a plain one."""


async def think_chat(http: Http, address: Address, order: Think) -> AsyncGenerator[Result, None]:
    """An answer, word by word, with its function calls.

    Raises:
        ServiceFailed: there is none, or it breaks off.
    """
    reader = ChatReader(order.number)
    async with http.post(address, PATH, chat_request(address, order)) as answer:
        limits = rate_limits(answer.headers)
        if media_type(answer) == JSON:  # it does not stream
            whole = await read_json(address, answer)
            for result in reader.read(_choice(whole).get("message")):
                yield result
            finish = _choice(whole).get("finish_reason") or "stop"
            for result in reader.finish(address, finish, whole.get("usage"), limits):
                yield result
            return
        finish, usage = None, None
        async with aclosing(read_events(address, answer)) as events:
            async for event in events:
                if event is ALL_TOLD:
                    break
                choice = _choice(event)
                for result in reader.read(choice.get("delta")):
                    yield result
                finish = choice.get("finish_reason") or finish
                usage = event.get("usage") or usage
            for result in reader.finish(address, finish, usage, limits):
                yield result
            await read_out(events)


def chat_request(address: Address, order: Think) -> dict[str, Any]:
    """The body of a request."""
    body: dict[str, Any] = {
        "model": address.model,
        "messages": order.messages,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if order.most_tokens is not None:  # OpenAI's models refuse the old name, others do not know the new one
        body["max_completion_tokens" if address.is_openai else "max_tokens"] = order.most_tokens
    if order.temperature is not None:
        body["temperature"] = order.temperature
    if order.tools:
        body["tools"] = [{"type": "function", "function": _without_type(tool)} for tool in order.tools]
        if order.tool_choice is not None:
            body["tool_choice"] = _tool_choice(order.tool_choice)
    return {**body, **address.extra}


class ChatReader:
    """Reads what a message, or more of one, has in it."""

    def __init__(self, number: int) -> None:
        self._has_read = False
        self._number = number
        self._thoughts = HiddenThoughts()
        self._calls: list[tuple[Any, str, str]] = []

    def read(self, delta: Any) -> Iterator[Result]:
        """The results of a `delta`, or of a whole `message`."""
        if not isinstance(delta, Mapping):
            return
        self._has_read = True
        content = delta.get("content")
        if isinstance(content, str) and (text := self._thoughts.read(content)):
            yield ThoughtDelta(self._number, text)
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, Mapping):
                yield self._call(call)

    def finish(self, address: Address, finish: Any, usage: Any, limits: tuple[RateLimit, ...] = ()) -> Iterator[Result]:
        """What was held back and is no thought, and the end.

        Raises:
            ServiceFailed: nobody said that it was one.
        """
        if finish is None:
            raise cut_off(address) if self._has_read else unreadable(address, "a stream without an answer")
        if text := self._thoughts.finish():
            yield ThoughtDelta(self._number, text)
        used = thought_usage(address.model, usage)
        yield Thought(self._number, FINISHES.get(str(finish), Finish.STOP), used, limits)

    def _call(self, call: Mapping[str, Any]) -> CallDelta:
        """More of a call. Some services leave out the index, and some the id."""
        found = call.get("function")
        function: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
        name, key = str(function.get("name") or ""), call.get("index")
        places = [n for n, known in enumerate(self._calls) if known[0] == key] if key is not None else []
        if not places and (name or not self._calls):
            self._calls.append((key, str(call.get("id") or f"call_{self._number}_{len(self._calls)}"), name))
        place = places[0] if places else len(self._calls) - 1
        _, call_id, name = self._calls[place]
        return CallDelta(self._number, place, call_id, name, str(function.get("arguments") or ""))


class HiddenThoughts:
    """Takes out what a model writes between `<think>` and `</think>` before its answer; nobody is to hear that."""

    def __init__(self) -> None:
        self._held: str | None = ""

    def read(self, text: str) -> str:
        """What of it is part of the answer."""
        if self._held is None:
            return text
        self._held += text
        begun = self._held.lstrip()
        if begun.startswith(_OPENING):
            _, closing, after = begun.partition(_CLOSING)
            return self._let_go(after.lstrip()) if closing else ""
        return "" if _OPENING.startswith(begun) else self._let_go(self._held)

    def finish(self) -> str:
        """What was held back, where it is no thought."""
        held, self._held = self._held or "", None
        return "" if held.lstrip().startswith(_OPENING) else held

    def _let_go(self, text: str) -> str:
        self._held = None if text else ""
        return text


_OPENING, _CLOSING = "<think>", "</think>"


def _choice(event: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = event.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, Mapping) else {}


def _without_type(tool: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in tool.items() if name != "type"}


def _tool_choice(choice: str | Mapping[str, Any]) -> Any:
    return choice if isinstance(choice, str) else {"type": "function", "function": {"name": choice.get("name")}}
