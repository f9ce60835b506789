"""Orders of the mind and their results: the contract between what decides and what waits.

The mind numbers its orders, each number once in a session. What it is answered bears the number of its order:

    Hear, HearMore   →  HeardDelta …               then Heard, or Failed
    Think            →  ThoughtDelta, CallDelta …  then Thought, or Failed
    Speak            →  SpokenChunk …              then Spoken, or Failed
    Judge            →  Judged
    Cancel           →  nothing

The last result of an order is its only `Heard`, `Thought`, `Spoken`, `Judged` or `Failed`. Nothing follows it, nor a
`Cancel`, and the connection of a cancelled order is closed, unless it is a transcription session's. Orders run side by
side: their results come as they will.

Sound is PCM16, little-endian, 24 kHz, mono, in whole samples, whatever a service takes or gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias


class Stage(Enum):
    """The three services behind a session. The values are metric labels, and the names of their settings."""

    HEAR = "hear"
    THINK = "think"
    SPEAK = "speak"

    @property
    def code(self) -> str:
        """What an answer that failed here says in `status_details`, and an `error` event as its code."""
        return _CODES[self]


_CODES: Mapping[Stage, str] = {
    Stage.HEAR: "transcription_failed",
    Stage.THINK: "model_failed",
    Stage.SPEAK: "speech_failed",
}


class Fault(Enum):
    """What went wrong with a service. The values are metric labels."""

    UNREACHABLE = "unreachable"
    """There is no connection: no such name, nobody listening, no TLS."""
    TIMEOUT = "timeout"
    """It took too long until its first result, or from one to the next."""
    REFUSED = "refused"
    """It answered with a status that says no: a wrong key, an unknown model, a wrong request."""
    BUSY = "busy"
    """It asked to be left alone for a while: 429, or 503."""
    BROKEN = "broken"
    """It answered with a status of its own failure."""
    UNREADABLE = "unreadable"
    """What it said is not what was asked for: HTML, garbage, sound that is none."""
    CUT_OFF = "cut_off"
    """Its answer broke off in the middle."""


@dataclass(frozen=True, slots=True)
class Hear:
    """Write down what was said in a turn.

    Attributes:
        pcm: the turn, or where `is_whole` is false its beginning, which may be empty.
        language: in ISO 639-1; None leaves it to the service.
        prompt: words and names that are likely to come up.
        is_whole: whether this is all of it. If not, `HearMore` follow while somebody speaks; a service that takes whole
            turns alone begins with the last of them.
    """

    number: int
    pcm: bytes
    language: str | None = None
    prompt: str | None = None
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class HearMore:
    """More of the turn of a `Hear` with this number that was not whole.

    Attributes:
        pcm: what came since; may be empty.
        is_last: whether the turn is over with it.
    """

    number: int
    pcm: bytes
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Think:
    """Answer a conversation.

    Attributes:
        messages: in the shape of Chat Completions: `role`, with `content` as text or as parts (`text`, `image_url`), an
            assistant's `tool_calls`, a tool's `tool_call_id`.
        tools: functions in the shape of the Realtime API: `type`, `name`, `description`, `parameters`.
        tool_choice: in the shape of the Realtime API: `auto`, `none`, `required`, `{"type": "function", "name": …}`;
            None where nobody has said any.
        most_tokens: how long the answer may be; None for as long as the model likes.
        temperature: None leaves it to the service.
    """

    number: int
    messages: tuple[Mapping[str, Any], ...]
    tools: tuple[Mapping[str, Any], ...] = ()
    tool_choice: str | Mapping[str, Any] | None = None
    most_tokens: int | None = None
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class Speak:
    """Say a piece of an answer.

    Attributes:
        text: what is to be heard, free of what cannot be spoken.
        voice: as the session has it; the settings may have another name for the service.
        speed: 1 is the voice's own.
    """

    number: int
    text: str
    voice: str
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Judge:
    """Judge by its sound whether a turn is over. No service does this, and it costs nothing but a little time.

    Attributes:
        pcm: the turn so far; of a long one the end is listened to.
    """

    number: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Cancel:
    """Have done with an order: its result is not wanted. One that is over already is no fault."""

    number: int


Order: TypeAlias = Hear | HearMore | Think | Speak | Judge | Cancel


@dataclass(frozen=True, slots=True)
class StageUsage:
    """What a service used for one order, as far as anybody can say.

    Attributes:
        model: what was asked, in the settings' words: a second address may have another one.
        seconds: of sound that was heard or made.
        characters: that were spoken.
        text_input: tokens as the service counted them, without those that it had cached; so are the others.
        is_counted: whether the service said any of its tokens.
    """

    model: str
    seconds: float = 0.0
    characters: int = 0
    text_input: int = 0
    text_cached: int = 0
    text_output: int = 0
    audio_input: int = 0
    audio_output: int = 0
    is_counted: bool = False


@dataclass(frozen=True, slots=True)
class HeardDelta:
    """More of what was said. Where a service corrects itself, they differ from `Heard.text`, and that one counts."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """All of what was said in a turn; empty where nothing was understood, or nothing was said."""

    number: int
    text: str
    usage: StageUsage


@dataclass(frozen=True, slots=True)
class ThoughtDelta:
    """More text of an answer."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class CallDelta:
    """More of a function call.

    Attributes:
        index: which call of the answer, from 0; a call begins with its first delta, and calls come one after another.
        call_id: the service's own, or made where it has none; the same in all deltas of a call.
        name: of the function; the same in all deltas of a call.
        arguments: what is new of its JSON; may be empty.
    """

    number: int
    index: int
    call_id: str
    name: str
    arguments: str


class Finish(Enum):
    """Why a model's answer is over."""

    STOP = "stop"
    LENGTH = "length"
    FILTERED = "content_filter"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How much more of a service may be used for now, as it says itself.

    Attributes:
        name: of what: `requests` or `tokens`.
        reset_s: until there is all of it again.
    """

    name: str
    limit: int
    remaining: int
    reset_s: float


@dataclass(frozen=True, slots=True)
class Thought:
    """An answer is complete; its text and calls are what the deltas had."""

    number: int
    finish: Finish
    usage: StageUsage
    limits: tuple[RateLimit, ...] = ()


@dataclass(frozen=True, slots=True)
class SpokenChunk:
    """More sound of a piece; never empty."""

    number: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Spoken:
    """All sound of a piece is there."""

    number: int
    usage: StageUsage


@dataclass(frozen=True, slots=True)
class Judged:
    """How likely a turn is over, from 0 to 1; None where nobody can judge, since there is no model for it."""

    number: int
    likelihood: float | None


@dataclass(frozen=True, slots=True)
class Failed:
    """An order could not be carried out, at no address of its service.

    Attributes:
        reason: a sentence without secrets and without what anybody said, for the log and for an operator.
        status: of the HTTP answer, where there was one.
        retry_after_s: how long the service wants to be left alone, where it said so.
        had_begun: whether results came before; then nothing was tried again.
    """

    number: int
    stage: Stage
    fault: Fault
    reason: str
    status: int | None = None
    retry_after_s: float | None = None
    had_begun: bool = False

    @property
    def code(self) -> str:
        """What the session's peer is told; it names the stage."""
        return self.stage.code


Result: TypeAlias = HeardDelta | Heard | ThoughtDelta | CallDelta | Thought | SpokenChunk | Spoken | Judged | Failed

LAST = (Heard, Thought, Spoken, Judged, Failed)
"""What ends an order."""
