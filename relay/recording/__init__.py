"""Sessions written down, one file each, to be looked into and replayed. `docs/recordings.md` has the format.

format      what a line says, made and read back; no files
reader      a file's lines, one at a time, with words for what is wrong with it
"""

from relay.recording.format import Cut, End, Header, Message, Side, Stopped, Unreadable
from relay.recording.reader import Recording, RecordingError, read_recording

__all__ = [
    "Cut",
    "End",
    "Header",
    "Message",
    "Recording",
    "RecordingError",
    "Side",
    "Stopped",
    "Unreadable",
    "read_recording",
]
