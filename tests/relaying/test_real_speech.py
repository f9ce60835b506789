"""A cascade with real speech both ways, on this machine: `make run-cascade` is the same with the page before it."""

import base64
import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.client import connect

from relay.cascade.services.sound import SoundReader, wav
from relay.stand_ins.demo.ear import GrammarEar
from relay.stand_ins.demo.voice import say
from relay.stand_ins.services import Script

pytestmark = pytest.mark.skipif(
    shutil.which("flite") is None, reason="flite is not installed: it is Debian's package of that name"
)

SILENCE = bytes(24_000)


def pcm_of(file: bytes) -> bytes:
    reader = SoundReader(24_000)
    return reader.read(file) + reader.finish()


def events_until(peer, *ends: str) -> Iterator[dict[str, Any]]:
    """What comes, up to the event with the last of these types that has not come yet."""
    missing = set(ends)
    while missing:
        event = json.loads(peer.recv())
        missing.discard(event["type"])
        yield event


def test_speech_goes_round(relay_server, scripted_services) -> None:
    """What a voice says is understood, answered, and said, and what was said is understood again."""
    ear = GrammarEar()
    script = Script(hears=ear.hear, speaks=say, thinks=lambda messages: ["How much ", "is a ticket."])
    services = scripted_services(script)
    service = {"url": services.url, "model": "demo"}
    relay = relay_server(upstream="cascade", cascade={"hear": service, "think": service, "speak": service})
    with connect(f"{relay.url}?model=any", proxy=None, max_size=None) as peer:
        listening = {"transcription": {"model": "demo"}, "turn_detection": {"type": "server_vad"}}
        peer.send(
            json.dumps({"type": "session.update", "session": {"type": "realtime", "audio": {"input": listening}}})
        )
        turn = SILENCE + pcm_of(say("When do you open", "cedar")) + 4 * SILENCE
        for start in range(0, len(turn), 4800):
            audio = base64.b64encode(turn[start : start + 4800]).decode()
            peer.send(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))
        transcribed = "conversation.item.input_audio_transcription.completed"
        events = list(events_until(peer, transcribed, "response.done"))
    heard = next(event["transcript"] for event in events if event["type"] == transcribed)
    assert heard == "When do you open."
    assert services.asked_of("think")[-1].fields["messages"][-1] == {"role": "user", "content": "When do you open."}
    pieces = [event["delta"] for event in events if event["type"] == "response.output_audio.delta"]
    answer = b"".join(map(base64.b64decode, pieces))
    assert ear.hear(wav(answer)) == "How much is a ticket."
