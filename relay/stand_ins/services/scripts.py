"""What scripted services say, how long they take, and what goes wrong with a request."""

import math
from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

RATE = 24_000
CHARACTER_S = 0.06
"""How long a character of speech takes: about what a voice needs."""

TONE_HZ = 220.0
LOUDNESS = 8_000

Stage: TypeAlias = Literal["hear", "think", "speak"]


@dataclass(frozen=True, slots=True)
class Call:
    """A function that the model calls.

    Attributes:
        arguments: its JSON, sent in two pieces.
    """

    name: str
    arguments: str = "{}"


def say_words(messages: list[Mapping[str, Any]]) -> Iterable[str | Call]:
    """What the model answers where no script says otherwise: the last thing that was said to it, in two sentences."""
    content = messages[-1].get("content") if messages else ""
    said = content if isinstance(content, str) else " ".join(part.get("text", "") for part in content or ())
    return ["You said: ", f"{said} ", "I have ", "nothing to add."]


def tone(text: str, voice: str, rate: int = RATE) -> bytes:
    """What the voice plays where no script says otherwise: a tone as long as the text, higher for some voices."""
    hertz = TONE_HZ * (1 + len(voice) % 5 / 4)
    count = round(len(text) * CHARACTER_S * rate)
    return array("h", (round(LOUDNESS * math.sin(2 * math.pi * hertz * n / rate)) for n in range(count))).tobytes()


@dataclass(slots=True)
class Script:
    """What the services say. It may be changed while they run.

    Attributes:
        hears: what was said in a turn, by its WAV file or, for a session, its sound.
        thinks: what is answered to these messages, piece by piece.
        speaks: what is played for a text in a voice: PCM16, or a WAV file.
        hear_s, think_s, speak_s: how long it takes until the first result.
        streams_words: whether a transcript is streamed where that is asked for.
        chunk_bytes: how much sound is sent at once.
        headers: further ones of each answer.
    """

    hears: Callable[[bytes], str] = lambda _: "Hello there."
    thinks: Callable[[list[Mapping[str, Any]]], Iterable[str | Call]] = say_words
    speaks: Callable[[str, str], bytes] = tone
    hear_s: float = 0.0
    think_s: float = 0.0
    speak_s: float = 0.0
    streams_words: bool = True
    chunk_bytes: int = 9600
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceFault:
    """What goes wrong with one request.

    Attributes:
        status: it is answered with this status, and an error as OpenAI has them.
        retry_after: the header of that name.
        body: it is answered with these bytes, whatever was asked for.
        content_type: of them.
        hangs_after: after so many pieces of the answer nothing more comes; 0 for not even its head.
        cut_after: after so many pieces of the answer the connection is torn; 0 for before its head.
    """

    status: int = 200
    retry_after: str | None = None
    body: bytes | None = None
    content_type: str = "text/html; charset=utf-8"
    hangs_after: int | None = None
    cut_after: int | None = None
