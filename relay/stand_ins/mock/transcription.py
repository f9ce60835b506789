"""Transcripts of what the user said, by a mock that understands no speech: it tells how long somebody spoke."""

import re

from relay.stand_ins.mock.audio import is_audible
from relay.stand_ins.mock.events import delta, event
from relay.stand_ins.mock.items import Item
from relay.stand_ins.mock.pace import Pace
from relay.stand_ins.mock.schedule import Pause, Script
from relay.stand_ins.mock.usage import transcription_usage
from relay.stand_ins.mock.voice import describe


def transcribe(item: Item, model: str, pace: Pace) -> Script:
    """The transcript of a committed turn, in pieces and then whole.

    Args:
        item: a user's message whose first part is audio; it gets the transcript.
        model: as in `audio.input.transcription`; it decides how usage is counted.
        pace: how long it takes.
    """
    pcm = item.pcm.get(0, b"")
    yield Pause(pace.transcription_s)
    transcript = f"[{describe(pcm)}]" if is_audible(pcm) else ""
    where = {"item_id": item.id, "content_index": 0}
    for piece in re.findall(r"\S+\s*", transcript):
        yield delta("conversation.item.input_audio_transcription.delta", **where, delta=piece)
        yield Pause(pace.token_s)
    item.content[0]["transcript"] = transcript
    yield event(
        "conversation.item.input_audio_transcription.completed",
        **where,
        transcript=transcript,
        usage=transcription_usage(model, pcm, transcript),
    )
