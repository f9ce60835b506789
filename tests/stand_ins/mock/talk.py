"""A client of the mock without a socket: it talks, lets time pass, and reads the trace of what came back."""

import math
from array import array
from base64 import b64decode, b64encode
from typing import Any

import orjson

from relay.stand_ins.mock.opening import Opening
from relay.stand_ins.mock.pace import Pace
from relay.stand_ins.mock.session import MockSession
from tests.stand_ins.mock.conformance import conforms

MODEL = Opening("gpt-realtime-2.1")
TRANSCRIPTION = Opening(None)
UNIX_NOW = 1_800_000_000.0
BYTES_PER_MS = 48

SPOKEN_TURN = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
]
OPENED = ["response.created", "response.output_item.added", "conversation.item.added", "response.content_part.added"]
SPOKEN_END = [
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
]
SPOKEN_ANSWER = [*OPENED, "…", *SPOKEN_END, "rate_limits.updated"]


def tone(ms: int, amplitude: int = 6000) -> bytes:
    """A tone of 440 Hz, loud enough to be taken for speech."""
    step = 2 * math.pi * 440 / 24000
    return array("h", (round(amplitude * math.sin(step * n)) for n in range(24 * ms))).tobytes()


def silence(ms: int) -> bytes:
    return bytes(ms * BYTES_PER_MS)


def trace(events: list[dict[str, Any]]) -> list[str]:
    """The types of these events, where deltas in a row are one `…`."""
    types: list[str] = []
    for event in events:
        kind = "…" if event["type"].endswith(".delta") else event["type"]
        if kind != "…" or types[-1:] != ["…"]:
            types.append(kind)
    return types


def audio_of(events: list[dict[str, Any]]) -> bytes:
    """The speech in these events."""
    deltas = (event["delta"] for event in events if event["type"] == "response.output_audio.delta")
    return b"".join(map(b64decode, deltas))


def text_of(events: list[dict[str, Any]], kind: str) -> str:
    """The deltas of this type, joined."""
    return "".join(event["delta"] for event in events if event["type"] == kind)


class Talk:
    """A session on a clock of its own. Every event that comes out of it is checked against the published types.

    Attributes:
        events: all that came so far, in order.
        session: what is talked to.
        now: the time.
    """

    def __init__(self, opening: Opening = MODEL, *, pace: Pace | None = None, **options: Any) -> None:
        self.now = 1000.0
        self.events: list[dict[str, Any]] = []
        self.session = MockSession(opening, pace=pace or Pace(), now=self.now, unix_now=UNIX_NOW, **options)
        self.read()

    def read(self) -> list[dict[str, Any]]:
        """What has come by now, and was not read before."""
        came = []
        while event := self.session.next_event(self.now):
            conforms(event)
            came.append(event)
        self.events.extend(came)
        return came

    def send(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        """Send this client event; what came at once."""
        return self.send_raw(orjson.dumps({"type": kind, **fields}).decode())

    def send_raw(self, message: str | bytes) -> list[dict[str, Any]]:
        """Send this message, whatever it is; what came at once."""
        self.session.receive(message, self.now)
        return self.read()

    def wait(self, seconds: float) -> list[dict[str, Any]]:
        """Let time pass, never skipping a moment at which something is due; what came meanwhile."""
        came, end = [], self.now + seconds
        while self.session.next_due <= end:
            self.now = self.session.next_due
            came += self.read()
            if self.session.closing:
                break
        self.now = end
        return came

    def finish(self) -> list[dict[str, Any]]:
        """Let time pass until all that was asked for has been answered."""
        return self.wait(60)

    def speak(self, pcm: bytes, chunk_ms: int = 40) -> list[dict[str, Any]]:
        """Append this audio as a microphone does: a chunk at a time, as fast as it is spoken."""
        came: list[dict[str, Any]] = []
        size = chunk_ms * BYTES_PER_MS
        for start in range(0, len(pcm), size):
            chunk = pcm[start : start + size]
            came += self.send("input_audio_buffer.append", audio=b64encode(chunk).decode())
            came += self.wait(len(chunk) / BYTES_PER_MS / 1000)
        return came

    def update(self, **session: Any) -> list[dict[str, Any]]:
        """Change the session."""
        return self.send("session.update", session={"type": "realtime", **session})

    def write(self, text: str, **item: Any) -> list[dict[str, Any]]:
        """Add a written message of the user."""
        content = [{"type": "input_text", "text": text}]
        return self.send(
            "conversation.item.create", item={"type": "message", "role": "user", "content": content, **item}
        )

    def ask(self, text: str, **response: Any) -> list[dict[str, Any]]:
        """Write a message, ask for a response, and wait for all of it; what came in answer."""
        self.write(text)
        return self.send("response.create", response=response) + self.finish()

    def refusal(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The `error` that this client event brings about, and nothing else."""
        (event,) = self.send(kind, event_id="mine", **fields)
        assert event["type"] == "error"
        assert event["error"]["event_id"] == "mine"
        error: dict[str, Any] = event["error"]
        return error
