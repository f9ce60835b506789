"""A model that is asked by the Responses API: `POST /responses`, streamed, and nothing kept there."""

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from typing import Any

from relay.cascade.orders import CallDelta, Finish, Result, Think, Thought, ThoughtDelta
from relay.cascade.services.asking import Http, read_events, read_out
from relay.cascade.services.failures import cut_off, refused
from relay.cascade.services.limits import rate_limits
from relay.cascade.services.thinking import FINISHES
from relay.cascade.services.usage import thought_usage
from relay.config.cascade import Address

PATH = "/responses"

_INCOMPLETE: Mapping[str, Finish] = {"max_output_tokens": Finish.LENGTH, **FINISHES}
_ENDS = frozenset({"response.completed", "response.incomplete"})


async def think_responses(http: Http, address: Address, order: Think) -> AsyncGenerator[Result, None]:
    """An answer, word by word, with its function calls.

    Raises:
        ServiceFailed: there is none, or it breaks off.
    """
    calls = _Calls(order.number)
    async with (
        http.post(address, PATH, responses_request(address, order)) as answer,
        aclosing(read_events(address, answer)) as events,
    ):
        async for event in events:
            kind = event.get("type")
            if kind == "response.output_text.delta" and event.get("delta"):
                yield ThoughtDelta(order.number, str(event["delta"]))
            elif kind == "response.failed":
                raise refused(address, 500, {}, b"")
            elif kind in _ENDS:
                response = event.get("response")
                response = response if isinstance(response, Mapping) else {}
                details = response.get("incomplete_details")
                reason = str(details.get("reason")) if isinstance(details, Mapping) else ""
                usage = thought_usage(address.model, response.get("usage"))
                finish = _INCOMPLETE.get(reason, Finish.STOP)
                yield Thought(order.number, finish, usage, rate_limits(answer.headers))
                await read_out(events)
                return
            else:
                for result in calls.read(event):
                    yield result
    raise cut_off(address)


def responses_request(address: Address, order: Think) -> dict[str, Any]:
    """The body of a request."""
    body: dict[str, Any] = {
        "model": address.model,
        "input": [item for message in order.messages for item in _items(message)],
        "stream": True,
        "store": False,
    }
    if order.most_tokens is not None:
        body["max_output_tokens"] = order.most_tokens
    if order.temperature is not None:
        body["temperature"] = order.temperature
    if order.tools:
        body["tools"] = list(order.tools)
        if order.tool_choice is not None:
            body["tool_choice"] = order.tool_choice
    extra = dict(address.extra)
    if (effort := extra.pop("reasoning_effort", None)) is not None:  # what Chat Completions call it
        body["reasoning"] = {"effort": effort}
    return {**body, **extra}


def _items(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A message of Chat Completions as items."""
    role, content = message["role"], message.get("content")
    if role == "tool":
        yield {"type": "function_call_output", "call_id": message["tool_call_id"], "output": content}
        return
    if content:
        yield {"type": "message", "role": role, "content": _content(content)}
    for call in message.get("tool_calls") or ():
        function = call["function"]
        yield {
            "type": "function_call",
            "call_id": call["id"],
            **{name: function[name] for name in ("name", "arguments")},
        }


def _content(content: Any) -> Any:
    return content if isinstance(content, str) else [_part(part) for part in content]


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    if part.get("type") == "image_url":
        image = part["image_url"]
        return {"type": "input_image", "image_url": image["url"], "detail": image.get("detail", "auto")}
    return {"type": "input_text", "text": part.get("text", "")}


class _Calls:
    """The function calls of an answer, by where they stand in its output."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._known: dict[Any, CallDelta] = {}

    def read(self, event: Mapping[str, Any]) -> Iterator[Result]:
        """What an event has of a call."""
        place, item = event.get("output_index"), event.get("item")
        if event.get("type") == "response.output_item.added" and isinstance(item, Mapping):
            if item.get("type") == "function_call":
                name, call_id = str(item.get("name")), str(item.get("call_id"))
                self._known[place] = CallDelta(self._number, len(self._known), call_id, name, "")
                yield self._known[place]
        elif event.get("type") == "response.function_call_arguments.delta" and place in self._known:
            call = self._known[place]
            yield CallDelta(self._number, call.index, call.call_id, call.name, str(event.get("delta", "")))
