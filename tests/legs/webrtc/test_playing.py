"""What waits to be played."""

import base64

from relay.core.events import write_event
from relay.legs.webrtc.media import FRAME_BYTES
from relay.legs.webrtc.playing import PlayQueue


def delta(pcm: bytes):
    return write_event({"type": "response.output_audio.delta", "delta": base64.b64encode(pcm).decode()})


def test_frames_are_cut_across_pieces() -> None:
    """Sound leaves in frames of 20 ms whatever pieces it came in, the last one filled up with silence."""
    queue = PlayQueue()
    queue.put(delta(b"\1" * 100))
    queue.put(delta(b"\2" * (2 * FRAME_BYTES)))
    assert queue.waiting_bytes == 100 + 2 * FRAME_BYTES
    assert queue.frame() == b"\1" * 100 + b"\2" * (FRAME_BYTES - 100)
    assert queue.frame() == b"\2" * FRAME_BYTES
    assert queue.frame() == (b"\2" * 100).ljust(FRAME_BYTES, b"\0")
    assert (queue.frame(), queue.waiting_bytes) == (None, 0)


def test_what_is_cleared_is_not_played() -> None:
    """After a clear nothing is left."""
    queue = PlayQueue()
    queue.put(delta(b"\1" * 5000))
    queue.clear()
    assert (queue.frame(), queue.waiting_bytes) == (None, 0)


def test_a_delta_without_sound() -> None:
    """What is no base64, or no string, is passed over."""
    queue = PlayQueue()
    for wrong in ("%%%%a", None, 7, ["x"], ""):
        queue.put(write_event({"type": "response.output_audio.delta", "delta": wrong}))
    queue.put(write_event({"type": "response.output_audio.delta"}))
    assert queue.frame() is None
