"""The mock's clips, said one after another by a voice that goes on for as long as it is wanted."""

import math

from relay.stand_ins.mock.pieces import words_of
from relay.stand_ins.mock.voice import ROTATION, Utterance, clips


class ClipPlayer:
    """Remembers which clip is being said, and how far it has come."""

    def __init__(self) -> None:
        self._turn = 0
        self._position = 0

    def next_clip(self) -> Utterance:
        """A whole clip, from its beginning."""
        clip = clips()[ROTATION[self._turn % len(ROTATION)]]
        self._turn += 1
        self._position = 0
        return clip

    def next_piece(self, size: int) -> Utterance:
        """What follows: `size` bytes of it at most, with the words that are begun in them."""
        clip = clips()[ROTATION[self._turn % len(ROTATION)]]
        start, end = self._position, min(self._position + size, len(clip.pcm))
        words = words_of(clip.words)
        begun, said = (math.ceil(len(words) * position / len(clip.pcm)) for position in (end, start))
        if end == len(clip.pcm):
            self.next_clip()
        else:
            self._position = end
        return Utterance("".join(words[said:begun]) + " " * (end == len(clip.pcm)), clip.pcm[start:end])
