"""A recording, made plain: who said what and when, how long they waited, what it cost, how it sounded.

    reading      one pass over the file: its turns, waits, cost, errors and end
    summary      what that pass finds
    playout      where in time a voice is heard, which is not when its messages came
    audio        samples out of messages
    words        what the terminal and the page say alike
    terminal     the summary as text
    voices, wav  both voices in time, and as a file
    waveform     both voices as peaks
    page         all of it as one page; `timeline` is its picture, `page.html` and `page.css` its frame

Memory is taken by the words of a recording, not by its sound.
"""

from relay.recording.inspection.reading import inspect_recording
from relay.recording.inspection.summary import Summary, Turn, Wait

__all__ = ["Summary", "Turn", "Wait", "inspect_recording"]
