"""Makes the recordings in this directory: `python -m tests.transcripts.make`.

Most are talks with the mock, on a clock of their own. What the mock cannot say is written by hand, after the API's
documented sequences. Ids are made anew each time, so the files change; they are made again only where a talk does.
"""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

from relay.recording import Message
from relay.stand_ins.mock import MockSession, Pace
from relay.stand_ins.mock.opening import Opening
from relay.stand_ins.mock.voice import clips
from tests.fakes.recordings import Scripted

HERE = Path(__file__).parent
MODEL = "gpt-realtime-2.1"
BYTES_PER_S = 48_000
CHUNK_S = 0.1
WEATHER = {"type": "function", "name": "weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}}}  # fmt: skip
RED_DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="


class Talk:
    """A talk with the mock, which is written down as the recorder would.

    Attributes:
        now: seconds since it began.
        heard: what the mock said, in order.
    """

    def __init__(
        self, pace: Pace | None = None, *, is_transcription: bool = False, session_seconds: float = 3600
    ) -> None:
        model = None if is_transcription else MODEL
        profile = "minutes" if is_transcription else "default"
        self.script = Scripted(session_id="a0b1c2d3e4f50617", model=model, profile=profile)
        self.now = 0.0
        self.heard: list[dict[str, Any]] = []
        self._passed = 0
        self._session = MockSession(Opening(model), pace=pace or Pace(), now=0.0, unix_now=1_790_000_000)
        self.wait(0.01)

    def say(self, kind: str, **fields: Any) -> None:
        """Say one event."""
        event = {"type": kind, **fields}
        self.script.up(event, self.now)
        message = self.script.lines[-1]
        assert isinstance(message, Message)
        self._session.receive(message.data, self.now)
        self._listen()

    def speak(self, pcm: bytes) -> None:
        """Say it aloud, in chunks, as fast as a microphone would."""
        size = int(CHUNK_S * BYTES_PER_S)
        for start in range(0, len(pcm), size):
            self.say("input_audio_buffer.append", audio=base64.b64encode(pcm[start : start + size]).decode())
            self.wait(CHUNK_S)

    def wait(self, seconds: float) -> None:
        """Let time pass, and hear what is said meanwhile."""
        until = self.now + seconds
        while self._session.next_due <= until and not self._session.closing:
            self.now = max(self.now, self._session.next_due)
            self._listen()
        self.now = until
        self._listen()

    def until(self, kind: str) -> dict[str, Any]:
        """Hear on to the next event of this type, behind the one that was last waited for."""
        while True:
            for place, event in enumerate(self.heard[self._passed :], self._passed + 1):
                if event["type"] == kind:
                    self._passed = place
                    return event
            assert self.now < 10_000, f"no {kind} came"
            self.wait(0.05)

    def ask(self, words: str, **response: Any) -> None:
        """Ask in writing, and want an answer."""
        content = [{"type": "input_text", "text": words}]
        self.say("conversation.item.create", item={"type": "message", "role": "user", "content": content})
        self.say("response.create", **({"response": response} if response else {}))

    def leave(self) -> Scripted:
        """Close with 1000."""
        return self.script.closed_by_peer(self.now)

    def expire(self) -> Scripted:
        """The upstream closes by itself."""
        parting = self._session.closing
        assert parting is not None
        assert parting.close_code is not None
        return self.script.closed_by_upstream(parting.close_code, parting.close_reason, self.now)

    def _listen(self) -> None:
        while (event := self._session.next_event(self.now)) is not None:
            self.heard.append(event)
            self.script.down(event, self.now)


def silence(seconds: float) -> bytes:
    return bytes(int(seconds * BYTES_PER_S))


def repeating(talk: Talk, **audio_input: Any) -> Talk:
    talk.say(
        "session.update",
        session={"type": "realtime", "instructions": "Repeat after me.", "audio": {"input": audio_input}},
    )
    talk.until("session.updated")
    return talk


def plain_turn() -> Scripted:
    """Somebody speaks, and the answer is spoken; voice detection ends the turn, its transcript comes late."""
    talk = repeating(Talk(), transcription={"model": "gpt-realtime-whisper"})
    talk.speak(silence(0.2) + clips()["answer-2"].pcm + silence(0.7))
    talk.until("rate_limits.updated")
    talk.wait(1.0)
    return talk.leave()


def barge_in() -> Scripted:
    """A long answer is interrupted by speech, and truncated at what was heard."""
    talk = Talk(Pace(speedup=2.0))
    talk.ask("Tell me a long story.")
    added = talk.until("response.output_item.added")
    talk.until("response.output_audio.delta")
    talk.wait(0.5)
    talk.speak(silence(0.1) + clips()["answer-2"].pcm[: int(0.5 * BYTES_PER_S)])
    talk.say("conversation.item.truncate", item_id=added["item"]["id"], content_index=0, audio_end_ms=700)
    talk.wait(0.1)
    return talk.leave()


def push_to_talk() -> Scripted:
    """Without voice detection the peer commits, and asks for the answer itself."""
    talk = repeating(Talk(), turn_detection=None)
    talk.speak(clips()["answer-2"].pcm[: int(0.6 * BYTES_PER_S)])
    talk.say("input_audio_buffer.commit")
    talk.say("response.create", response={"output_modalities": ["text"]})
    talk.until("rate_limits.updated")
    return talk.leave()


def function_call() -> Scripted:
    """The model calls a function, gets its output, and answers."""
    talk = Talk()
    talk.say("session.update", session={"type": "realtime", "tools": [WEATHER], "output_modalities": ["text"]})
    talk.until("session.updated")
    talk.ask("What is the weather in Oslo?")
    call = talk.until("response.function_call_arguments.done")
    talk.until("rate_limits.updated")
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": '{"sky":"clear"}'}
    talk.say("conversation.item.create", item=output)
    talk.say("response.create")
    talk.until("rate_limits.updated")
    return talk.leave()


def text_only() -> Scripted:
    """Two turns in writing, with ids of the peer's own; the first is deleted."""
    talk = Talk()
    item = {"id": "item_from_the_peer", "type": "message", "role": "user",
            "content": [{"type": "input_text", "text": "Hello"}]}  # fmt: skip
    talk.say("conversation.item.create", event_id="event_from_the_peer", item=item)
    talk.say("response.create", response={"output_modalities": ["text"]})
    talk.until("rate_limits.updated")
    talk.ask("And now?", output_modalities=["text"])
    talk.until("rate_limits.updated")
    talk.say("conversation.item.delete", item_id="item_from_the_peer")
    talk.until("conversation.item.deleted")
    return talk.leave()


def transcription_only() -> Scripted:
    """A session that only listens and writes."""
    talk = Talk(is_transcription=True)
    heard = {"transcription": {"model": "gpt-realtime-whisper"}, "turn_detection": {"type": "server_vad"}}
    talk.say("session.update", session={"type": "transcription", "audio": {"input": heard}})
    talk.until("session.updated")
    talk.speak(silence(0.2) + clips()["answer-2"].pcm + silence(0.7))
    talk.until("conversation.item.input_audio_transcription.completed")
    return talk.leave()


def image() -> Scripted:
    """A picture is shown and asked about."""
    talk = Talk()
    content = [{"type": "input_text", "text": "What is this?"},
               {"type": "input_image", "image_url": f"data:image/png;base64,{RED_DOT}", "detail": "low"}]  # fmt: skip
    talk.say("conversation.item.create", item={"type": "message", "role": "user", "content": content})
    talk.say("response.create", response={"output_modalities": ["text"]})
    talk.until("rate_limits.updated")
    return talk.leave()


def error() -> Scripted:
    """Events that are refused, each with an error that names it; the session goes on."""
    talk = Talk()
    talk.say("no.such.event", event_id="event_1")
    talk.say("input_audio_buffer.commit", event_id="event_2")
    talk.say("session.update", event_id="event_3", session={"type": "realtime", "voice": "marin"})
    talk.say("response.cancel", event_id="event_4")
    talk.wait(0.1)
    return talk.leave()


def out_of_band() -> Scripted:
    """A response beside the conversation, told apart by its metadata, while another one goes on."""
    talk = Talk()
    talk.ask("Hello", output_modalities=["text"])
    said = [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Repeat after me: aside"}]}]
    beside = {"conversation": "none", "metadata": {"purpose": "aside"}, "input": said, "output_modalities": ["text"]}
    talk.say("response.create", response=beside)
    talk.until("response.done")
    talk.until("response.done")
    talk.wait(0.2)
    return talk.leave()


def hour() -> Scripted:
    """After an hour the upstream ends the session with 1001 and a sentence."""
    talk = Talk()
    talk.ask("Hello", output_modalities=["text"])
    talk.until("rate_limits.updated")
    talk.wait(3600)
    return talk.expire()


def rate_limit() -> Scripted:
    """By hand: a response fails because the tokens of the minute are used up, and there is an error besides."""
    talk = Talk()
    limit = {"type": "requests", "code": "rate_limit_exceeded"}
    response: dict[str, Any] = {
        "object": "realtime.response", "id": "resp_00000000000000000001", "status": "in_progress",
        "status_details": None, "output": [], "conversation_id": "conv_00000000000000000001",
        "output_modalities": ["text"], "max_output_tokens": "inf", "usage": None, "metadata": None,
    }  # fmt: skip
    none = {"total_tokens": 0, "input_tokens": 0, "output_tokens": 0}
    failed = {**response, "status": "failed", "status_details": {"type": "failed", "error": limit}, "usage": none}
    limits = [{"name": "tokens", "limit": 40000, "remaining": 0, "reset_seconds": 12.5}]
    words = "Rate limit reached for the tokens of a minute. Please try again in 12.5 s."
    script = talk.script.up({"type": "response.create"}, 1.0)
    script.down({"type": "response.created", "event_id": "event_00000000000000000001", "response": response}, 1.1)
    script.down({"type": "response.done", "event_id": "event_00000000000000000002", "response": failed}, 1.2)
    script.down({"type": "rate_limits.updated", "event_id": "event_00000000000000000003", "rate_limits": limits}, 1.25)
    told = {**limit, "message": words, "param": None, "event_id": None}
    script.down({"type": "error", "event_id": "event_00000000000000000004", "error": told}, 1.3)
    return script.closed_by_peer(4.0)


def lost() -> Scripted:
    """By hand: the upstream's connection breaks in the middle of an answer."""
    talk = Talk()
    talk.ask("Hello", output_modalities=["text"])
    talk.until("response.output_text.delta")
    return talk.script.closed_by_upstream(1006, "", talk.now)


TALKS: tuple[Callable[[], Scripted], ...] = (
    plain_turn, barge_in, push_to_talk, function_call, text_only, transcription_only, image, error, out_of_band, hour,
    rate_limit, lost,
)  # fmt: skip


def main() -> None:
    for talk in TALKS:
        talk().write(HERE / f"{talk.__name__.replace('_', '-')}.jsonl")


if __name__ == "__main__":
    main()
