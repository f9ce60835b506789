"""Conversations as chat models read them."""

from typing import Any

from relay.cascade.context import NO_RESULT_YET, SILENCE, Message, messages_of
from relay.engine.items import Item

ENOUGH = 100_000


def user(text: str, **fields: Any) -> Item:
    return Item.make("message", role="user", content=[{"type": "input_text", "text": text}], **fields)


def spoken(words: str) -> Item:
    return Item.make("message", role="user", content=[{"type": "input_audio", "transcript": None, "words": words}])


def answer(text: str, kind: str = "output_text") -> Item:
    field = "text" if kind == "output_text" else "transcript"
    return Item.make("message", role="assistant", content=[{"type": kind, field: text}])


def call(name: str, call_id: str) -> Item:
    return Item.make("function_call", name=name, call_id=call_id, arguments="{}")


def output(call_id: str, said: str) -> Item:
    return Item.make("function_call_output", call_id=call_id, output=said)


def messages(*items: Item, instructions: str = "", context_tokens: int = ENOUGH) -> list[Message]:
    def words(item: Item, index: int) -> str:
        return str(item.content[index]["words"])

    return list(messages_of(instructions, items, words, context_tokens))


def test_a_conversation() -> None:
    """Instructions come first; what was written, said and answered is text, and what nobody understood is not there."""
    system = Item.make("message", role="system", content=[{"type": "input_text", "text": "Be brief."}])
    items = [system, user("Hello."), answer("Hi!"), spoken("What is new?"), spoken(""), answer("Much.", "output_audio")]
    assert [(one["role"], one["content"]) for one in messages(*items, instructions="You are Ada.")] == [
        ("system", "You are Ada."),
        ("system", "Be brief."),
        ("user", "Hello."),
        ("assistant", "Hi!"),
        ("user", "What is new?"),
        ("assistant", "Much."),
    ]


def test_an_image() -> None:
    """An image is an image_url beside the text; with its detail, where one was asked for."""
    parts = [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "low"},
    ]
    (message,) = messages(Item.make("message", role="user", content=parts))
    assert message["content"] == [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}},
    ]


def test_calls_and_their_results() -> None:
    """Calls in a row are one message, each followed by its result, whenever that came; one without is told so."""
    items = [user("?"), call("first", "1"), call("second", "2"), user("And?"), output("1", "one")]
    told = messages(*items)
    assert [one["role"] for one in told] == ["user", "assistant", "tool", "tool", "user"]
    assert [made["function"]["name"] for made in told[1]["tool_calls"]] == ["first", "second"]
    assert [one["content"] for one in told[2:4]] == ["one", NO_RESULT_YET]


def test_a_result_without_its_call() -> None:
    """A result whose call is not there is told in words, as a model takes none without its call."""
    assert messages(output("1", "42"))[0]["role"] == "user"


def test_what_was_not_heard_is_forgotten() -> None:
    """Of an answer that was truncated the model knows what was heard; of one that was not heard at all, nothing."""
    said = Item.make(
        "message", role="assistant", content=[{"type": "output_audio", "transcript": "One two three four."}]
    )
    said.add_speech("One two three four.", bytes(48 * 400))
    said.truncate(0, 200)
    assert messages(user("?"), said)[1]["content"] == "One two"
    said.truncate(0, 0)
    assert len(messages(user("?"), said)) == 1


def test_what_was_said_while_another_answer_was_made() -> None:
    """An answer stands behind what it answers, and what was said meanwhile behind it."""
    first, second = user("First?"), user("Second?")
    begun = answer("First!")
    begun.follows = first.id
    assert [one["content"] for one in messages(first, second, begun)] == ["First?", "First!", "Second?"]


def test_silence_that_is_to_be_answered() -> None:
    """Somebody who says nothing is told of where that is the last that happened."""
    assert messages(answer("Are you there?"), spoken(""))[-1] == {"role": "user", "content": SILENCE}


def test_the_oldest_turns_are_left_out() -> None:
    """A conversation that is too long loses whole turns at its beginning; instructions and the last turn stay."""
    turns = [item for number in range(5) for item in (user(f"{number} " + "x" * 396), answer("y" * 396))]
    told = messages(*turns, user("Last?"), instructions="Rules.", context_tokens=500)
    assert [one["content"][:2] for one in told] == ["Ru", "3 ", "yy", "4 ", "yy", "La"]
    assert [one["content"] for one in messages(*turns, user("z" * 9000), context_tokens=256)] == ["z" * 9000]
