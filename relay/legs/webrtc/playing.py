"""What waits to be played to a peer: an answer's sound comes far ahead of the time in which it is heard."""

import binascii
from collections import deque

from relay.core.events import Event
from relay.legs.webrtc.media import FRAME_BYTES

SOUND = "response.output_audio.delta"
SPEECH_STARTED = "input_audio_buffer.speech_started"
CLEAR = "output_audio_buffer.clear"


class PlayQueue:
    """The sound of answers, piece after piece, taken out in frames.

    Attributes:
        waiting_bytes: how much is left to be played.
    """

    def __init__(self) -> None:
        self.waiting_bytes = 0
        self._pieces: deque[bytes] = deque()

    def put(self, event: Event) -> None:
        """The sound of a delta; one that has none that can be read counts as silence of no length."""
        try:
            pcm = binascii.a2b_base64(event.body["delta"])
        except (KeyError, TypeError, ValueError):
            return
        if pcm:
            self._pieces.append(pcm)
            self.waiting_bytes += len(pcm)

    def frame(self) -> bytes | None:
        """The next frame, filled up with silence where too little is there; None where there is nothing."""
        if not self._pieces:
            return None
        taken = bytearray()
        while self._pieces and len(taken) < FRAME_BYTES:
            piece, room = self._pieces.popleft(), FRAME_BYTES - len(taken)
            taken += piece[:room]
            if len(piece) > room:
                self._pieces.appendleft(piece[room:])
        self.waiting_bytes -= len(taken)
        return bytes(taken).ljust(FRAME_BYTES, b"\0")

    def clear(self) -> None:
        """Play none of it."""
        self._pieces.clear()
        self.waiting_bytes = 0
