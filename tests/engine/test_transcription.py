"""The transcript of a turn, as the peer is told it."""

from base64 import b64encode
from typing import Any

from relay.engine.mind import NotTranscribed, Transcribed
from relay.engine.schedule import UNTIL_WOKEN
from tests.fakes.minds import MindedSession, ScriptedMind
from tests.stand_ins.mock.talk import tone, trace

USAGE = {"type": "duration", "seconds": 0.4}
TOLD = "conversation.item.input_audio_transcription"


def committed(mind: ScriptedMind) -> tuple[MindedSession, list[dict[str, Any]]]:
    """A turn of 400 ms was committed; what came of it."""
    session = MindedSession(mind, model=None)
    session.send("session.update", session={"type": "transcription", "audio": {"input": {
        "turn_detection": None, "transcription": {"model": "whisper-1"}}}})  # fmt: skip
    session.send("input_audio_buffer.append", audio=b64encode(tone(400)).decode())
    return session, session.send("input_audio_buffer.commit")


def test_a_transcript_in_pieces() -> None:
    """Pieces come as the mind has them, and then the whole, which the item has from then on."""
    session, came = committed(ScriptedMind(transcript=["Good ", UNTIL_WOKEN, Transcribed("Good day.", USAGE)]))
    assert came[-1]["delta"] == "Good "
    (completed,) = session.read(wake=True)
    assert (completed["type"], completed["transcript"]) == (f"{TOLD}.completed", "Good day.")
    item = session.send("conversation.item.retrieve", item_id=completed["item_id"])[0]["item"]
    assert item["content"][0]["transcript"] == "Good day."


def test_a_turn_that_cannot_be_transcribed() -> None:
    """A failed transcription is told with its code, and the item stays without words."""
    session, came = committed(ScriptedMind(transcript=[NotTranscribed("transcription_failed", "No service.")]))
    assert trace(came)[-1] == f"{TOLD}.failed"
    assert came[-1]["error"]["code"] == "transcription_failed"
    (item,) = session.session.conversation
    assert item.content[0]["transcript"] is None
