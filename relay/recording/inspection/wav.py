"""Both voices as a WAV file: the peer on the left, the upstream on the right, as they could be heard."""

import wave
from array import array
from pathlib import Path

from relay.recording.inspection.files import private_file
from relay.recording.inspection.playout import RATE
from relay.recording.inspection.summary import Summary
from relay.recording.inspection.voices import voices_of
from relay.recording.reader import Recording


def write_wav(recording: Recording, summary: Summary, path: Path) -> None:
    """Write it, 16 bits at `RATE`, second by second. Nobody but the user can read the file.

    Raises:
        OSError: it cannot be written.
        RecordingError: the recording cannot be read, or lasts longer than any session does.
    """
    left, right = voices_of(recording, summary)
    rest = round(summary.duration_s * RATE)
    with private_file(path) as raw, wave.open(raw) as file:
        file.setparams((2, 2, RATE, rest, "NONE", ""))
        while rest > 0:
            count = min(rest, RATE)
            both = array("h", bytes(4 * count))
            both[0::2] = left.read(count)
            both[1::2] = right.read(count)
            file.writeframesraw(both.tobytes())
            rest -= count
