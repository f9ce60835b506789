"""relay.cascade.chunks"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.cascade.chunks import FIRST_MOST, MOST, Chunks, Piece


def cut(*texts: str, **options) -> list[str]:
    chunks = Chunks(**options)
    return [piece.text for text in texts for piece in chunks.add(text)] + [piece.text for piece in chunks.finish()]


def pieces_of(text: str, **options) -> list[Piece]:
    chunks = Chunks(**options)
    return [piece for character in text for piece in chunks.add(character)] + chunks.finish()


def test_sentence_by_sentence() -> None:
    """An answer is cut into sentences, each as soon as the next one has begun."""
    chunks = Chunks()
    assert chunks.add("The museum is open today.") == []
    assert chunks.add(" It closes") == [Piece("The museum is open today. ", "The museum is open today.")]
    assert [piece.text for piece in chunks.add(" at six in the evening. Bring a coat")] == [
        "It closes at six in the evening. "
    ]
    assert [piece.text for piece in chunks.finish()] == ["Bring a coat"]


def test_the_first_piece_is_short() -> None:
    """The first piece may be a clause, since somebody waits for it; the next ones are sentences."""
    text = "On Mondays we are closed, as are most museums in this town, but tomorrow we open at nine. Do come, please."
    assert pieces_of(text)[0].text == "On Mondays we are closed,"
    assert pieces_of(text)[1].text == " as are most museums in this town, but tomorrow we open at nine. "


def test_a_first_sentence_of_a_word_is_a_piece() -> None:
    """A first sentence of a word is said at once."""
    assert cut("Yes. It", " is open until six.")[0] == "Yes. "


def test_a_first_piece_without_any_mark_ends_at_a_space() -> None:
    """A first piece in which nothing ends is cut at a space."""
    first = pieces_of("word " * 40)[0].text
    assert first.endswith("word ")
    assert len(first) <= FIRST_MOST


def test_short_sentences_go_together() -> None:
    """Behind the first piece a short sentence goes with the one behind it."""
    text = "That is a good question indeed. No. Not today. We open again tomorrow at nine. Bye."
    assert [piece.text for piece in pieces_of(text)] == [
        "That is a good question indeed. ",
        "No. Not today. We open again tomorrow at nine. ",
        "Bye.",
    ]


def test_a_number_and_an_abbreviation_are_no_ends() -> None:
    """A point in a number, behind a title or behind a list's number ends no sentence."""
    assert cut("Dr. Li says 3.5 hours. ", "1. Apples are fine, and pears. Then")[:2] == [
        "Dr. Li says 3.5 hours. ",
        "1. Apples are fine, and pears. ",
    ]


def test_a_sentence_without_end_is_cut() -> None:
    """A sentence longer than a service takes well is cut at a clause or a space, or anywhere."""
    assert all(len(piece.text) <= MOST for piece in pieces_of("on and on, " * 200))
    assert all(len(piece.text) <= MOST for piece in pieces_of("on and on " * 200))
    assert all(len(piece.text) <= MOST for piece in pieces_of("x" * 1000))


@pytest.mark.parametrize("language", ["ja", "zh", "en"])
def test_other_scripts_have_sentences(language) -> None:
    """Sentences end in other scripts as they do there, without a space."""
    assert cut("今日は元気ですか。明日は", "晴れです。", language=language) == [
        "今日は元気ですか。",
        "明日は晴れです。",
    ]


def test_only_the_first_line_is_said() -> None:
    """With `only_first_line` an answer is said up to its first line break, and shown whole."""
    pieces = pieces_of("\nThree places are open. Look.\n\n- The museum\n- The zoo. It is big.", only_first_line=True)
    assert " ".join(piece.spoken for piece in pieces if piece.spoken) == "Three places are open. Look."
    assert "".join(piece.text for piece in pieces).endswith("- The zoo. It is big.")


def test_what_is_not_spoken_is_in_the_text() -> None:
    """Marks are in the transcript and are not said; a piece of marks alone is not said at all."""
    pieces = pieces_of("**Hello** there, _friend_ of mine.\n\n---\n\n# News\nIt rains today, as it did.")
    assert "**Hello** there" in "".join(piece.text for piece in pieces)
    assert " ".join(piece.spoken for piece in pieces if piece.spoken).replace("\n", " ") == (
        "Hello there, friend of mine. News It rains today, as it did."
    )


@given(st.lists(st.text(alphabet="ab .,!?\n*`1。", max_size=40), max_size=20), st.booleans())
def test_nothing_is_lost(texts, only_first_line) -> None:
    """However an answer comes, its pieces together are what was written, and none is empty."""
    pieces = cut(*texts, only_first_line=only_first_line)
    assert "".join(pieces) == "".join(texts)
    assert all(pieces)
