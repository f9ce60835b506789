"""The mind of a session: what the engine asks of it, and what it gives back.

The engine keeps the protocol: items, turns, the order of events, and how each thing ends. What is heard, thought and
said is the mind's. It gives an answer as steps, which the engine asks for one by one and makes events of; it may put
pauses between them, and where it does not know how long one will be, `UNTIL_WOKEN`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from relay.engine.audio import AudioFormat
from relay.engine.events import Event
from relay.engine.items import Conversation, Item
from relay.engine.schedule import Pause, Script


@dataclass(frozen=True, slots=True)
class Ending:
    """How a response ended that did not complete.

    Attributes:
        status: of the response: `cancelled`, `incomplete` or `failed`.
        reason: as its details have it; None for a failure.
        error: what failed, as `type` and `code`; None where nothing did.
    """

    status: str
    reason: str | None = None
    error: Mapping[str, str] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The `status_details` of the response."""
        details = {"type": self.status, "reason": self.reason}
        return details if self.error is None else {**details, "error": dict(self.error)}


CLIENT_CANCELLED = Ending("cancelled", "client_cancelled")
TURN_DETECTED = Ending("cancelled", "turn_detected")
MAX_OUTPUT_TOKENS = Ending("incomplete", "max_output_tokens")
CONTENT_FILTER = Ending("incomplete", "content_filter")


@dataclass(frozen=True, slots=True)
class Request:
    """What a response is to be: the session's settings, overridden by those of `response.create`.

    Attributes:
        conversation: where its items go; None is out of band, and adds none.
        context: the items that it reads.
        instructions: what the model is told beside them.
        tools: what it may call.
        tool_choice: as in the session object.
        aloud: speech with a transcript; else text.
        audio_format: that of its speech.
        voice: as in the session object.
        speed: of the speech; 1 is the voice's own.
        max_output_tokens: a number, or "inf".
        metadata: returned as it came.
        params: all that `response.create` said, as it was checked.
    """

    conversation: Conversation | None
    context: Sequence[Item]
    instructions: str
    tools: Sequence[dict[str, Any]]
    tool_choice: str | dict[str, Any]
    aloud: bool
    audio_format: AudioFormat
    voice: Any
    speed: float
    max_output_tokens: int | str
    metadata: dict[str, str] | None
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MessageBegun:
    """A message follows: the item begins, and its one part.

    Attributes:
        in_silence: whether it is written though speech was asked for.
    """

    in_silence: bool = False


@dataclass(frozen=True, slots=True)
class Spoken:
    """A chunk of speech, with the words that are begun in it; words without sound are in the transcript alone."""

    words: Sequence[str]
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """More of a written message."""

    text: str


@dataclass(frozen=True, slots=True)
class CallBegun:
    """A function call follows: the item begins. Without an id the engine makes one."""

    name: str
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Arguments:
    """More of a call's arguments, which are JSON when they are complete."""

    piece: str


Step: TypeAlias = Pause | MessageBegun | Spoken | Written | CallBegun | Arguments | Ending
"""A piece of an answer. An `Ending` is the last; without one, an answer that has no more steps is complete."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a response has produced so far: characters of text and arguments, and milliseconds of speech."""

    written_chars: int = 0
    spoken_ms: int = 0

    def __add__(self, other: "Output") -> "Output":
        return Output(self.written_chars + other.written_chars, self.spoken_ms + other.spoken_ms)


class Answer(Protocol):
    """One answer of the mind."""

    def steps(self) -> Iterator[Step]:
        """The answer, piece by piece. It is asked for once, and may be left in the middle."""

    def stop(self) -> None:
        """Nothing more of it will be asked for: it is complete, or was cancelled."""

    def usage(self, output: Output) -> dict[str, Any]:
        """The `usage` of the response, of which so much was produced."""

    def unheard_s(self, spoken_ms: int) -> float:
        """Of so much speech, how much the peer has still to hear, since it comes ahead of its time."""

    def follow_up(self, response: Mapping[str, Any]) -> Script | None:
        """What the peer is told some time after the `response.done` with this response; None for nothing."""


@dataclass(frozen=True, slots=True)
class Transcribed:
    """All of what was said in a turn, and the `usage` of finding out."""

    transcript: str
    usage: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NotTranscribed:
    """A turn could not be written down."""

    code: str
    message: str


TranscriptStep: TypeAlias = Pause | str | Transcribed | NotTranscribed
"""A piece of a transcript; the last is `Transcribed` or `NotTranscribed`."""


class Mind(Protocol):
    """What is behind one session. It never waits."""

    def check(self, event: Event) -> Event:
        """A client's event whose shape is right, as it is to be taken.

        Raises:
            Refused: it wants what this mind cannot do.
        """

    def take_turn(self, item: Item) -> bool:
        """Hear a turn that was committed, and say whether it asks for an answer."""

    def transcribe(self, item: Item, settings: Mapping[str, Any]) -> Iterator[TranscriptStep]:
        """What was said in a turn that it has taken.

        Args:
            item: the turn, whose first part is audio.
            settings: `audio.input.transcription` of the session.
        """

    def respond(self, request: Request) -> Answer:
        """Begin to answer."""
