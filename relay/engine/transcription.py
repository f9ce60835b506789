"""What the peer is told of a turn's transcript: its pieces, then all of it, or that there is none."""

from collections.abc import Iterator

from relay.engine.events import delta, event
from relay.engine.items import Item
from relay.engine.mind import NotTranscribed, Transcribed, TranscriptStep
from relay.engine.schedule import Pause, Script

TOLD = "conversation.item.input_audio_transcription"


def transcription(item: Item, steps: Iterator[TranscriptStep]) -> Script:
    """The events of a transcript.

    Args:
        item: a user's message whose first part is audio; it gets the transcript.
        steps: what the mind makes of it.
    """
    where = {"item_id": item.id, "content_index": 0}
    for step in steps:
        match step:
            case Pause():
                yield step
            case str():
                yield delta(f"{TOLD}.delta", **where, delta=step)
            case Transcribed(transcript, usage):
                item.content[0]["transcript"] = transcript
                yield event(f"{TOLD}.completed", **where, transcript=transcript, usage=usage)
            case NotTranscribed(code, message):
                error = {"type": "transcription_error", "code": code, "message": message, "param": None}
                yield event(f"{TOLD}.failed", **where, error=error)
