"""Items as text, and which of them are said again."""

import pytest

from relay.core.remembered import (
    CALL,
    MESSAGE,
    RESULT,
    Remembered,
    as_events,
    as_instructions,
    heard,
    latest,
    read_item,
)
from relay.engine.requests import check


def user(number: int, text: str = "word") -> Remembered:
    return Remembered(f"u{number}", MESSAGE, "user", text)


def assistant(number: int, text: str = "word") -> Remembered:
    return Remembered(f"a{number}", MESSAGE, "assistant", text)


CALLED = Remembered("c1", CALL, text='{"zone":"UTC"}', call_id="call_1", name="time")
ANSWERED = Remembered("r1", RESULT, text="noon", call_id="call_1")
RULE = Remembered("s1", MESSAGE, "system", "Be kind.")
SPOKEN = Remembered("u9", MESSAGE, "user", None)


@pytest.mark.parametrize(
    ("items", "bounds", "said"),
    [
        ([user(1), assistant(1), user(2)], {}, ["u1", "a1", "u2"]),
        ([user(1), assistant(1), user(2), assistant(2)], {"most_turns": 1}, ["u2", "a2"]),
        ([RULE, user(1), user(2)], {"most_turns": 1}, ["s1", "u2"]),
        ([user(1), CALLED, ANSWERED, assistant(1)], {}, ["u1", "c1", "r1", "a1"]),
        ([user(1), CALLED], {}, ["u1", "c1"]),
        ([user(1), ANSWERED, assistant(1)], {}, ["u1", "a1"]),
        ([user(1), SPOKEN, user(2, ""), assistant(1)], {}, ["u1", "a1"]),
        ([user(number, "x" * 40) for number in range(6)], {"most_tokens": 60}, ["u2", "u3", "u4", "u5"]),
        ([user(1), CALLED, ANSWERED], {"most_tokens": 10}, []),
    ],
)
def test_which_items_are_said_again(items, bounds, said) -> None:
    """The last turns are said again, whole and in order, with what system messages say, within turns and tokens."""
    assert [item.id for item in latest(items, **bounds)] == said


def test_a_long_text_loses_its_end() -> None:
    """A text of more than a quarter of what may be said is shortened, rather than push out the others."""
    said = latest([user(1), user(2, "ä" * 100_000)])
    assert [item.id for item in said] == ["u1", "u2"]
    assert (said[1].text or "").endswith("ä …")
    assert sum(item.tokens for item in said) <= 4000


@pytest.mark.parametrize("item", [user(1), assistant(1), RULE, CALLED, ANSWERED, Remembered("x" * 40, MESSAGE, "user")])
def test_what_is_said_is_what_the_api_takes(item) -> None:
    """Each item is said as the API takes it, with its id where that is short enough."""
    (event,) = as_events([item])
    check(event)
    again = read_item({"id": item.id, **event["item"]})
    assert again == item
    assert ("id" in event["item"]) == (len(item.id) <= 32)


def test_the_same_as_instructions() -> None:
    """As a block of instructions the conversation stands behind those of the session."""
    said = as_instructions([user(1, "Time?"), CALLED, ANSWERED, assistant(1, "Noon.")], "Be brief.")
    assert said == (
        "Be brief.\n\nThe conversation so far, which goes on now:\n"
        'User: Time?\nCalled time: {"zone":"UTC"}\nResult: noon\nAssistant: Noon.'
    )
    assert as_instructions([], "Be brief.") == "Be brief."
    assert as_instructions([user(1)]).startswith("The conversation so far")


@pytest.mark.parametrize(
    ("heard_ms", "words"),
    [(0, ""), (-5, ""), (400, ""), (600, "one"), (1000, "one two"), (2000, "one two thr"), (9000, "one two thr")],
)
def test_how_much_was_heard(heard_ms, words) -> None:
    """Of a cut speech whole words are left, as many as there was sound for."""
    assert heard("one two thr", heard_ms, 1571) == words
