"""An answer cut into the deltas in which it is streamed."""

import re
from collections.abc import Iterator

from relay.engine.audio import BYTES_PER_MS

FIRST_CHUNKS_MS = (100, 150)
CHUNK_MS = 250
PIECE_CHARS = 8
MAX_PIECES = 200


def words_of(text: str) -> list[str]:
    """Each word with the white space behind it; joined again they are the text."""
    return re.findall(r"\s*\S+\s*", text)


def pieces_of(text: str) -> Iterator[str]:
    """Pieces of a few characters; longer ones where there would be too many."""
    size = max(PIECE_CHARS, len(text) // MAX_PIECES)
    return (text[start : start + size] for start in range(0, len(text), size))


def chunks_of(pcm: bytes) -> Iterator[bytes]:
    """Chunks of speech: short ones first, so that playback can begin, then of a quarter second."""
    start = 0
    sizes = iter(FIRST_CHUNKS_MS)
    while start < len(pcm):
        end = start + next(sizes, CHUNK_MS) * BYTES_PER_MS
        yield pcm[start:end]
        start = end


def spoken_pieces(text: str, pcm: bytes) -> Iterator[tuple[list[str], bytes]]:
    """Chunks of speech, each with the words that are begun in it, as if all words were equally long."""
    words = words_of(text)
    told, sent = 0, 0
    for chunk in chunks_of(pcm):
        sent += len(chunk)
        begun = -(-len(words) * sent // len(pcm))
        yield words[told:begun], chunk
        told = begun
