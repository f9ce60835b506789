"""How answers are cut for streaming."""

from hypothesis import given
from hypothesis import strategies as st

from relay.stand_ins.mock.pieces import MAX_PIECES, chunks_of, pieces_of, spoken_pieces, words_of


@given(st.text())
def test_pieces_make_the_whole_again(text: str) -> None:
    """Nothing is lost or added when words and pieces are joined, unless there are no words at all."""
    assert "".join(pieces_of(text)) == text
    if text.strip():
        assert "".join(words_of(text)) == text


@given(st.lists(st.sampled_from(["one", "two", "three"]), max_size=40), st.integers(1, 20_000))
def test_speech_comes_with_its_words(words: list[str], samples: int) -> None:
    """All words and all samples are told, in order; words never lag behind the sound they are in."""
    text, pcm = " ".join(words), bytes(2 * samples)
    told, heard = [], b""
    for some, chunk in spoken_pieces(text, pcm):
        told += some
        heard += chunk
        assert len(told) / max(len(words), 1) >= len(heard) / len(pcm) or not words
    assert ("".join(told), heard) == (text, pcm)


def test_chunks_grow() -> None:
    """100 ms, 150 ms, then a quarter second each: 6.4 to 16 KB of base64."""
    assert [len(chunk) // 48 for chunk in chunks_of(bytes(48 * 1100))] == [100, 150, 250, 250, 250, 100]


def test_long_arguments_come_in_large_pieces() -> None:
    """However long a text is, it is streamed in a few hundred pieces at most."""
    assert len(list(pieces_of("x" * 1_000_000))) <= MAX_PIECES + 1
