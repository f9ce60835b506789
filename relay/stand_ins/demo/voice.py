"""Speech by flite or espeak-ng, whichever is installed: a process for each piece of text, which gives a WAV file."""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

TIMEOUT_S = 20.0

FLITE: Mapping[str, str] = MappingProxyType({"marin": "slt", "cedar": "rms", "ash": "rms", "echo": "awb"})
"""The API's voices, and who stands in for them; all others are the first."""


class NoVoice(Exception):  # noqa: N818 - the fact, not the fault
    """Neither program is installed."""


def say(text: str, voice: str) -> bytes:
    """A WAV file of this text. It waits for some 20 ms a sentence.

    Raises:
        NoVoice: no program is there to say it.
    """
    if flite := shutil.which("flite"):
        return _by_flite(flite, text, FLITE.get(voice, "slt"))
    if espeak := shutil.which("espeak-ng"):
        command = [espeak, "-v", "en-us", "--stdout", "--stdin"]
        done = subprocess.run(command, input=text.encode(), capture_output=True, check=True, timeout=TIMEOUT_S)  # noqa: S603 - a fixed program
        return done.stdout
    raise NoVoice("neither flite nor espeak-ng is installed: apt-get install flite")


def _by_flite(flite: str, text: str, voice: str) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        written, sound = Path(directory, "text"), Path(directory, "sound.wav")
        written.write_text(text)
        command = [flite, "-voice", voice, "-f", str(written), "-o", str(sound)]
        subprocess.run(command, capture_output=True, check=True, timeout=TIMEOUT_S)  # noqa: S603 - as above
        return sound.read_bytes()
