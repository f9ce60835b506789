"""relay.cascade.services.thinking"""

from collections.abc import Iterable

import pytest

from relay.cascade.orders import CallDelta, Failed, Fault, Finish, Result, Think, Thought, ThoughtDelta
from relay.cascade.services.thinking import HiddenThoughts, chat_request
from relay.config.cascade import Address
from relay.stand_ins.services import Call
from tests.fakes.orders import cascade_at, ordering

HELLO = ({"role": "user", "content": "Hello"},)
TOOL = {"type": "function", "name": "get_weather", "description": "The weather.", "parameters": {"type": "object"}}


def text_of(results: Iterable[Result]) -> str:
    return "".join(result.text for result in results if isinstance(result, ThoughtDelta))


def sse(*chunks: str) -> bytes:
    return "".join(f"data: {chunk}\n\n" for chunk in chunks).encode()


async def answered(services, *chunks: str, **fault) -> list[Result]:
    """What comes of a stream of these chunks."""
    services.fault("think", body=sse(*chunks), content_type="text/event-stream", **fault)
    async with ordering(cascade_at(services)) as orderer:
        return await orderer.carry_out(Think(1, HELLO))


async def test_an_answer_comes_word_by_word(services) -> None:
    """An answer comes as the model writes it, and ends with what it used."""
    async with ordering(cascade_at(services)) as orderer:
        results = await orderer.carry_out(Think(1, HELLO))
    assert text_of(results) == "You said: Hello I have nothing to add."
    thought = results[-1]
    assert isinstance(thought, Thought)
    assert thought.finish is Finish.STOP
    usage = thought.usage
    assert (usage.text_input, usage.text_cached, usage.text_output, usage.is_counted) == (8, 4, 7, True)


async def test_the_model_gets_what_was_ordered(services) -> None:
    """The request has the messages, the tools in the shape of Chat Completions, and asks for its usage."""
    order = Think(1, HELLO, (TOOL,), {"type": "function", "name": "get_weather"}, most_tokens=50, temperature=0.5)
    async with ordering(cascade_at(services, think={"extra": {"seed": 7}})) as orderer:
        await orderer.carry_out(order)
    assert services.asked[0].fields == {
        "model": "think-model",
        "messages": list(HELLO),
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 50,
        "temperature": 0.5,
        "tools": [{"type": "function", "function": {name: TOOL[name] for name in TOOL if name != "type"}}],
        "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
        "seed": 7,
    }


def test_openai_has_another_name_for_the_most_tokens() -> None:
    """OpenAI's models refuse `max_tokens`, and others know no other."""
    request = chat_request(Address("https://api.openai.com/v1", "m"), Think(1, HELLO, most_tokens=50))
    assert request["max_completion_tokens"] == 50
    assert "max_tokens" not in request


async def test_calls_come_piece_by_piece(services) -> None:
    """Several function calls of an answer come one after another, each with its name and id in every piece."""
    services.script.thinks = lambda _: ["Let me see. ", Call("a", '{"x": 1}'), Call("b", "{}")]
    async with ordering(cascade_at(services)) as orderer:
        results = await orderer.carry_out(Think(1, HELLO, (TOOL,)))
    calls = [result for result in results if isinstance(result, CallDelta)]
    assert [(call.index, call.call_id, call.name) for call in calls] == [
        (0, "call_0", "a"), (0, "call_0", "a"), (1, "call_1", "b"), (1, "call_1", "b"),
    ]  # fmt: skip
    assert "".join(call.arguments for call in calls if call.index == 0) == '{"x": 1}'
    assert text_of(results) == "Let me see. "


async def test_calls_without_index_or_id_are_told_apart(services) -> None:
    """Some services send a whole call without an index, and some without an id: each is a call of its own."""
    results = await answered(
        services,
        '{"choices":[{"delta":{"tool_calls":[{"function":{"name":"a","arguments":"{}"}}]}}]}',
        '{"choices":[{"delta":{"tool_calls":[{"id":"x","function":{"name":"b","arguments":"{}"}}]}}]}',
        '{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}',
    )
    calls = [result for result in results if isinstance(result, CallDelta)]
    assert [(call.index, call.call_id, call.name) for call in calls] == [(0, "call_1_0", "a"), (1, "x", "b")]


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("stop", Finish.STOP), ("length", Finish.LENGTH), ("content_filter", Finish.FILTERED), ("eos", Finish.STOP)],
)
async def test_an_answer_says_why_it_is_over(services, reason, finish) -> None:
    """An answer that was cut at its length or by a filter says so; every other end is a plain one."""
    results = await answered(
        services, f'{{"choices":[{{"delta":{{"content":"Hi"}},"finish_reason":"{reason}"}}]}}', "[DONE]"
    )
    assert isinstance(results[-1], Thought)
    assert results[-1].finish is finish


async def test_a_model_that_does_not_stream_is_understood(services) -> None:
    """A service that answers in one piece of JSON is read all the same."""
    body = (
        b'{"choices":[{"message":{"role":"assistant","content":"Hi."},"finish_reason":"stop"}],'
        b'"usage":{"prompt_tokens":3,"completion_tokens":1}}'
    )
    services.fault("think", body=body, content_type="application/json")
    async with ordering(cascade_at(services)) as orderer:
        results = await orderer.carry_out(Think(1, HELLO))
    assert text_of(results) == "Hi."
    assert isinstance(results[-1], Thought)
    assert results[-1].usage.text_output == 1


async def test_a_model_does_not_think_aloud(services) -> None:
    """What a model writes between `<think>` tags before its answer is heard by nobody."""
    pieces = ["<th", "ink>Well, ", "hm.</thi", "nk>\\n\\n", "Good ", "morning."]
    chunks = [f'{{"choices":[{{"delta":{{"content":"{piece}"}}}}]}}' for piece in pieces]
    results = await answered(services, *chunks, '{"choices":[{"delta":{},"finish_reason":"stop"}]}')
    assert text_of(results) == "Good morning."


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        (["Hello <think>"], "Hello <think>"),
        ([" ", "Hi"], " Hi"),
        (["<", "b>"], "<b>"),
        (["<thi"], "<thi"),
        (["<think>for ever"], ""),
        (["<think></think>", "  ", "A"], "A"),
    ],
)
def test_only_thoughts_before_an_answer_are_hidden(pieces, said) -> None:
    """An answer that merely looks like a thought at first, or has the tag in its middle, is said whole."""
    thoughts = HiddenThoughts()
    assert "".join([*map(thoughts.read, pieces), thoughts.finish()]).strip(" ") == said.strip(" ")


@pytest.mark.parametrize(
    ("body", "kind", "fault"),
    [
        (b"<html>Bad gateway</html>", "text/html", Fault.UNREADABLE),
        (b"data: {]\n\n", "text/event-stream", Fault.UNREADABLE),
        (b"data: [DONE]\n\n", "text/event-stream", Fault.UNREADABLE),
        (b'data: {"error": {"message": "out of memory", "code": "oom"}}\n\n', "text/event-stream", Fault.BROKEN),
        (b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n', "text/event-stream", Fault.CUT_OFF),
        (b"[]", "application/json", Fault.UNREADABLE),
        (b"data: " + b"x" * 1_100_000, "text/event-stream", Fault.UNREADABLE),
    ],
)
async def test_what_is_no_answer_is_told_as_what_it_is(services, body, kind, fault) -> None:
    """HTML, garbage, an error in the stream, and an answer without an end are failures, each by its name."""
    for _ in range(2):
        services.fault("think", body=body, content_type=kind)
    async with ordering(cascade_at(services)) as orderer:
        results = await orderer.carry_out(Think(1, HELLO))
    assert isinstance(results[-1], Failed)
    assert results[-1].fault is fault


async def test_half_a_character_is_read_and_written(services) -> None:
    """Half of a surrogate pair, which some services send where they cut a character in two, spoils no answer."""
    results = await answered(
        services,
        '{"choices":[{"delta":{"content":"Fine \\ud83d"}}]}',
        '{"choices":[{"delta":{"content":"\\ude00."},"finish_reason":"stop"}]}',
    )
    assert text_of(results) == "Fine \ufffd\ufffd."
    async with ordering(cascade_at(services)) as orderer:
        results = await orderer.carry_out(Think(1, ({"role": "user", "content": "Hi \ud83d"},)))
    assert isinstance(results[-1], Thought)


async def test_a_model_that_dies_in_the_middle_is_cut_off(services) -> None:
    """A model whose connection is torn in the middle of its answer has failed, with what it said before."""
    services.fault("think", cut_after=2)
    async with ordering(cascade_at(services)) as orderer:
        results = await orderer.carry_out(Think(1, HELLO))
    assert text_of(results) == "You said: Hello "
    assert isinstance(results[-1], Failed)
    assert (results[-1].fault, results[-1].had_begun) == (Fault.CUT_OFF, True)
