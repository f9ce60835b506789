"""Which function is called, and with what."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.engine.items import Item
from relay.stand_ins.mock.tools import Call, choose_call


def tool(name: str, description: str = "", **parameters: Any) -> dict[str, Any]:
    return {"type": "function", "name": name, "description": description, "parameters": parameters}


def written(text: str) -> Item:
    return Item.make("message", role="user", content=[{"type": "input_text", "text": text}])


TOOLS = [
    {"type": "mcp", "server_label": "weather"},
    tool("cancelOrder"),
    tool("get_forecast", "Tells the weather."),
    tool("look_up"),
]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("How is the weather?", "get_forecast"),
        ("Give me the forecast.", "get_forecast"),
        ("I want to cancel.", "cancelOrder"),
        ("My order is late.", "cancelOrder"),
        ("Use a tool.", "cancelOrder"),
        ("Let us get up.", None),
        ("How are you?", None),
    ],
)
def test_words_choose_the_function(text: str, name: str | None) -> None:
    """A word of the name, or one that asks for tools, calls; short words do not, and MCP tools are never called."""
    call = choose_call([written(text)], TOOLS, "auto")
    assert (call and call.name) == name


def test_a_call_needs_a_question() -> None:
    """Nothing is called without tools, without a message, or when the last word was not the user's."""
    answer = Item.make("message", role="assistant", content=[])
    assert choose_call([written("weather")], [], "required") is None
    assert choose_call([], TOOLS, "auto") is None
    assert choose_call([written("weather"), answer], TOOLS, "auto") is None


def test_a_choice_overrides_the_words() -> None:
    """none, required and a name decide by themselves; a name that does not exist calls nothing."""
    assert choose_call([written("weather")], TOOLS, "none") is None
    assert choose_call([], TOOLS, "required") == Call("cancelOrder", "{}")
    assert choose_call([], TOOLS, {"type": "function", "name": "look_up"}) == Call("look_up", "{}")
    assert choose_call([], TOOLS, {"type": "function", "name": "missing"}) is None


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "A hotel in New York."),
        ({"enum": ["low", "high"]}, "low"),
        ({"const": 7}, 7),
        ({"type": "string", "default": "none"}, "none"),
        ({"type": "string", "examples": ["AB-1"]}, "AB-1"),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "number"}, 1),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": ["string", "null"]}, "A hotel in New York."),
        ({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, True),
        ({"type": "array", "items": {"type": "integer"}}, [1]),
        ({"type": "array"}, []),
        ({"type": "object", "properties": {"city": {}, "date": {}}}, {"city": "New York", "date": "2026-06-01"}),
    ],
)
def test_arguments_fit_their_schema(schema: dict[str, Any], value: object) -> None:
    """Each kind of schema gets a value that it allows; a place is taken from what was written."""
    call = choose_call([written("A hotel in New York.")], [tool("fly", properties={"x": schema})], "required")
    assert call
    assert orjson.loads(call.arguments) == {"x": value}


json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "items", "anyOf", "enum", "const", "default", "x"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
)


@given(st.dictionaries(st.sampled_from(["type", "properties", "anyOf", "items", "x"]), json))
def test_any_schema_gets_an_object(schema: dict[str, Any]) -> None:
    """However odd a tool's parameters are, the arguments are a JSON object."""
    call = choose_call([], [{"type": "function", "name": "odd", "parameters": schema}], "required")
    assert call
    assert isinstance(orjson.loads(call.arguments), dict)
