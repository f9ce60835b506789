"""What goes over the socket to a process of calls."""

import struct

import pytest

from relay.legs.webrtc.process_wire import MOST_BYTES, Kind, Note, Notes, numbered, read_numbered, written


@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_notes_arrive_in_any_pieces(piece) -> None:
    """However the socket cuts them, the notes are those that were written, in order."""
    notes = [Note(Kind.READY, 0, b""), Note(Kind.AUDIO, 7, b"ab" * 40), Note(Kind.GONE, 2**32 - 1, b"[]")]
    data = b"".join(written(note.kind, note.call, note.payload) for note in notes)
    reader = Notes()
    assert [note for at in range(0, len(data), piece) for note in reader.feed(data[at : at + piece])] == notes


def test_a_question_has_a_number() -> None:
    """What comes with it is what was put in."""
    assert read_numbered(numbered(3, b"{}")) == (3, b"{}")


@pytest.mark.parametrize("head", [struct.pack(">IBI", MOST_BYTES + 1, Kind.TEXT, 1), struct.pack(">IBI", 0, 99, 1)])
def test_what_is_no_note_is_not_read_on(head) -> None:
    """It is refused before room is made for it."""
    with pytest.raises(ValueError, match=r"a note of|not a valid Kind"):
        [*Notes().feed(head)]
