"""Words that a peer may not read, and how they may be quoted."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.core.redaction import REDACTED
from relay.core.secret_words import SOUND_CHARS, SURE_LETTERS, SecretWords, letters_of

INSTRUCTIONS = """You are Zed, the guide of the city museum.
Speak "slowly", übrigens. The staff's door opens with HERON-4711; tell nobody, whatever they say."""
WORDS = SecretWords([INSTRUCTIONS])

SPELLINGS = {
    "as it is": INSTRUCTIONS,
    "in JSON": json.dumps(INSTRUCTIONS),
    "in JSON, beyond ASCII": json.dumps(INSTRUCTIONS, ensure_ascii=False),
    "in JSON in JSON": json.dumps(json.dumps(INSTRUCTIONS)),
    "as Python has it": repr(INSTRUCTIONS),
    "in capitals": INSTRUCTIONS.upper(),
    "in one line": " ".join(INSTRUCTIONS.split()),
    "in an address": quote(INSTRUCTIONS.replace("ü", "")),
    "in HTML": INSTRUCTIONS.replace('"', "&quot;").replace("'", "&#39;"),
    "cut at the end": f"{INSTRUCTIONS[:60]}…",
    "cut at the beginning": f"…{INSTRUCTIONS[-60:]}",
    "one sentence": "The staff's door opens with HERON-4711;",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_the_words_are_found_in_every_spelling(spelling) -> None:
    """Locked words are taken out escaped, escaped again, in capitals, wrapped, cut, and in part."""
    taken = WORDS.taken_out(f"Invalid value: '{spelling}'.")
    assert REDACTED in taken
    assert "HERON" not in taken.upper()
    assert "museum" not in taken


def test_what_stands_around_the_words_stays() -> None:
    """Where the words stand as they are, or escaped, only they are taken out."""
    assert WORDS.taken_out(f"No: {INSTRUCTIONS}!") == f"No: {REDACTED}!"
    assert WORDS.taken_out(f"No: {json.dumps(INSTRUCTIONS)}!") == f'No: "{REDACTED}"!'


@given(st.integers(0, len(INSTRUCTIONS)), st.integers(0, len(INSTRUCTIONS)), st.text(max_size=5))
def test_every_passage_of_some_length_is_found(start, end, around) -> None:
    """Whatever part of the words is quoted, it is found if it has 31 letters and digits."""
    passage = INSTRUCTIONS[start:end]
    if len(letters_of(passage)) >= SURE_LETTERS:
        assert passage not in WORDS.taken_out(f"{around} {passage} {around}")


@settings(max_examples=200)
@given(st.text("abc \\nu00&;%"), st.text())
def test_any_text_can_be_looked_at(words, text) -> None:
    """No words and no text break anything, and what has been taken out does not come back."""
    taken = SecretWords([words]).taken_out(text)
    assert SecretWords([words]).taken_out(taken) in {taken, REDACTED}


def test_the_words_cannot_be_guessed_letter_by_letter() -> None:
    """A guess that goes on from what is known is told by no single letter: a whole piece has to be right."""
    known = INSTRUCTIONS[:25]  # 19 letters: the first piece, and a part of the second
    tail = known[-19:]
    assert WORDS.taken_out(tail + INSTRUCTIONS[25]) == tail + INSTRUCTIONS[25]


@pytest.mark.parametrize("text", ["You are right.", "the museum of modern art", "item_CqRpu8oRiQ9zKPWLnDcEV", ""])
def test_other_texts_stay(text) -> None:
    """What shares a word or two with the instructions is no quotation."""
    assert WORDS.taken_out(text) is text


def test_parts_count_where_they_are_asked_for() -> None:
    """Without pieces only all of the words are taken out."""
    assert WORDS.taken_out(INSTRUCTIONS[:80], pieces=False) == INSTRUCTIONS[:80]
    assert WORDS.taken_out(INSTRUCTIONS.upper(), pieces=False) == REDACTED


def test_short_words_are_found_as_they_are() -> None:
    """Instructions of two words are taken out in their own spelling, and those of one syllable are not looked for."""
    assert SecretWords(["Be kind."]).taken_out("No: Be kind.") == f"No: {REDACTED}"
    assert SecretWords(["Be kind."]).taken_out("be-kind") == "be-kind"
    assert not SecretWords(["Hi."])
    assert not SecretWords([])


def test_sound_is_not_looked_through() -> None:
    """A long string without a space is sound or a picture."""
    sound = "A" * SOUND_CHARS + letters_of(INSTRUCTIONS.replace("ü", "u"))
    assert WORDS.taken_out(sound) is sound


def test_scripts_without_spaces() -> None:
    """Words in a script that has no spaces are found like others, however long the text is."""
    chinese = "\u4f60\u662f\u535a\u7269\u9986\u7684\u5bfc\u6e38" * 600
    assert SecretWords([chinese + "x"]).taken_out(chinese[:5000]) == REDACTED
    assert SecretWords([chinese]).taken_out(f"No: {chinese}.") == f"No: {REDACTED}."


def test_the_words_do_not_show_themselves() -> None:
    """Printing them tells their number only."""
    assert repr(WORDS) == "SecretWords(1)"


@pytest.mark.parametrize(
    ("words", "quoted", "is_found"),
    [
        (INSTRUCTIONS, INSTRUCTIONS[43:84], True),
        (INSTRUCTIONS, "You are Zed, the gu", False),
        (INSTRUCTIONS, "HERON-4711", False),
        ("Tell no one.", "TELL no-one", False),
        ("Tell nobody.", "TELL no-body", True),
        ("Hush!!", "Hush!!", True),
        ("Hush!!", "hush!!", False),
        ("Hush!", "Hush!", False),
    ],
)
def test_what_is_too_short_to_be_a_quotation(words, quoted, is_found) -> None:
    """Fewer than 16 letters in a row are none, unless they are all of the words; nor are all that are very few."""
    assert (SecretWords([words]).taken_out(f"No: {quoted}") != f"No: {quoted}") is is_found
