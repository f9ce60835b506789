"""relay.cascade.services.responses"""

import pytest

from relay.cascade.orders import CallDelta, Failed, Fault, Finish, Think, Thought, ThoughtDelta
from relay.cascade.services.responses import responses_request
from relay.config.cascade import Address
from relay.stand_ins.services import Call
from tests.fakes.orders import cascade_at, ordering

RESPONSES = {"kind": "responses"}
TOOL = {"type": "function", "name": "f", "description": "", "parameters": {"type": "object"}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


async def test_an_answer_comes_word_by_word(services) -> None:
    """An answer of the Responses API comes as it is written, with its calls, and ends with what it used."""
    services.script.thinks = lambda _: ["Let me ", "see.", Call("f", '{"x": 1}'), Call("g")]
    async with ordering(cascade_at(services, think=RESPONSES)) as orderer:
        results = await orderer.carry_out(Think(1, ({"role": "user", "content": "Hi"},)))
    assert "".join(result.text for result in results if isinstance(result, ThoughtDelta)) == "Let me see."
    calls = [result for result in results if isinstance(result, CallDelta)]
    assert [(call.index, call.call_id, call.name, call.arguments) for call in calls] == [
        (0, "call_2", "f", ""), (0, "call_2", "f", '{"x": 1}'), (1, "call_3", "g", ""), (1, "call_3", "g", "{}"),
    ]  # fmt: skip
    thought = results[-1]
    assert isinstance(thought, Thought)
    assert (thought.finish, thought.usage.text_input, thought.usage.text_cached) == (Finish.STOP, 8, 4)


def test_a_conversation_becomes_items() -> None:
    """Messages, images, calls and their results are items of the Responses API, and nothing is kept there."""
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    order = Think(
        1,
        (
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "What is this?"}, IMAGE]},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "a cat"},
        ),
        (TOOL,),
        "auto",
        most_tokens=9,
        temperature=0.1,
    )
    request = responses_request(Address("http://a/v1", "m", extra={"reasoning_effort": "none", "seed": 1}), order)
    assert request == {
        "model": "m",
        "stream": True,
        "store": False,
        "max_output_tokens": 9,
        "temperature": 0.1,
        "tools": [TOOL],
        "tool_choice": "auto",
        "reasoning": {"effort": "none"},
        "seed": 1,
        "input": [
            {"type": "message", "role": "system", "content": "Be brief."},
            {
                "type": "message",
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "What is this?"},
                    {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "auto"},
                ],
            },
            {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "a cat"},
        ],
    }


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b'data: {"type": "response.failed", "response": {}}\n\n', Fault.BROKEN),
        (b'data: {"type": "response.created"}\n\n', Fault.CUT_OFF),
    ],
)
async def test_an_answer_that_fails_has_failed(services, body, fault) -> None:
    """A response that failed, and a stream that ends before it is complete, are failures."""
    for _ in range(2):
        services.fault("think", body=body, content_type="text/event-stream")
    async with ordering(cascade_at(services, think=RESPONSES)) as orderer:
        (failed,) = await orderer.carry_out(Think(1, ({"role": "user", "content": "Hi"},)))
    assert isinstance(failed, Failed)
    assert failed.fault is fault


@pytest.mark.parametrize(
    ("reason", "finish"), [("max_output_tokens", Finish.LENGTH), ("content_filter", Finish.FILTERED)]
)
async def test_an_incomplete_answer_says_why(services, reason, finish) -> None:
    """An answer that was cut at its length or by a filter says so."""
    body = (
        '{"type": "response.incomplete", "response": {"status": "incomplete", "incomplete_details": '
        f'{{"reason": "{reason}"}}}}}}'
    )
    services.fault("think", body=f"data: {body}\n\n".encode(), content_type="text/event-stream")
    async with ordering(cascade_at(services, think=RESPONSES)) as orderer:
        (thought,) = await orderer.carry_out(Think(1, ({"role": "user", "content": "Hi"},)))
    assert isinstance(thought, Thought)
    assert thought.finish is finish
